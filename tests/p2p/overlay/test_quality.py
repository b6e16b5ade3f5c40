import os

from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from p2p.overlay.hop import for_tree
from p2p.overlay.quality import WINDOW_S, Quality

SEALERS = {
    s: FrameSealer(Keyring.create(os.urandom), s, bytes(16), os.urandom) for s in range(2, 63)
}


def frames(count: int, slot: int = 2) -> list[bytes]:
    return [for_tree(b"\0" + SEALERS[slot].seal(b"p" * 30, 0.0)) for _ in range(count)]


def test_what_is_missing_is_counted_over_the_last_seconds() -> None:
    quality = Quality()
    assert quality.loss_pct(0.0) is None
    for number, frame in enumerate(frames(101)):
        if number % 4 != 3:
            quality.heard(frame, number * 0.02)
    assert 23.0 < (quality.loss_pct(2.0) or 0.0) < 27.0
    assert quality.loss_pct(2.0 + 2 * WINDOW_S) is None
    assert quality._slots == {}


def test_order_and_doubles_are_no_loss_and_a_pause_is_none_either() -> None:
    quality = Quality()
    many = frames(50)
    for frame in [*reversed(many), *many]:
        quality.heard(frame, 1.0)
    frames(5000)
    for frame in frames(50):
        quality.heard(frame, 1.1)
    assert quality.loss_pct(1.2) == 0.0


def test_what_is_kept_is_bounded_whatever_comes() -> None:
    quality = Quality()
    for slot in SEALERS:
        quality.heard(frames(1, slot)[0], 0.0)
    quality.heard(b"rubbish", 0.0)
    assert len(quality._slots) == 16
