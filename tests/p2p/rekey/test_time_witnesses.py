"""What others say of the time, held against what our door said."""

from p2p.rekey.time_witnesses import FRESH_S, HEARD_MAX, OFF_STEPS_MAX, TimeWitnesses

A, B, C, D = (bytes((number,)) * 16 for number in range(1, 5))


def nobody(_member: bytes) -> bool:
    return False


def told(*said: tuple[bytes, int], at_s: float = 0.0) -> TimeWitnesses:
    times = TimeWitnesses()
    for member, ahead in said:
        times.tell(member, ahead, at_s)
    return times


def test_two_who_say_alike_are_believed_and_one_is_not() -> None:
    assert told((A, -6)).verdict(nobody, 1.0) is None
    assert told((A, -6), (A, -6)).verdict(nobody, 1.0) is None
    assert told((A, -6), (B, -6)).verdict(nobody, 1.0) == -6
    assert told((A, -6), (B, -5)).verdict(nobody, 1.0) == -6
    assert told((A, -6), (B, -4)).verdict(nobody, 1.0) is None


def test_one_moderator_is_enough() -> None:
    assert told((A, -6)).verdict(lambda one: one == A, 1.0) == -6
    assert told((A, -6)).verdict(lambda one: one == B, 1.0) is None


def test_not_against_as_many_who_say_that_we_are_right() -> None:
    split = told((A, -6), (B, -6), (C, 0), (D, 1))
    assert split.verdict(nobody, 1.0) is None
    assert told((A, -6), (C, 0)).verdict(lambda one: one == A, 1.0) is None


def test_what_is_ours_or_a_day_away_or_old_is_no_verdict() -> None:
    assert told((A, 0), (B, 1)).verdict(nobody, 1.0) is None
    far = OFF_STEPS_MAX + 1
    assert told((A, far), (B, far)).verdict(nobody, 1.0) is None
    assert told((A, -6), (B, -6)).verdict(nobody, FRESH_S + 0.1) is None


def test_what_is_remembered_is_bounded() -> None:
    times = told(*((number.to_bytes(16, "big"), 5) for number in range(HEARD_MAX * 2)))
    assert len(times._said) == HEARD_MAX
