"""With whom members compare what they hold, once one has given the other a key."""

from p2p.rekey.exchanged_keys import AGAIN_S, AT_ONCE, ExchangedKeys

ANN, BOB = bytes((1,)) * 16, bytes((2,)) * 16


def test_each_is_compared_with_once_and_at_once() -> None:
    exchanged = ExchangedKeys()
    assert exchanged.due(0.0) == []
    exchanged.note(ANN, 1.0)
    exchanged.note(BOB, 1.0)
    exchanged.note(ANN, 1.0)
    assert exchanged.due(1.0) == [ANN, BOB]
    assert exchanged.due(9.0) == []


def test_who_asks_time_and_again_is_compared_with_every_two_seconds() -> None:
    exchanged = ExchangedKeys()
    due_s = []
    for tenth in range(61):
        exchanged.note(ANN, tenth / 10)
        due_s += [tenth / 10] * len(exchanged.due(tenth / 10))
    assert due_s == [0.0, AGAIN_S, 2 * AGAIN_S, 3 * AGAIN_S]


def test_a_crowd_that_asks_is_not_told_what_we_hold_more_often_than_a_few_are() -> None:
    exchanged, told = ExchangedKeys(), []
    for tenth in range(100):
        for ghost in range(100):
            exchanged.note(ghost.to_bytes(16, "big"), tenth / 10)
        told += exchanged.due(tenth / 10)
    assert len(told) == AT_ONCE * 10 / AGAIN_S
    assert len(exchanged._due_s) <= 16


def test_nobody_is_remembered_who_may_be_compared_with_again() -> None:
    exchanged = ExchangedKeys()
    for number in range(1000):
        exchanged.note(number.to_bytes(16, "big"), float(number))
        exchanged.due(float(number))
    assert len(exchanged._compared_s) <= AGAIN_S + 1
