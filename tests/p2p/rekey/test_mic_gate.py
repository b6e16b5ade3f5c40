"""A voice that is held back, and a person that wants to be heard all the same."""

from p2p.rekey.events import VoiceFreed, VoiceHeld
from p2p.rekey.mic_gate import TOLD_S, MicGate


def test_it_is_closed_at_once_and_told_after_a_second() -> None:
    gate = MicGate()
    gate.observe("removed", 10.0)
    assert (gate.why, gate.next_timer()) == ("removed", 10.0 + TOLD_S)
    assert gate.news(10.0 + TOLD_S - 0.01) is None
    assert gate.news(10.0 + TOLD_S) == VoiceHeld("removed")
    assert gate.news(20.0) is None
    assert gate.next_timer() == float("inf")
    gate.observe(None, 21.0)
    assert gate.why is None
    assert gate.news(21.0) == VoiceFreed(anyway=False)


def test_what_lasted_less_than_a_second_is_not_told() -> None:
    gate = MicGate()
    gate.observe("removed", 0.0)
    gate.observe("removed", 0.5)
    gate.observe(None, 0.9)
    assert gate.news(5.0) is None


def test_who_insists_is_heard_until_the_reason_has_gone() -> None:
    gate = MicGate()
    assert not gate.speak_anyway()
    gate.observe("removed", 0.0)
    assert gate.speak_anyway()
    gate.observe("removed", 1.0)
    assert gate.why is None
    assert gate.news(1.0) == VoiceFreed(anyway=True)
    gate.observe(None, 2.0)
    assert gate.news(2.0) == VoiceFreed(anyway=False)
    gate.observe("removed", 3.0)
    assert gate.why == "removed"
