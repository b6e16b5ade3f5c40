import numpy as np
import pytest

from audio.capture.echo import EchoMode, EchoSwitch
from tests.audio.voices import babble, blocks


def run(switch, coupling_db, seconds=10):
    far = babble(seconds)
    near = np.concatenate((np.zeros(2400), far.astype(float)))[: len(far)]
    near = near * 10 ** (coupling_db / 20)
    near = np.rint(near + np.random.default_rng(1).normal(size=len(far)) * 3).astype(np.int16)
    for one, other in zip(blocks(far), blocks(near), strict=True):
        switch.hear(one)
        switch.compare(other)


def test_headphones_turn_it_off_and_loudspeakers_on_again():
    switch = EchoSwitch()
    assert switch.wanted
    run(switch, -80)
    assert not switch.wanted
    assert not switch.far_is_heard
    run(switch, -15)
    assert switch.wanted


def test_loudspeakers_keep_it_on():
    switch = EchoSwitch()
    run(switch, -25)
    assert switch.wanted
    assert switch.coupling_db == pytest.approx(-25, abs=3)
    switch.hear(np.full(480, 5000, np.int16))
    assert switch.far_is_heard


@pytest.mark.parametrize("mode", [EchoMode.ON, EchoMode.OFF])
def test_a_choice_is_a_choice(mode):
    switch = EchoSwitch(mode)
    run(switch, -80 if mode is EchoMode.ON else -5, 5)
    assert switch.wanted is (mode is EchoMode.ON)
    assert switch.coupling_db is None


def test_a_loudspeaker_that_is_ahead_by_some_blocks_does_not_hide_the_echo():
    switch = EchoSwitch()
    for _ in range(8):
        switch.hear(np.zeros(480, np.int16))
    run(switch, -20)
    assert switch.coupling_db == pytest.approx(-20, abs=3)


def test_without_any_loudspeaker_nothing_changes():
    switch = EchoSwitch()
    for block in blocks(babble(5)):
        switch.compare(block)
    assert switch.wanted
    assert not switch.far_is_heard


def test_what_was_heard_before_the_microphone_opened_is_no_echo_of_what_is_heard_now():
    switch = EchoSwitch()
    for block in range(20):
        switch.hear(np.full(480, block, np.int16))
    switch.opened()
    compared = []
    switch._coupling.add = lambda far, near: compared.append((far[0], near[0]))
    switch.hear(np.full(480, 99, np.int16))
    switch.compare(np.full(480, 7, np.int16))
    assert compared == [(99, 0)]
