from p2p.relay import wraps
from p2p.relay.wraps import WrapShelf, wrap_tag

ONE, TWO = b"1" * 16, b"2" * 16
KEY = b"e" * 32


def wrap(member: bytes, fill: bytes = b"\0") -> bytes:
    return wrap_tag(KEY, member) + fill * 48


def test_a_wrap_is_found_by_its_member_and_the_first_one_counts() -> None:
    shelf = WrapShelf()
    assert shelf.put(b"epoch", [wrap(ONE), wrap(ONE, b"x")]) == (wrap(ONE),)
    assert shelf.put(b"epoch", [wrap(ONE), wrap(TWO)]) == (wrap(TWO),)
    assert shelf.find(b"epoch", KEY, ONE) == wrap(ONE)
    assert shelf.find(b"other", KEY, ONE) is None
    assert shelf.all(b"epoch") == [wrap(ONE), wrap(TWO)]
    assert shelf.epochs() == [b"epoch"]


def test_wraps_of_epochs_that_are_over_are_forgotten_and_all_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(wraps, "WRAPS_MAX", 1)
    shelf = WrapShelf()
    assert shelf.put(b"old", [wrap(ONE), wrap(TWO)]) == (wrap(ONE),)
    shelf.put(b"new", [wrap(ONE)])
    shelf.keep_only([b"new"])
    assert shelf.epochs() == [b"new"]
