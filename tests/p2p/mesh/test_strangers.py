"""What somebody says whose join has not come yet, or never comes."""

from collections import Counter

from p2p.mesh.group_messages import Told
from p2p.mesh.strangers import HELD_MAX, HELD_OF_ONE_MAX, HOLD_S, Strangers

A, B = b"a" * 16, b"b" * 16


def strangers() -> tuple[Strangers, Counter[str]]:
    counters: Counter[str] = Counter()
    return Strangers(counters), counters


def test_what_a_newcomer_says_waits_for_its_join_and_keeps_its_order() -> None:
    waiting, counters = strangers()
    for frm, message in ((A, b"1"), (B, b"2"), (A, b"3")):
        waiting.hold(Told(frm, message), 0.0)
    assert waiting.known(lambda _: False, 1.0) == []
    assert waiting.known(lambda one: one == A, 1.5) == [Told(A, b"1"), Told(A, b"3")]
    assert counters == {}


def test_who_has_no_join_after_two_seconds_has_said_nothing() -> None:
    waiting, counters = strangers()
    waiting.hold(Told(A, b"1"), 0.0)
    assert waiting.known(lambda _: False, HOLD_S) == []
    assert waiting.known(lambda _: True, HOLD_S) == []
    assert counters["stranger"] == 1


def test_one_stranger_takes_no_more_than_its_share_and_all_are_bounded() -> None:
    waiting, counters = strangers()
    for number in range(HELD_OF_ONE_MAX + 3):
        waiting.hold(Told(A, bytes((number,))), 0.0)
    assert counters["stranger"] == 3
    for number in range(HELD_MAX):
        waiting.hold(Told(number.to_bytes(16, "big"), b""), 0.0)
    assert len(waiting.known(lambda _: True, 0.0)) == HELD_MAX
    assert counters["stranger"] == 3 + HELD_OF_ONE_MAX
