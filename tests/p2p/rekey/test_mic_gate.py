"""A voice that is held back, and a person that wants to be heard all the same."""

import pytest

from p2p.rekey.events import VoiceFreed, VoiceHeld
from p2p.rekey.mic_gate import TOLD_S, MicGate

OLD, NEW, OUT = b"o" * 16, b"n" * 16, b"x" * 16


@pytest.fixture
def gate() -> MicGate:
    """Somebody was removed by the new epoch."""
    gate = MicGate()
    gate.exposure.observe({NEW: frozenset({OUT})}, frozenset({OUT}), [OLD])
    return gate


def test_it_is_closed_at_once_and_told_after_a_second(gate: MicGate) -> None:
    gate.observe([OLD], 10.0)
    assert (gate.why, gate.next_timer()) == ("removed", 10.0 + TOLD_S)
    assert gate.news(10.0 + TOLD_S - 0.01) is None
    assert gate.news(10.0 + TOLD_S) == VoiceHeld("removed")
    assert gate.news(20.0) is None
    assert gate.next_timer() == float("inf")
    gate.observe([NEW], 21.0)
    assert gate.why is None
    assert gate.news(21.0) == VoiceFreed(anyway=False)


def test_what_lasted_less_than_a_second_is_not_told(gate: MicGate) -> None:
    gate.observe([OLD], 0.0)
    gate.observe([OLD], 0.5)
    gate.observe([NEW], 0.9)
    assert gate.news(5.0) is None


def test_who_is_known_to_hear_weighs_more_than_who_may(gate: MicGate) -> None:
    gate.unchecked = True
    gate.observe([NEW], 0.0)
    assert gate.why == "unchecked"
    gate.observe([OLD], 1.0)
    assert gate.why == "removed"


def test_who_insists_is_heard_until_the_reason_has_gone(gate: MicGate) -> None:
    assert not gate.speak_anyway()
    gate.observe([OLD], 0.0)
    assert gate.speak_anyway()
    gate.observe([OLD], 1.0)
    assert gate.why is None
    assert gate.news(1.0) == VoiceFreed(anyway=True)
    gate.observe([NEW], 2.0)
    assert gate.news(2.0) == VoiceFreed(anyway=False)
    gate.observe([OLD], 3.0)
    assert gate.why == "removed"
