"""What a link learns of where its peer is."""

from itertools import pairwise

from p2p.link.hints import MOVED_CHECK_EVERY_S, Hints


def test_sound_from_elsewhere_is_followed_once_a_second_however_much_comes() -> None:
    hints = Hints()
    followed = [at_ms for at_ms in range(5_000, 10_000, 20) if hints.follows(at_ms / 1000.0)]
    waits_ms = {after - before for before, after in pairwise(followed)}
    assert followed[0] == 5_000
    assert len(followed) == 5
    assert min(waits_ms) > 1000.0 * MOVED_CHECK_EVERY_S - 20
    assert max(waits_ms) <= 1000.0 * MOVED_CHECK_EVERY_S + 20
