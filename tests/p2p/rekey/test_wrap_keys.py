"""Our own receive keys: published, replaced, erased."""

import os

import pytest

from crypto.dh import KeyPair
from crypto.wrap import commitment, wrap_all
from p2p.errors import RemoteError
from p2p.rekey.wrap_keys import OLD_KEPT_S, ROTATE_STEPS, SPREAD_S, RecvKeys
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


def test_it_stays_until_it_has_served_its_time() -> None:
    published = Published()
    published.recv.epoch_began(5 + ROTATE_STEPS - 1, 100.0)
    published.recv.on_timer(5 + ROTATE_STEPS - 1, 1000.0)
    assert published.recv.next_timer() is None
    assert len(published.keys) == 1


def test_then_a_new_one_is_published_and_the_old_one_opens_a_minute_longer() -> None:
    published, step = Published(), 5 + ROTATE_STEPS
    published.recv.epoch_began(step, 100.0)
    due_s = published.recv.next_timer()
    assert 100.0 <= due_s < 100.0 + SPREAD_S
    published.recv.epoch_began(step, 101.0)
    assert published.recv.next_timer() == due_s
    published.recv.on_timer(step, due_s)
    first, second = published.keys
    assert published.opens(first)
    assert published.opens(second)
    assert published.recv.next_timer() == due_s + OLD_KEPT_S
    published.recv.on_timer(step, due_s + OLD_KEPT_S)
    assert not published.opens(first)
    assert published.opens(second)
    assert published.recv.next_timer() is None
