import os

from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from p2p.mesh.relay_quality import WINDOW_S, Quality
from p2p.wire.hop import for_tree

SEALERS = {
    s: FrameSealer(Keyring.create(os.urandom), s, bytes(16), os.urandom) for s in range(2, 63)
}


def frames(count: int, slot: int = 2) -> list[bytes]:
    return [for_tree(b"\0" + SEALERS[slot].seal(b"p" * 30, 0.0)) for _ in range(count)]


def test_what_is_missing_is_counted_over_the_last_seconds() -> None:
    quality = Quality()
    assert quality.fault(0.0) is None
    for number, frame in enumerate(frames(101)):
        if number % 4 != 3:
            quality.heard(frame, number * 0.02)
    assert quality.fault(2.0) == "loss"
    assert quality.fault(2.0 + 2 * WINDOW_S) is None
    assert quality._slots == {}


def test_a_pause_is_no_loss() -> None:
    quality = Quality()
    for frame in frames(50):
        quality.heard(frame, 1.0)
    frames(5000)
    for frame in frames(50):
        quality.heard(frame, 1.1)
    assert quality.fault(1.2) is None


def test_what_is_kept_is_bounded_whatever_comes() -> None:
    quality = Quality()
    for slot in SEALERS:
        quality.heard(frames(1, slot)[0], 0.0)
    quality.heard(b"rubbish", 0.0)
    assert len(quality._slots) == 16


def brought(order: list[bytes], every_s: float = 0.02, begin_s: float = 0.0) -> Quality:
    quality = Quality()
    for number, frame in enumerate(order):
        quality.heard(frame, begin_s + number * every_s)
    return quality


def test_doubles_disorder_and_loss_are_faults_each_by_its_name() -> None:
    good = frames(100)
    assert brought(good).fault(2.0) is None
    assert brought(good[:20]).fault(0.4) is None
    assert brought([f for n, f in enumerate(good) if n % 3]).fault(2.0) == "loss"
    twice = [frame for frame in good for _ in range(2)]
    assert brought(twice, 0.01).fault(2.0) == "doubles"
    swapped = [good[n ^ 1] for n in range(100)]
    assert brought(swapped).fault(2.0) == "disorder"
    some = [good[n ^ 1] if n % 10 > 7 else good[n] for n in range(100)]
    assert brought([*some, *some[:10]]).fault(2.0) is None


def test_frames_that_are_not_what_was_sealed_are_a_fault() -> None:
    quality = Quality()
    for number, frame in enumerate(frames(100)):
        quality.heard(frame, number * 0.02)
        if number % 4 == 0:
            quality.unopened(number * 0.02)
    assert quality.fault(2.0) == "unopened"
    for number, frame in enumerate(frames(100)):
        quality.heard(frame, 5.0 + number * 0.02)
    assert quality.fault(7.0) is None


def test_beside_another_relay_delay_and_loss_show() -> None:
    good = frames(50)
    other = brought(good)
    assert brought(good, begin_s=0.1).beside(other, 0.0, 1.0) == "good"
    assert brought(good, begin_s=0.2).beside(other, 0.0, 1.0) == "late"
    assert brought(good[::2], 0.04).beside(other, 0.0, 1.0) == "loss"
    assert Quality().beside(other, 0.0, 1.0) == "loss"
    assert Quality().beside(other, 0.0, 0.2) is None  # too few to tell


def test_beside_another_relay_a_slot_can_be_left_out_or_looked_at_alone() -> None:
    own, theirs = frames(50, 4), frames(50, 5)
    both = brought([frame for pair in zip(own, theirs, strict=True) for frame in pair], 0.01)
    only_theirs = brought(theirs)
    assert only_theirs.beside(both, 0.0, 1.0) == "loss"
    assert only_theirs.beside(both, 0.0, 1.0, but=4) == "good"
    assert only_theirs.beside(both, 0.0, 1.0, only=4) == "loss"
    assert only_theirs.beside(both, 0.0, 1.0, only=5) == "good"
