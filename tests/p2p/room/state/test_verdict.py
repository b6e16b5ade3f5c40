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
from p2p.room.state import increments
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
                 self.order, self.epoch, self.topic, self.answer, self.ask_to_be_in,
                 *[self.rarely] * 2]  # fmt: skip
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

    def answer(self) -> None:
        """A moderator says yes or no to somebody, and maybe a door lets it in by that."""
        key = identity(60 + self.dice.randrange(6))
        who = self.dice.choice([key.member_id, *self.people.ids[2:]])
        self.people.act(MODERATOR, kinds.Let, who, self.dice.random() < 0.7)

    def ask_to_be_in(self) -> None:
        key = identity(60 + self.dice.randrange(6))
        join = Pen(key, self.people.room_id).write(
            kinds.Join, key.sign_key, key.dh, bytes(32), "outside"
        )
        self.people.admit(join, by=self.anybody())

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
        people, number = self.people, self.dice.randrange(2, len(self.people.ids))
        if people.ids[number] not in people.state().members:
            return
        match self.dice.randrange(9):
            case 0 | 1:
                people.remove(number, branch=self.dice.random() < 0.3)
            case 2:
                people.promote(HOST, number, self.dice.choice([2, 3, 4]))
            case 3:
                people.act(HOST, kinds.Entry, self.dice.choice(["open", "ask", "invited"]))
            case 4:
                people.vouch(number)
            case 5:
                people.vouch()
            case 6:
                people.write(2, kinds.Uninvite, self.invites[0].id)
            case 7:
                people.act(HOST, kinds.Lock, self.dice.random() < 0.4)
            case 8:
                people.act(HOST, kinds.Uninvite, self.dice.choice(self.invites).id)


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


def outsider(people: People, number: int, invite: Op | None = None) -> Op:
    """The join of somebody that no door has let in; it has the next number from then on."""
    key = identity(len(people.ids))
    people.keys.append(key)
    people.ids.append(key.member_id)
    people.pens.append(Pen(key, people.room_id))
    by, proof = (
        (NONE, b"")
        if invite is None
        else (invite.id, identity(90).sign(CONTEXT, people.room_id + key.member_id))
    )
    fields = (key.sign_key, key.dh, bytes(32), f"outside {number}", by, proof)
    return people.pens[-1].write(kinds.Join, *fields)


def a_room_is_shut_and_opened(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Lock, True)
    people.act(0, kinds.Lock, False, people.state().over[kinds.Lock])


def a_room_is_shut_to_somebody(people: People) -> None:
    """It hangs on a door, and nobody has vouched for it."""
    newcomer(people, by=2)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Lock, True)


def a_room_is_opened_to_somebody_that_waits(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Lock, True)
    people.admit(outsider(people, 5), by=2)
    people.act(0, kinds.Lock, False, people.state().over[kinds.Lock])


def a_yes_comes_behind_the_admission(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    people.admit(outsider(people, 5), by=2)
    people.act(1, kinds.Let, people.ids[5], True)
    people.write(5, kinds.Hand, True)


def a_yes_lets_in_a_door(people: People) -> None:
    """Whom it had let in is in by that as well."""
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    people.admit(outsider(people, 5), by=2)
    people.admit(outsider(people, 6), by=5)
    people.act(1, kinds.Let, people.ids[6], True)
    people.act(1, kinds.Let, people.ids[5], True)


def a_yes_is_taken_back(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    join = outsider(people, 5)
    people.act(1, kinds.Let, people.ids[5], True)
    people.admit(join, by=2)
    people.act(1, kinds.Let, people.ids[5], False)


def a_yes_is_taken_back_while_the_room_is_locked(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Lock, True)
    let_in(people, by=2)
    people.act(1, kinds.Let, people.ids[5], False)


def a_no_to_somebody_outside(people: People) -> None:
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    people.admit(outsider(people, 5), by=2)
    people.act(1, kinds.Let, people.ids[5], False)
    people.act(1, kinds.Let, people.ids[4], False)


def a_yes_to_the_maker_of_an_invite(people: People) -> None:
    """By which somebody waits."""
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    people.admit(outsider(people, 5), by=2)
    invite = people.write(5, kinds.Invite, identity(90).sign_key, 0, 0)
    people.admit(outsider(people, 6, invite), by=3)
    people.act(1, kinds.Let, people.ids[5], True)


def somebody_comes_by_an_invite_into_a_shut_room(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    newcomer(people, by=3, invite=invite)
    people.act(0, kinds.Topic, "x")
    people.remove(2)


def a_senior_takes_an_invite_back_while_the_room_hangs_on_invites(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    people.act(0, kinds.Uninvite, invite.id)
    people.act(0, kinds.Entry, "open", people.state().over[kinds.Entry])
    people.act(0, kinds.Uninvite, people.write(3, kinds.Invite, identity(90).sign_key, 0, 0).id)


def a_listener_is_removed(people: People) -> None:
    guest = newcomer(people, by=2)
    people.raise_hand(guest)
    people.remove(guest)


def who_came_by_an_invite_is_removed(people: People) -> None:
    """So the invite lets in nobody any more."""
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    guest = newcomer(people, by=3, invite=invite)
    newcomer(people, by=3, invite=invite)
    people.remove(guest)


def who_came_by_an_invite_is_removed_from_a_shut_room(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    guest = newcomer(people, by=3, invite=invite)
    people.vouch(1, 2, 3, 4, guest)
    people.act(0, kinds.Entry, "invited")
    people.remove(guest)


def a_door_is_removed(people: People) -> None:
    """Somebody hangs on it alone."""
    newcomer(people, by=3)
    people.remove(3)


def a_second_door_is_removed(people: People) -> None:
    """A leave and a hand behind it, so that what doors are is drawn."""
    guest = newcomer(people, by=0)
    people.admit(join_of(people, guest), by=3)
    people.remove(3)
    people.raise_hand(guest)


def a_door_is_removed_whose_newcomer_has_two_histories(people: People) -> None:
    another_join(people)
    people.remove(3)


def a_removal_of_many_joins(people: People) -> None:
    """One of three counts only because its removal names it."""
    guest = newcomer(people, by=2)
    for door in (3, 4):
        key, people.pens[guest] = people.keys[guest], Pen(people.keys[guest], people.room_id)
        people.join(guest, key.sign_key, key.dh, bytes(32), f"twin {door}", by=door)
    joins = sorted({admitted_by(op).id for op in people.ops[-3:]})
    people.act(0, kinds.Remove, people.ids[guest], joins[-1], NONE)


def a_branch_is_removed_before_one_of_it_is_let_in(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    people.admit(outsider(people, 5, invite), by=3)
    people.remove(2, branch=True)
    people.act(1, kinds.Let, people.ids[5], True)
    people.admit(join_of(people, 5), by=1)


def a_door_is_appointed(people: People) -> None:
    """So it stands nearer to the host than another that let in the same."""
    far = newcomer(people, by=newcomer(people, by=newcomer(people, by=2)))
    guest = newcomer(people, by=far)
    people.admit(join_of(people, guest), by=newcomer(people, by=newcomer(people, by=3)))
    below = newcomer(people, by=guest)
    people.admit(join_of(people, below), by=newcomer(people, by=guest))
    people.promote(0, far, 2)
    people.raise_hand(below)
    people.vouch(guest)


def a_moderator_that_vouched_is_removed(people: People) -> None:
    guest = newcomer(people, by=2)
    people.vouch(guest, by=1)
    people.remove(1)


def an_admission_comes_behind_the_word_of_a_moderator(people: People) -> None:
    join = outsider(people, 5)
    people.vouch(5)
    people.admit(join, by=2)
    people.admit(join, by=3)
    people.admit(outsider(people, 6), by=5)


def a_namesake_rises(people: People) -> None:
    """Whose name is like another's is shown at whoever has the lower rank."""
    guests = [newcomer(people, by=2) for _ in range(3)]
    people.promote(0, guests[1], 2)
    people.promote(0, guests[1], 4)
    people.remove(guests[0])


def let_in(people: People, *, by: int, invite: Op | None = None) -> int:
    """A moderator says yes to somebody, and a door lets it in; gives its number."""
    join = outsider(people, len(people.ids), invite)
    people.act(1, kinds.Let, people.ids[-1], True)
    people.admit(join, by=by)
    return len(people.ids) - 1


def a_room_that_hangs_on_invites(people: People) -> tuple[int, int, int]:
    """Somebody came by the host, and an invite of a member far off; so another door comes first.

    Gives a member of whom others hang, the one and the other.
    """
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    near = let_in(people, by=3)
    far = let_in(people, by=let_in(people, by=near))
    invite = people.write(far, kinds.Invite, identity(90).sign_key, 0, 0)
    by_invite = newcomer(people, by=0, invite=invite)
    return near, by_invite, let_in(people, by=near)


def doors_of_a_room_that_hangs_on_invites(people: People) -> None:
    _, one, other = a_room_that_hangs_on_invites(people)
    guest = let_in(people, by=one)
    people.admit(join_of(people, guest), by=other)


def a_door_rises_in_a_room_that_hangs_on_invites(people: People) -> None:
    near, one, other = a_room_that_hangs_on_invites(people)
    guest = let_in(people, by=one)
    people.admit(join_of(people, guest), by=other)
    people.raise_hand(guest)
    people.vouch(near)


def a_removal_is_taken_back(people: People) -> None:
    """It counts no more, as its author was removed and that names an act before it."""
    guest = newcomer(people, by=0)
    people.admit(join_of(people, guest), by=newcomer(people, by=2))
    people.act(1, kinds.Remove, people.ids[6], NONE, NONE)
    people.raise_hand(guest)
    moderator = people.member(1)
    people.act(0, kinds.Remove, moderator.id, moderator.join, moderator.join)


def the_maker_of_an_invite_rises_above_who_took_it_back(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "invited")
    people.act(1, kinds.Uninvite, invite.id)
    people.admit(outsider(people, 5, invite), by=3)
    people.promote(0, 2, 1)


def a_moderator_that_vouched_is_removed_from_a_shut_room(people: People) -> None:
    guest = newcomer(people, by=2)
    people.vouch(1, 2, 3, 4)
    people.vouch(guest, by=1)
    people.act(0, kinds.Lock, True)
    people.remove(1)


def somebody_of_two_histories_is_removed(people: People) -> None:
    """By one of them it came by an invite."""
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    for first, second in (((2, None), (3, invite)), ((2, invite), (3, None))):
        guest = newcomer(people, by=first[0], invite=first[1])
        key, people.pens[guest] = people.keys[guest], Pen(people.keys[guest], people.room_id)
        proof = identity(90).sign(CONTEXT, people.room_id + key.member_id)
        came = (NONE, b"") if second[1] is None else (invite.id, proof)
        people.join(guest, key.sign_key, key.dh, bytes(32), "twin", *came, by=second[0])
        people.remove(guest)


def a_far_door_is_removed_whose_newcomer_has_two_histories(people: People) -> None:
    guest, far = newcomer(people, by=0), newcomer(people, by=newcomer(people, by=3))
    key, people.pens[guest] = people.keys[guest], Pen(people.keys[guest], people.room_id)
    people.join(guest, key.sign_key, key.dh, bytes(32), "twin", by=far)
    people.raise_hand(far)
    people.remove(far)


def a_door_outside_is_vouched_for(people: People) -> None:
    """Whom it had let in is in by that."""
    people.vouch(1, 2, 3, 4)
    people.act(0, kinds.Entry, "ask")
    people.admit(outsider(people, 5), by=2)
    people.admit(outsider(people, 6), by=5)
    people.act(1, kinds.Let, people.ids[6], True)
    people.vouch(5)


def one_of_a_branch_that_was_removed_is_let_in(people: People) -> None:
    invite = people.write(2, kinds.Invite, identity(90).sign_key, 0, 0)
    people.remove(4)
    join = outsider(people, 5, invite)
    people.admit(join, by=4)
    people.remove(2, branch=True)
    people.raise_hand(3)
    people.admit(join, by=1)


def a_crowd_of_ghosts(people: People) -> int:
    """Somebody has four doors by one maker, and an honest one; gives its number."""
    maker = newcomer(people, by=2)
    ghosts = [newcomer(people, by=maker) for _ in range(4)]
    honest = newcomer(people, by=newcomer(people, by=newcomer(people, by=3)))
    guest = newcomer(people, by=ghosts[0])
    for door in (*ghosts[1:], honest):
        people.admit(join_of(people, guest), by=door)
    return guest


def a_door_among_ghosts_is_appointed(people: People) -> None:
    guest = a_crowd_of_ghosts(people)
    people.raise_hand(guest)
    people.promote(0, guest - 2, 2)


def a_door_among_ghosts_is_removed(people: People) -> None:
    """Its newcomer has others, and yet another door may be of use now."""
    guest = a_crowd_of_ghosts(people)
    people.raise_hand(guest)
    people.remove(guest - 5)


SCENES = [
    doors_of_a_room_that_hangs_on_invites,
    a_door_rises_in_a_room_that_hangs_on_invites,
    a_removal_is_taken_back,
    the_maker_of_an_invite_rises_above_who_took_it_back,
    a_moderator_that_vouched_is_removed_from_a_shut_room,
    somebody_of_two_histories_is_removed,
    a_far_door_is_removed_whose_newcomer_has_two_histories,
    a_door_outside_is_vouched_for,
    one_of_a_branch_that_was_removed_is_let_in,
    a_door_among_ghosts_is_appointed,
    a_door_among_ghosts_is_removed,
    a_room_is_shut_and_opened,
    a_room_is_shut_to_somebody,
    a_room_is_opened_to_somebody_that_waits,
    a_yes_comes_behind_the_admission,
    a_yes_lets_in_a_door,
    a_yes_is_taken_back,
    a_yes_is_taken_back_while_the_room_is_locked,
    a_no_to_somebody_outside,
    a_yes_to_the_maker_of_an_invite,
    somebody_comes_by_an_invite_into_a_shut_room,
    a_senior_takes_an_invite_back_while_the_room_hangs_on_invites,
    a_listener_is_removed,
    who_came_by_an_invite_is_removed,
    who_came_by_an_invite_is_removed_from_a_shut_room,
    a_door_is_removed,
    a_second_door_is_removed,
    a_door_is_removed_whose_newcomer_has_two_histories,
    a_removal_of_many_joins,
    a_branch_is_removed_before_one_of_it_is_let_in,
    a_door_is_appointed,
    a_moderator_that_vouched_is_removed,
    an_admission_comes_behind_the_word_of_a_moderator,
    a_namesake_rises,
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


def test_the_word_of_the_host_counts_although_a_door_keeps_its_join_back():
    people = a_small_room()
    before = [op for op in people.ops if not isinstance(op.body, kinds.Join)]
    known = len(people.ops)
    people.raise_hand(3)
    guest = newcomer(people, by=HOST)
    people.admit(join_of(people, guest), by=2)
    far = newcomer(people, by=newcomer(people, by=guest))
    people.admit(join_of(people, far), by=HOST)
    people.promote(HOST, guest, 2)
    people.remove(2)
    assert agree(people, before, people.ops[known:]) == 1
    join = next(op for op in people.ops if isinstance(op.body, kinds.Join))
    agree(people, before, [*people.ops[known:], join])


@pytest.mark.parametrize("entry", ["open", "invited"])
def test_what_one_signs_without_end_does_not_have_the_whole_set_worked_out(entry):
    people = a_small_room()
    invite, other = (people.write(n, kinds.Invite, identity(90).sign_key, 0, 0) for n in (2, 3))
    guest = newcomer(people, by=2, invite=other)
    people.vouch(1, 2, 3, 4, guest)
    if entry != "open":
        people.act(HOST, kinds.Entry, entry)
    people.write(2, kinds.Uninvite, invite.id)
    for _ in range(registers.INVITES_MAX):
        people.write(4, kinds.Invite, identity(90).sign_key, 0, 0)
    before = list(people.ops)
    for number in range(registers.INVITES_MAX + 2):
        people.write(3, kinds.Uninvite, invite.id)
        people.write(2, kinds.Uninvite, invite.id)
        people.write(2, kinds.Uninvite, number.to_bytes(len(NONE), "big"))
    for _ in range(3):
        people.admit(join_of(people, guest), by=2)
        people.write(4, kinds.Invite, identity(90).sign_key, 0, 0)
    key = people.keys[guest]
    people.pens[guest] = Pen(key, people.room_id)
    people.join(guest, key.sign_key, key.dh, bytes(32), "twin", by=2)
    people.raise_hand(4)
    assert agree(people, before, people.ops[len(before) :]) == 1


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
    first, again = people.ops[-1], people.admit(join_of(people, 5), by=2)
    people.ops.pop()
    newcomer(people, by=0)
    fifth = people.ops.pop()

    def take(op: Op) -> set[bytes] | None:
        return Findings(people.ops, people.host, "open").take([op])

    assert take(powerless) is None
    assert take(again) == {again.id}
    people.ops[people.ops.index(first)] = again
    assert take(first) is None
    assert take(fifth) == set()
    monkeypatch.setattr(registers, "ADMITS_MAX", 4)
    assert take(fifth) is None


def test_a_word_of_somebody_whom_nobody_has_shown_is_left_to_the_whole_set():
    people = a_small_room()
    guest = newcomer(people, by=2)
    admission = people.ops.pop()
    people.raise_hand(guest)
    hand = people.ops.pop()
    assert Findings(people.ops, people.host, "open").take([hand]) is None
    assert Findings([*people.ops, admission], people.host, "open").take([hand]) == set()


def test_an_appointment_on_which_others_hang_is_left_to_the_whole_set():
    people = a_small_room()
    first = people.promote(HOST, 2, 1)
    people.promote(2, 3, 2)
    people.ops.remove(first)
    assert Findings(people.ops, people.host, "open").take([first]) is None


def test_only_so_many_admissions_that_count_for_nobody_are_taken_in(monkeypatch):
    people = a_small_room()
    people.vouch(1, 2, 3, 4)
    people.act(HOST, kinds.Lock, True)
    before = list(people.ops)
    for _ in range(3):
        people.admit(outsider(people, 5), by=2)
    for most, taken in ((2, False), (3, True)):
        monkeypatch.setattr(increments, "CLAIMS_MAX", most)
        found = Findings(before, people.host, "open").take(people.ops[len(before) :])
        assert (found is not None) is taken


def test_admissions_that_a_removal_makes_idle_are_counted(monkeypatch):
    people = a_small_room()
    guest = newcomer(people, by=0)
    people.admit(join_of(people, guest), by=newcomer(people, by=2))
    before = list(people.ops)
    removal = people.remove(6)
    for most, taken in ((0, False), (1, True)):
        monkeypatch.setattr(increments, "CLAIMS_MAX", most)
        found = Findings(before, people.host, "open").take([removal])
        assert (found is not None) is taken


def test_whoever_is_vouched_for_is_not_in_by_a_door_that_nobody_knows():
    people = a_small_room()
    outsider(people, 5)
    people.admit(outsider(people, 6), by=5)
    before = list(people.ops)
    vouched = people.act(HOST, kinds.Roster, (people.ids[6],))
    assert Findings(before, people.host, "open").take([vouched]) is None


def test_acts_that_move_few_do_not_have_the_whole_set_worked_out():
    people = a_small_room()
    guests = [newcomer(people, by=2) for _ in range(4)]
    people.admit(join_of(people, guests[0]), by=guests[1])
    before = list(people.ops)
    people.act(MODERATOR, kinds.Let, people.ids[2], True)
    people.remove(guests[3])
    people.promote(HOST, guests[1], 2)
    people.promote(HOST, 3, 3)
    people.promote(HOST, 3, 4)
    people.vouch()
    people.remove(guests[1])
    people.act(HOST, kinds.Lock, True)
    join = outsider(people, 9)
    people.act(MODERATOR, kinds.Let, people.ids[-1], True)
    people.admit(join, by=4)
    people.admit(outsider(people, 10), by=4)
    people.act(MODERATOR, kinds.Let, people.ids[-1], True)
    people.act(HOST, kinds.Lock, False, people.state().over[kinds.Lock])
    assert agree(people, before, people.ops[len(before) :]) == 1


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
