import numpy as np
import pytest

from audio.capture.mask_gate import MaskGate

BLOCK = np.ones(480, np.float32)


class Mask:
    delay_blocks = 3

    def __init__(self, *answers):
        self.answers = list(answers)

    def process(self, samples):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_the_mask_gives_is_what_leaves():
    gate = MaskGate(Mask(-BLOCK, 2 * BLOCK), [].append)
    assert np.array_equal(gate.change(BLOCK), -BLOCK)
    assert np.array_equal(gate.change(BLOCK), 2 * BLOCK)
    assert gate.delay_blocks == 3


@pytest.mark.parametrize("broken", [ZeroDivisionError(), np.ones(479, np.float32)])
def test_after_one_failure_nothing_leaves_ever_again_and_it_is_told_once(broken):
    problems = []
    gate = MaskGate(Mask(-BLOCK, broken, -BLOCK), problems.append)
    assert gate.change(BLOCK) is not None
    assert [gate.change(BLOCK) for _ in range(3)] == [None] * 3
    assert [problem.code for problem in problems] == ["mask_failed"]
