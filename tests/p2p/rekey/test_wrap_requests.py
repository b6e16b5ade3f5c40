"""When to ask for a wrap that is late, and whom we owe one that we do not hold yet."""

from p2p.rekey.wrap_requests import ASK_AFTER_S, ASKS, EARLY_MAX, EARLY_S, WrapRequests

A, B = b"a" * 16, b"b" * 16
NEVER = float("inf")


def test_a_wrap_that_is_late_is_asked_for_again_and_again_but_not_for_ever() -> None:
    requests = WrapRequests()
    assert requests.next_timer == NEVER
    requests.observe([A], 10.0)
    assert requests.next_timer == 10.0 + ASK_AFTER_S
    assert requests.due(10.0 + ASK_AFTER_S - 0.01) == []
    asked = []
    now = 10.0
    for _ in range(ASKS + 3):
        now += ASK_AFTER_S
        requests.observe([A], now)
        asked += requests.due(now)
    assert asked == [(A, tries) for tries in range(ASKS)]
    assert requests.next_timer == NEVER


def test_what_has_come_is_not_asked_for_and_each_epoch_has_its_own_time() -> None:
    requests = WrapRequests()
    requests.observe([A], 0.0)
    requests.observe([A, B], 0.2)
    assert requests.due(ASK_AFTER_S) == [(A, 0)]
    requests.observe([B], 0.4)
    assert requests.due(0.2 + ASK_AFTER_S) == [(B, 0)]


def test_who_asks_too_early_is_kept_for_a_while_and_told_once() -> None:
    requests = WrapRequests()
    requests.keep(A, b"e" * 16, 0.0)
    requests.keep(B, b"e" * 16, 2.0)
    requests.keep(B, b"f" * 16, 2.0)
    assert requests.kept(b"e" * 16, EARLY_S) == [B]
    assert requests.kept(b"e" * 16, EARLY_S) == []
    assert requests.kept(b"f" * 16, EARLY_S) == [B]


def test_those_are_bounded() -> None:
    requests = WrapRequests()
    for number in range(EARLY_MAX + 9):
        requests.keep(number.to_bytes(16, "big"), A, 0.0)
    assert len(requests.kept(A, 0.1)) == EARLY_MAX
