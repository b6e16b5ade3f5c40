"""Operations that are taken in one by one mean the same as the whole set worked out anew."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.room_people import People, identity
from p2p.errors import RemoteError
from p2p.room.evaluation import Evaluation
from p2p.room.ops import kinds, registers
from p2p.room.ops.ids import NONE
from p2p.room.ops.newcomer import admitted_by
from p2p.room.ops.op import Op, Pen
from p2p.room.state.evaluate import Findings, state_of
from p2p.room.state.invites import CONTEXT
from p2p.room.store import pruning
from p2p.room.store.opset import OpSet
from tests.p2p.room.worlds import Anew, differences

HOST, MODERATOR, FIRST = 0, 1, 5


class Evening:
    """A room of five, to which more come and go, and what they sign."""

    def __init__(self, seed: int, length: int) -> None:
        self.dice = random.Random(seed)
        self.people = people = People(FIRST - 1)
        people.promote(HOST, MODERATOR, 2)
        people.epoch(HOST)
        self.joins: dict[int, Op] = {}
        self.invites = [people.write(number, kinds.Invite, identity(90).sign_key, uses, 0)
                        for number, uses in ((2, 0), (3, 1))]  # fmt: skip
        self.before = list(people.ops)
        steps = [*[self.come] * 3, *[self.come_again] * 4, *[self.wish] * 3, self.twice, self.recv,
                 self.leave, self.ask, self.strange, self.invite, self.call_up, self.move_down,
                 self.order, self.epoch, self.topic, self.rarely]  # fmt: skip
        for _ in range(length):
            self.dice.choice(steps)()
        self.then = people.ops[len(self.before) :]

    def anybody(self) -> int:
        return self.dice.randrange(len(self.people.ids))

    def come(self) -> None:
        people, number = self.people, len(self.people.ids)
        key = identity(number)
        people.keys.append(key)
        people.ids.append(key.member_id)
        people.pens.append(Pen(key, people.room_id))
        invite, proof = NONE, b""
        if self.dice.random() < 0.3:
            invite = self.dice.choice(self.invites).id
            proof = identity(90).sign(CONTEXT, people.room_id + key.member_id)
        door, name = self.dice.randrange(number), f"member {number % 3}"
        fields = (key.sign_key, key.dh, bytes(32), name, invite, proof)
        people.join(number, *fields, by=door)
        self.joins[number] = admitted_by(people.ops[-1])

    def come_again(self) -> None:
        if self.joins:
            number = self.dice.choice(list(self.joins))
            for _ in range(self.dice.randrange(1, 4)):
                if (door := self.anybody()) != number:
                    self.people.admit(self.joins[number], by=door)

    def wish(self) -> None:
        kind, *fields = self.dice.choice(
            [(kinds.Hand, True), (kinds.Hand, True), (kinds.Hand, False), (kinds.Audience,)]
        )
        self.people.write(self.anybody(), kind, *fields)

    def twice(self) -> None:
        self.people.fork(self.anybody(), kinds.Hand, self.dice.random() < 0.5)

    def recv(self) -> None:
        self.people.write(self.anybody(), kinds.Recv, self.dice.randbytes(32))

    def leave(self) -> None:
        self.people.write(self.dice.randrange(2, len(self.people.ids)), kinds.Leave)

    def ask(self) -> None:
        key, number = identity(60 + self.dice.randrange(12)), self.anybody()
        join = Pen(key, self.people.room_id).write(
            kinds.Join, key.sign_key, key.dh, bytes(32), "outside"
        )
        self.people.write(number, kinds.Ask, join.data)

    def strange(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(kinds.NUMBERS, kinds.Body, 77)
            self.people.write(self.anybody(), kinds.Body)

    def invite(self) -> None:
        self.people.write(self.anybody(), kinds.Invite, identity(90).sign_key, 0, 0)

    def call_up(self) -> None:
        number = self.anybody()
        if self.people.ids[number] in self.people.state().members:
            self.people.accept(number, self.dice.randrange(2, 6), by=MODERATOR)
            if self.dice.random() < 0.7:
                self.people.write(number, kinds.Take, self.people.ops[-1].id)

    def move_down(self) -> None:
        live = list(self.people.state().live)
        if live:
            self.people.down(self.people.ids.index(self.dice.choice(live)), by=HOST)

    def order(self) -> None:
        state = self.people.state()
        if state.unnamed:
            self.people.act(MODERATOR, kinds.Order, state.named, state.unnamed[:2])

    def epoch(self) -> None:
        self.people.epoch(MODERATOR)

    def topic(self) -> None:
        self.people.act(HOST, kinds.Topic, str(self.dice.random()))

    def rarely(self) -> None:
        """What decides who is in."""
        number = self.dice.randrange(2, len(self.people.ids))
        if self.people.ids[number] not in self.people.state().members:
            return
        match self.dice.randrange(5):
            case 0:
                self.people.remove(number, branch=self.dice.random() < 0.5)
            case 1:
                self.people.promote(HOST, number, 3)
            case 2:
                self.people.act(HOST, kinds.Entry, self.dice.choice(["open", "ask", "invited"]))
            case 3:
                self.people.vouch(number)
            case 4:
                self.people.write(2, kinds.Uninvite, self.invites[0].id)


def give(ops: OpSet, data: bytes) -> None:
    """As a room takes in what comes."""
    op = ops.read(data)
    try:
        if not ops.knows(op):
            ops.insert(op) if ops.check(op) else ops.hold(op)
    except RemoteError:
        return


def agree(people: People, before: list[Op], coming: list[Op], batch: int = 1) -> int:
    """Let a set take in operations by and by, and another, worked out anew each time.

    Returns:
        How often the first had to be worked out anew as well.
    """
    one, other = OpSet(people.genesis), Anew(people.genesis)
    evaluation = Evaluation(one)
    for op in before:
        give(one, op.data)
        give(other, op.data)
    wholes: set[int] = set()
    kept: list[Findings] = []
    for number, op in enumerate(coming):
        give(one, op.data)
        give(other, op.data)
        if number % batch == 0:
            evaluation.expire()
            assert differences(evaluation.state, state_of(other.settle())) == {}
            assert one.ids() == other.ids()
            assert one.members() == other.members()
            assert +one._quotas._counts == +other._quotas._counts
            kept.append(one.settle())
            wholes.add(id(kept[-1]))
    return len(wholes)


@settings(max_examples=settings().max_examples * 3 // 10)
@given(seed=st.integers(0, 1 << 32), length=st.integers(30, 60), data=st.data())
def test_in_whatever_order_and_batches_it_comes_it_means_what_the_whole_set_means(
    seed, length, data
):
    evening = Evening(seed, length)
    dice, coming = random.Random(seed + 1), list(evening.then)
    for _ in range(data.draw(st.integers(0, 8), "places changed") if coming else 0):
        one, two = dice.randrange(len(coming)), dice.randrange(len(coming))
        coming[one], coming[two] = coming[two], coming[one]
    agree(evening.people, evening.before, coming, data.draw(st.integers(1, 4), "batch"))


def newcomer(people: People, *, by: int, invite: Op | None = None) -> int:
    """Somebody new comes in by a door; gives its number."""
    number = len(people.ids)
    key = identity(number)
    people.keys.append(key)
    people.ids.append(key.member_id)
    people.pens.append(Pen(key, people.room_id))
    proof = identity(90).sign(CONTEXT, people.room_id + key.member_id)
    by_invite = (NONE, b"") if invite is None else (invite.id, proof)
    people.join(number, key.sign_key, key.dh, bytes(32), "new", *by_invite, by=by)
    return number


def join_of(people: People, number: int) -> Op:
    """The join that a door has taken in."""
    joins = (admitted_by(op) for op in people.ops)
    return next(join for join in joins if join and join.author == people.ids[number])


def a_door_comes_nearer(people: People) -> None:
    """Whom it let in was by another door first; that changes when it moves up."""
    far = newcomer(people, by=newcomer(people, by=newcomer(people, by=2)))
    guest = newcomer(people, by=far)
    people.admit(join_of(people, guest), by=newcomer(people, by=newcomer(people, by=3)))
    people.admit(join_of(people, far), by=0)


def a_door_is_not_in(people: People) -> None:
    """It was let in by somebody who was removed."""
    lost = newcomer(people, by=3)
    people.remove(3)
    newcomer(people, by=lost)


def a_fifth_door(people: People) -> None:
    guest = newcomer(people, by=newcomer(people, by=newcomer(people, by=1)))
    for door in (2, 3, 4, 0):
        people.admit(join_of(people, guest), by=door)


def another_join(people: People) -> None:
    """Of one key, which is nobody to trust with a secret then."""
    guest = newcomer(people, by=2)
    people.pens[guest] = Pen(people.keys[guest], people.room_id)
    key = people.keys[guest]
    people.join(guest, key.sign_key, key.dh, bytes(32), "twin", by=3)


def a_leave_gives_its_place(people: People) -> None:
    """While only so many are let in by an invite, one that left had its place for good."""
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 1, 0)
    guests = [newcomer(people, by=2, invite=invite) for _ in range(3)]
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    for guest in sorted(guests, key=people.ids.__getitem__, reverse=True):
        people.write(guest, kinds.Leave)


def a_fork_takes_an_appointment_back(people: People) -> None:
    """A link of another history, which by itself lets nobody in."""
    fork = people.fork(0, kinds.Profile, 1)
    people.promote(0, 3, 2)
    people.ops.remove(fork)
    people.ops.append(fork)


def the_last_of_many_invites(people: People) -> None:
    """Of one member the first count, also if they come later."""
    invites = [people.write(2, kinds.Invite, identity(90).sign_key, 0, 0) for _ in range(66)]
    people.ops.remove(invites[0])
    newcomer(people, by=3, invite=invites[64])
    people.ops.append(invites[0])


def an_invite_comes_late(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.ops.remove(invite)
    newcomer(people, by=3, invite=invite)
    people.ops.append(invite)


def an_invite_was_taken_back_before_it_came(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.ops.remove(invite)
    people.act(0, kinds.Uninvite, invite.id)
    people.ops.append(invite)


def who_was_removed_with_its_branch_brings_one_more(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.remove(2, branch=True)
    newcomer(people, by=3, invite=invite)


def an_appointment_comes_before_the_admission(people: People) -> None:
    """It does not count. Once its holder is known, one sees that its chain has a gap."""
    people.promote(0, 2, 1)
    guest = newcomer(people, by=3)
    admission = people.ops[-1]
    people.promote(2, guest, 2)
    missing = people.act(guest, kinds.Profile, 1)
    removal = people.act(guest, kinds.Remove, people.ids[4], NONE, NONE)
    out = people.member(2)
    people.act(0, kinds.Remove, out.id, out.join, out.join)
    people.epoch(0, knows=(removal.id,))
    people.ops.remove(missing)
    people.ops.remove(admission)
    people.ops.append(admission)


def an_invite_is_taken_back(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    newcomer(people, by=2, invite=invite)
    people.write(2, kinds.Uninvite, invite.id)
    people.write(3, kinds.Uninvite, invite.id)


def an_invite_is_taken_back_by_which_somebody_is_in(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    newcomer(people, by=2, invite=invite)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    people.write(2, kinds.Uninvite, invite.id)


def a_grant_is_taken(people: People) -> None:
    people.bring_on_stage(3)
    people.write(3, kinds.Audience)


def what_waits_for_a_join_is_a_link(people: People) -> None:
    """A moderator's chain hangs on the join of somebody who is not in yet."""
    newcomer(people, by=3)
    admission = people.ops.pop()
    people.pens[1]._prev = admitted_by(admission).id
    people.act(1, kinds.Profile, 1)
    people.epoch(1)
    people.ops.append(admission)


def a_spare_admission_goes(people: People) -> None:
    a_fifth_door(people)
    newcomer(people, by=3)
    newcomer(people, by=4)


def somebody_with_a_name_like_others_comes_and_goes(people: People) -> None:
    guests = [newcomer(people, by=2) for _ in range(5)]
    for guest in guests:
        people.write(guest, kinds.Leave)


def an_order_ends_with_a_hand(people: People) -> None:
    people.raise_hand(3)
    people.act(1, kinds.Order, 0, people.state().unnamed)
    people.write(3, kinds.Hand, False)
    people.raise_hand(4)
    people.act(0, kinds.Topic, "x")


def an_epoch_is_forgotten(people: People) -> None:
    for step in (0, 5000, 5001, 5002):
        people.epoch(1, step=step)
    people.act(0, kinds.Topic, "x")


SCENES = [
    a_grant_is_taken,
    an_invite_is_taken_back,
    an_invite_is_taken_back_by_which_somebody_is_in,
    an_epoch_is_forgotten,
    a_door_comes_nearer,
    a_door_is_not_in,
    a_fifth_door,
    another_join,
    a_leave_gives_its_place,
    a_fork_takes_an_appointment_back,
    the_last_of_many_invites,
    an_invite_comes_late,
    an_invite_was_taken_back_before_it_came,
    who_was_removed_with_its_branch_brings_one_more,
    an_appointment_comes_before_the_admission,
    what_waits_for_a_join_is_a_link,
    a_spare_admission_goes,
    somebody_with_a_name_like_others_comes_and_goes,
    an_order_ends_with_a_hand,
]


def a_small_room() -> People:
    people = People(FIRST - 1)
    people.promote(HOST, MODERATOR, 2)
    people.epoch(HOST)
    return people


@pytest.mark.parametrize("scene", SCENES)
def test_what_looks_like_a_small_change_and_is_none_is_seen(scene):
    people = a_small_room()
    before = list(people.ops)
    scene(people)
    agree(people, before, people.ops[len(before) :])


def test_of_who_is_forgotten_nothing_is_left(monkeypatch):
    monkeypatch.setattr(pruning, "LEFT_MAX", 0)
    people = a_small_room()
    guest = newcomer(people, by=2)
    before = list(people.ops)
    people.write(guest, kinds.Leave)
    people.raise_hand(3)
    people.raise_hand(4)
    agree(people, before, people.ops[len(before) :])


def test_what_has_no_power_and_what_is_too_much_is_left_to_the_whole_set(monkeypatch):
    people = a_small_room()
    powerless = people.write(3, kinds.Topic, "x")
    people.ops.pop()
    newcomer(people, by=2)
    again = people.admit(join_of(people, 5), by=2)
    people.ops.pop()
    newcomer(people, by=0)
    fifth = people.ops.pop()

    def take(op: Op) -> set[bytes] | None:
        return Findings(people.ops, people.host, "open").take([op])

    assert take(powerless) is None
    assert take(again) is None
    assert take(fifth) == set()
    monkeypatch.setattr(registers, "ADMITS_MAX", 4)
    assert take(fifth) is None


def test_newcomers_hands_and_leaves_do_not_have_the_whole_set_worked_out():
    people = a_small_room()
    before = list(people.ops)
    for _ in range(8):
        guest = newcomer(people, by=2)
        people.admit(join_of(people, guest), by=3)
        people.raise_hand(guest)
        people.act(MODERATOR, kinds.Order, people.state().named, people.state().unnamed)
    people.accept(5, by=MODERATOR)
    people.epoch(MODERATOR)
    people.write(6, kinds.Leave)
    assert agree(people, before, people.ops[len(before) :]) == 1
