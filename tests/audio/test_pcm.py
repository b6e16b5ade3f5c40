import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio.pcm import SampleQueue, silence


def test_silence_is_zeros_that_may_be_written():
    block = silence()
    block[0] = 1
    assert len(block) == 480
    assert silence()[0] == 0


def test_a_queue_with_too_little_keeps_it():
    queue = SampleQueue(10)
    queue.push(np.array([1, 2], dtype=np.int16))
    assert queue.pop(4) is None
    assert queue.pop(2).tolist() == [1, 2]
    assert len(queue) == 0


def test_a_full_queue_cuts_off_what_does_not_fit():
    queue = SampleQueue(3)
    queue.push(np.arange(5, dtype=np.int16))
    assert queue.pop(3).tolist() == [0, 1, 2]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60))
def test_samples_leave_a_queue_in_the_order_in_which_they_came(steps):
    queue = SampleQueue(100)
    expected: list[int] = []
    next_sample = 1
    for is_push, count in steps:
        if is_push:
            fresh = list(range(next_sample, next_sample + count))
            next_sample += count
            queue.push(np.array(fresh, dtype=np.int16))
            expected = (expected + fresh)[:100]
        else:
            popped = queue.pop(count)
            assert (popped is None) == (count > len(expected))
            if popped is not None:
                head, expected = expected[:count], expected[count:]
                assert popped.tolist() == head
        assert len(queue) == len(expected)
