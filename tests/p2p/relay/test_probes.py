from p2p.relay import probes
from p2p.relay.probes import AGAIN_AFTER_S, CALLS, Probes


def address(n: int) -> tuple[str, int]:
    return f"198.51.100.{n}", 4433


def test_an_address_that_never_answered_is_called_once_in_ten_minutes() -> None:
    known = Probes(0.0)
    assert known.may_call(address(1), 0.0)
    assert not known.may_call(address(1), AGAIN_AFTER_S - 1)
    assert known.may_call(address(1), AGAIN_AFTER_S)


def test_one_that_answered_may_be_called_whenever_it_is_needed() -> None:
    known = Probes(0.0)
    assert known.may_call(address(1), 0.0)
    known.answered(address(1))
    assert all(known.may_call(address(1), 1.0) for _ in range(100))


def test_of_all_strangers_only_a_few_a_second_are_called() -> None:
    known = Probes(0.0)
    assert sum(known.may_call(address(n), 0.0) for n in range(100)) == CALLS.burst
    assert known.may_call(address(200), 2.0)


def test_what_is_remembered_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(probes, "REMEMBERED_MAX", 2)
    known = Probes(0.0)
    for n in (1, 2, 3):
        assert known.may_call(address(n), 0.0)
    assert known.may_call(address(1), 0.0)
    for n in (1, 2, 3):
        known.answered(address(n))
    assert not known._called
    assert list(known._proven) == [address(2), address(3)]
