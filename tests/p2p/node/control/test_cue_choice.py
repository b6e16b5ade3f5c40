import pytest

from p2p.api import events
from p2p.node.control.cue_choice import FEW, SETTLED_S, CueChoice
from p2p.node.member_numbers import ME

LATER_S = SETTLED_S + 1.0


def joined(role: str = "host") -> CueChoice:
    choice = CueChoice()
    assert choice.of(events.Joined(ME, role, 1, "self", 1), 0.0) is None  # type: ignore[arg-type]
    return choice


def member(n: int, role: str = "listener", state: str = "here") -> events.MemberChanged:
    return events.MemberChanged(n, "00", f"m{n}", role, state)  # type: ignore[arg-type]


def test_who_comes_in_is_heard_once_and_not_who_was_there_before_us():
    choice = joined()
    assert choice.of(member(2), 1.0) is None
    assert choice.of(member(3), LATER_S) == "join"
    assert choice.of(member(3), LATER_S) is None
    assert choice.of(member(3, state="gone"), LATER_S) is None
    assert choice.of(member(3), LATER_S) is None  # back, not new


def test_in_a_large_room_nobody_is_heard_coming_in_until_it_is_small_again():
    choice = joined()
    for n in range(2, FEW + 1):
        assert choice.of(member(n), LATER_S) == "join"
    assert choice.of(member(100), LATER_S) is None
    for n in range(2, 12):
        choice.of(member(n, state="left"), LATER_S)
    assert choice.of(member(101), LATER_S) == "join"


@pytest.mark.parametrize(
    ("role", "cue"), [("host", "hand"), ("moderator", "hand"), ("speaker", None)]
)
def test_a_hand_is_heard_by_those_who_may_accept_it(role, cue):
    choice = joined(role)
    assert choice.of(events.HandChanged(2, 2), LATER_S) == cue
    assert choice.of(events.HandChanged(2, 1), LATER_S) is None  # another place, the same hand
    assert choice.of(events.HandChanged(2, None), LATER_S) is None
    assert choice.of(events.HandChanged(2, 1), LATER_S) == cue
    assert choice.of(events.HandChanged(ME, 2), LATER_S) is None


@pytest.mark.parametrize(("role", "cue"), [("host", "knock"), ("listener", None)])
def test_who_waits_outside_is_heard_by_those_who_may_let_in(role, cue):
    choice = joined(role)
    assert choice.of(events.Waiting(2, "00", "lau", True), LATER_S) == cue
    assert choice.of(events.Waiting(2, "00", "lau", False), LATER_S) is None


def test_who_is_made_a_moderator_hears_hands_from_then_on():
    choice = joined("listener")
    assert choice.of(events.HandChanged(2, 1), LATER_S) is None
    choice.of(member(ME, "moderator"), LATER_S)
    assert choice.of(events.HandChanged(3, 2), LATER_S) == "hand"


def test_someone_who_comes_on_stage_is_heard():
    choice = joined()
    choice.of(member(2), 0.0)
    assert choice.of(member(2, "speaker"), LATER_S) == "stage"
    assert choice.of(member(2, "moderator"), LATER_S) is None


def test_most_events_are_silent():
    assert joined().of(events.LockChanged(True), LATER_S) is None
