"""Epochs of ours: when they begin."""

import os
from collections import Counter

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.identity import Identity
from p2p.rekey.beginning import Beginning
from p2p.rekey.commit import first_epoch
from p2p.rekey.schedule import LOST_S, MERGE_JITTER_S, MERGE_TURN_S, NEVER, SCHEDULED_STEPS
from p2p.rekey.sharing import Sharing
from p2p.rekey.wrap_keys import RecvKeys
from p2p.room.ops.kinds import PARENTS_MAX
from tests.p2p.rekey.fakeroom import FakeRoom

SHARED = b"a" * 32
HOST, MODERATOR, LISTENER = 0, 2, 4


class Somebody:
    """A member of the room that number 0 has begun."""

    def __init__(self, rank: int, host: "Somebody | None" = None) -> None:
        identity = Identity.generate(os.urandom)
        recv = KeyPair.generate(os.urandom)
        self.room = FakeRoom(identity, host.room.state if host else None)
        self.room.join(identity, rank, recv.public)
        self.id = identity.member_id
        self.keyring: Keyring = host.keyring if host else first_epoch(self.room, os.urandom)
        self.recv = RecvKeys(self.id, self.room.write_recv, os.urandom, 0, SHARED, recv)
        self.sharing = Sharing(self.room, self.keyring, SHARED, Counter())
        self.beginning = Beginning(self.room, self.keyring, self.sharing, os.urandom)

    def begins(
        self, now: float, missing_since_s: float | None = None, spoilt: bool = False
    ) -> bool:
        return self.beginning.begin_if_due(missing_since_s, now, spoilt=spoilt)

    def why(self) -> str:
        return self.room.written[-1].why


def test_without_a_reason_nobody_begins() -> None:
    host = Somebody(HOST)
    assert not host.begins(1e6)
    assert host.beginning.next_timer(None) == NEVER
    assert len(host.room.written) == 1


def test_an_epoch_that_was_asked_for_begins_at_once_and_replaces_the_head() -> None:
    host = Somebody(HOST)
    (first,) = host.room.written
    host.beginning.ask("kick", 5.0)
    assert host.beginning.next_timer(None) == 5.0
    assert host.begins(5.0)
    assert (host.why(), host.room.written[-1].parents) == ("kick", (first.id,))
    assert host.keyring.knows(host.room.written[-1].id)
    assert not host.begins(6.0)


def test_the_members_open_what_the_host_wraps() -> None:
    host = Somebody(HOST)
    listener = Somebody(LISTENER, host)
    host.beginning.ask("asked", 0.0)
    assert host.begins(0.0)
    assert host.sharing.is_wrapping
    message = host.sharing.wraps(0.0)
    assert message is not None
    epoch = host.room.written[-1]
    assert message.epoch_id == epoch.id
    assert len(listener.recv.open(message.wraps, epoch)) == 32
    assert not host.sharing.is_wrapping
    assert host.sharing.wraps(0.0) is None


def test_a_listener_may_begin_none_nor_may_a_moderator_that_is_out() -> None:
    host = Somebody(HOST)
    moderator, listener = Somebody(MODERATOR, host), Somebody(LISTENER, host)
    assert host.beginning.is_allowed
    assert moderator.beginning.is_allowed
    assert not listener.beginning.is_allowed
    host.room.remove(moderator.id)
    assert not moderator.beginning.is_allowed
    for one in (moderator, listener):
        one.beginning.ask("asked", 0.0)
        assert not one.begins(0.0)
        assert one.beginning.next_timer(None) == NEVER


def test_whose_epochs_the_others_take_no_more_begins_none() -> None:
    host = Somebody(HOST)
    host.room.takes_epochs = False
    host.beginning.ask("asked", 0.0)
    assert not host.begins(0.0)
    assert host.beginning.next_timer(None) == NEVER


def test_a_junior_waits_for_the_seniors_that_are_present() -> None:
    host = Somebody(HOST)
    junior = Somebody(MODERATOR, host)
    assert not junior.begins(0.0, spoilt=True)
    assert not junior.begins(MERGE_TURN_S - 0.01, spoilt=True)
    assert junior.begins(MERGE_TURN_S + MERGE_JITTER_S, spoilt=True)
    assert junior.why() == "merge"
    alone = Somebody(MODERATOR, host)
    alone.beginning.observe_present([])
    assert not alone.begins(0.0, spoilt=True)
    assert alone.begins(MERGE_JITTER_S, spoilt=True)


def test_a_secret_that_nobody_has_is_replaced() -> None:
    host = Somebody(HOST)
    assert host.beginning.next_timer(10.0) == 10.0 + LOST_S
    assert not host.begins(10.0 + LOST_S - 0.1, missing_since_s=10.0)
    assert host.begins(10.0 + LOST_S, missing_since_s=10.0)
    assert host.why() == "merge"


def test_after_a_quarter_of_an_hour_an_epoch_begins_by_itself() -> None:
    host = Somebody(HOST)
    host.keyring.advance(SCHEDULED_STEPS * 10 - 1.0)
    assert not host.begins(0.0)
    host.keyring.advance(SCHEDULED_STEPS * 10 + 1.0)
    assert host.begins(0.0)
    assert host.why() == "timer"


def test_of_many_heads_as_many_are_replaced_as_a_record_can_name() -> None:
    host = Somebody(HOST)
    for _ in range(PARENTS_MAX):
        host.room.write_epoch([], 0, 0, *[bytes(32)] * 3, host.room.roster())
    heads = host.room.state.heads
    assert len(heads) == PARENTS_MAX + 1
    host.beginning.ask("asked", 0.0)
    assert host.begins(0.0)
    assert host.room.written[-1].parents == heads[:PARENTS_MAX]
