from p2p.mesh import seen as seen_module
from p2p.mesh.seen import Seen


def test_what_is_seen_again_is_not_new_until_it_is_long_past(monkeypatch) -> None:
    monkeypatch.setattr(seen_module, "SEEN_MAX", 2)
    seen = Seen()
    assert [seen.is_new(b"a"), seen.is_new(b"a"), seen.is_new(b"a", b"b")] == [True, False, True]
    assert seen.is_new(b"c")
    assert seen.is_new(b"a")
