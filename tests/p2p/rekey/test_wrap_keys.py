"""Our own receive keys: published, replaced, erased."""

import os

import pytest

from crypto.dh import KeyPair
from crypto.wrap import commitment, wrap_all
from p2p.errors import RemoteError
from p2p.rekey.wrap_keys import OLD_KEPT_S, SPREAD_MAX_S, RecvKeys
from tests.p2p.rekey.fakeroom import FakeEpoch

ME = b"m" * 16
SECRET = b"s" * 32
SHARED = b"a" * 32
EPHEMERAL = KeyPair(b"e" * 32)
EPOCH = FakeEpoch(b"", b"", (), 0, "", EPHEMERAL.public, commitment(SECRET), b"", ())


class Published:
    def __init__(self, first: KeyPair | None = None) -> None:
        self.keys: list[bytes] = []
        self.recv = RecvKeys(ME, self.keys.append, os.urandom, 5, SHARED, first)

    def opens(self, public: bytes) -> bool:
        try:
            return (
                self.recv.open(wrap_all(SECRET, [(ME, public)], EPHEMERAL, SHARED), EPOCH) == SECRET
            )
        except RemoteError:
            return False


def test_the_first_key_is_published_unless_the_join_named_it() -> None:
    published = Published()
    assert len(published.keys) == 1
    assert published.opens(published.keys[0])
    pair = KeyPair.generate(os.urandom)
    named = Published(pair)
    assert named.keys == []
    assert named.opens(pair.public)
    with pytest.raises(RemoteError):
        named.recv.open([], EPOCH)


def rotate(published: Published, step: int, now: float, members: int = 10) -> float:
    """An epoch begins; gives when the new key was published."""
    published.recv.epoch_began(step, members, now)
    due_s = published.recv.next_timer()
    published.recv.on_timer(step + int(due_s - now) // 10, due_s)
    return due_s


def test_it_stays_until_an_epoch_begins() -> None:
    published = Published()
    assert published.recv.next_timer() is None
    published.recv.on_timer(500, 5000.0)
    assert len(published.keys) == 1


@pytest.mark.parametrize(("members", "gap_s"), [(5, 30), (100, 100), (5000, 800)])
def test_all_members_together_publish_no_more_than_one_a_second(members: int, gap_s: int) -> None:
    """Though an epoch begins every second."""
    published = Published()
    for now in range(3600):
        published.recv.epoch_began(5 + now // 10, members, now)
        published.recv.on_timer(5 + now // 10, now)
    assert 0.8 * 3600 / gap_s < len(published.keys) <= 1 + 3600 / gap_s


def test_who_has_not_published_lately_does_so_within_a_moment() -> None:
    assert 100.0 <= rotate(Published(), 5 + 80, 100.0, 5000) < 100.0 + SPREAD_MAX_S
    assert 100.0 <= rotate(Published(), 5 + 3, 100.0, 10) < 100.5


def test_a_new_one_is_published_after_an_epoch_and_the_old_one_opens_a_minute_longer() -> None:
    published, step = Published(), 5 + 80
    due_s = rotate(published, step, 100.0)
    first, second = published.keys
    assert published.opens(first)
    assert published.opens(second)
    assert published.recv.next_timer() == due_s + OLD_KEPT_S
    published.recv.on_timer(step, due_s + OLD_KEPT_S)
    assert not published.opens(first)
    assert published.opens(second)
    assert published.recv.next_timer() is None


def test_keys_that_follow_each_other_soon_open_each_for_its_own_minute() -> None:
    published = Published()
    first_s = rotate(published, 85, 100.0)
    second_s = rotate(published, 88, first_s + 30.0)
    assert second_s < first_s + OLD_KEPT_S
    assert all(published.opens(key) for key in published.keys)
    published.recv.on_timer(92, first_s + OLD_KEPT_S)
    assert [published.opens(key) for key in published.keys] == [False, True, True]
