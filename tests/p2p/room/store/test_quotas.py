"""Room for everybody's operations: who floods uses up its own."""

import contextlib
from collections.abc import Callable

import pytest

from lab.room_people import People, genesis_of, identity
from p2p.errors import RemoteError
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Pen
from p2p.room.store import quotas
from p2p.room.store.opset import OpSet


def put(ops: OpSet, data: bytes) -> None:
    op = ops.read(data)
    assert ops.check(op)
    ops.insert(op)


class Court:
    """Host 0, co-host 1, moderators 2 and 3 by it, helper 4 of 2; 5 to 9 are listeners."""

    def __init__(self) -> None:
        self.people = People(9)
        self.people.promote(0, 1, 1)
        self.people.promote(1, 2, 2)
        self.people.promote(1, 3, 2)
        self.people.promote(2, 4, 3)
        self.auths = [self.people.auth(n) for n in range(10)]
        self.ops = OpSet(self.people.genesis)
        for op in self.people.ops:
            put(self.ops, op.data)
        self._hand = 0

    def write(self, by: int, kind: type[kinds.Body], *fields: object) -> None:
        op = self.people.write(by, kind, *fields, auth=self.auths[by])
        put(self.ops, op.data)

    def give(self, by: int, to: int, rank: int) -> None:
        key = self.people.keys[to]
        op = self.people.write(
            by, kinds.Rank, key.member_id, rank, key.sign_key, key.dh, (), NONE, (),
            auth=self.auths[by],
        )  # fmt: skip
        put(self.ops, op.data)
        self.auths[to] = op.id

    def order(self, by: int) -> None:
        """Name a hand of somebody that nobody knows, always another."""
        self._hand += 1
        hand = HandRef(self._hand.to_bytes(16, "big"), 1)
        self.write(by, kinds.Order, 0, (hand,))

    def flood(self, *by: int, orders: int = 5000) -> int:
        """Write until nothing is taken any more."""
        taken = 0
        for _ in range(orders):
            for number in by:
                try:
                    self.order(number)
                except RemoteError:
                    continue
                taken += 1
        return taken

    def remove(self, by: int, member: bytes = b"x" * 16) -> None:
        self.write(by, kinds.Remove, member, NONE, NONE)

    def epoch(self, by: int) -> None:
        key = bytes(32)
        self.write(by, kinds.Epoch, (), 0, 3, key, key, key, 0, key, ())

    def mute(self, by: int, epoch: bytes = NONE) -> None:
        self.write(by, kinds.Mute, epoch, self.people.ids[9], NONE, True)


def exhaust(act: Callable[[int], None], by: int) -> None:
    for _ in range(40):
        with contextlib.suppress(RemoteError):
            act(by)
    with pytest.raises(RemoteError, match="full"):
        act(by)


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> Court:
    """With limits of a hundredth."""
    for name, value in (
        ("OWN_MAX", 160), ("PEOPLE_MAX", 160), ("LASTING_MAX", 40), ("RESERVE", 10),
        ("ACCOUNT_MAX", 20), ("HELPERS_MAX", 10), ("FLOOR_PER_EPOCH_MAX", 20), ("FLOOR_MAX", 80),
    ):  # fmt: skip
        monkeypatch.setattr(quotas, name, value)
    return Court()


def test_a_moderator_and_its_ghost_freeze_nobody_by_4096_orders() -> None:
    court = Court()
    court.flood(2, 4, orders=2100)
    court.order(3)
    court.write(3, kinds.Lock, True)
    court.epoch(3)
    court.remove(3)
    with pytest.raises(RemoteError, match="full"):
        court.order(2)


def test_helpers_however_many_leave_their_moderator_room(court: Court) -> None:
    court.give(2, 5, 3)
    court.give(2, 6, 3)
    assert court.flood(4, 5, 6, orders=30) == quotas.HELPERS_MAX
    court.write(2, kinds.Lock, True)
    court.epoch(2)
    court.remove(2, court.people.ids[4])


def test_a_rank_that_goes_from_hand_to_hand_brings_no_new_room(court: Court) -> None:
    taken = 1  # 2 has made 4 its helper
    for holder, following in ((2, 5), (5, 6), (6, 7), (7, 8)):
        taken += court.flood(holder, orders=5)
        if holder != 7:
            court.give(holder, following, 2)
            taken += 1
    assert taken == quotas.ACCOUNT_MAX
    with pytest.raises(RemoteError, match="full"):
        court.give(7, 8, 2)
    court.order(3)


def test_moderators_together_leave_a_reserve_for_removals_and_new_keys(court: Court) -> None:
    court.give(1, 5, 2)
    court.flood(2, 3, orders=30)
    with pytest.raises(RemoteError, match="full"):
        court.order(5)
    for _ in range(2):
        court.remove(5)
        court.epoch(5)
    with pytest.raises(RemoteError, match="full"):
        court.give(5, 6, 3)


def test_and_when_that_is_used_up_co_hosts_and_the_host_have_theirs(court: Court) -> None:
    court.give(1, 5, 2)
    for by in (2, 3, 5):
        exhaust(court.order, by)
        exhaust(court.remove, by)
    with pytest.raises(RemoteError, match="full"):
        court.epoch(5)
    exhaust(court.order, 1)
    exhaust(court.remove, 1)
    court.write(0, kinds.Lock, True)
    for _ in range(8):
        court.remove(0)
        court.epoch(0)


def test_on_the_floor_nobody_uses_up_the_room_of_others(court: Court) -> None:
    for by in (4, 2, 3):
        exhaust(court.mute, by)
    for _ in range(quotas.FLOOR_PER_EPOCH_MAX):
        court.mute(0)
    with pytest.raises(RemoteError, match="full"):
        court.mute(1)


def test_on_the_floor_of_all_epochs_together_there_is_an_end_too(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "FLOOR_MAX", 5)
    for _ in range(5):
        court.mute(2)
    for by in (2, 3):
        with pytest.raises(RemoteError, match="full"):
            court.mute(by)
    for _ in range(5):
        court.mute(1)
    with pytest.raises(RemoteError, match="full"):
        court.mute(1)
    court.mute(0)


def test_what_ghosts_say_of_themselves_stops_no_moderator(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops, people = court.ops, court.people
    for number in range(20, 40):
        key = identity(number)
        pen = Pen(key, genesis_of(identity(0)).room_id)
        join = pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "ghost")
        try:
            put(ops, people.admit(join, by=6).data)
            for _ in range(20):
                put(ops, pen.write(kinds.Invite, bytes(32), 0, 0).data)
        except RemoteError:
            break
    with pytest.raises(RemoteError, match="full"):
        put(ops, people.write(6, kinds.Invite, bytes(32), 0, 0).data)
    put(ops, people.raise_hand(6).data)  # who is in, and its hand, is counted apart
    monkeypatch.setattr(quotas, "PEOPLE_MAX", 3)
    with pytest.raises(RemoteError, match="full"):
        put(ops, people.raise_hand(6).data)
    put(ops, people.raise_hand(0).data)
    court.remove(3)
    court.epoch(3)
    court.mute(3)


def test_what_is_no_longer_held_is_not_counted(court: Court) -> None:
    hands = [HandRef(court.people.ids[6], seq) for seq in range(1, 100)]
    for hand in hands:
        court.write(2, kinds.Order, 0, (hand,)) if hand.seq < 10 else None
    put(court.ops, court.people.write(6, kinds.Leave).data)
    court.ops.settle()
    assert court.flood(2, orders=30) == quotas.ACCOUNT_MAX - 1
