"""Ghosts that let in each other cost the others no more than as many people who came in once."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.room_people import People, identity
from p2p.room.ops import kinds
from p2p.room.ops.op import Op, Pen
from p2p.room.state.spare import ENOUGH, spare
from p2p.room.store.opset import CLAIMS_MAX, OpSet

GHOSTS = 110
FIRST = 100


def join_of(people: People, number: int) -> tuple[Pen, Op]:
    """Somebody from outside, and its join."""
    key = identity(number)
    pen = Pen(key, people.room_id)
    return pen, pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")


class Ghosts:
    """Keys that one member, number 1, has made up and let in."""

    def __init__(self, count: int = GHOSTS) -> None:
        self.people = People(2)
        self.ids = [identity(FIRST + n).member_id for n in range(count)]
        pairs = [join_of(self.people, FIRST + number) for number in range(count)]
        self.pens, self.joins = [pen for pen, _ in pairs], [join for _, join in pairs]
        for join in self.joins:
            self.people.admit(join, by=1)

    def admit_all(self, *others: Op) -> list[Op]:
        """Every ghost lets in every other, and others besides."""
        return [
            pen.write(kinds.Admit, join.data)
            for pen in self.pens
            for join in (*self.joins, *others)
            if join.author != pen.author
        ]

    def held(self, *more: Op) -> OpSet:
        ops = OpSet(self.people.genesis)
        for op in (*self.people.ops, *more):
            ops.insert(op)
        ops.settle()
        return ops


def look_s(ops: OpSet) -> float:
    """Processor time of a look at the set, in seconds: the best of five."""
    taken = []
    for _ in range(5):
        begun = time.process_time()
        ops.settle()
        taken.append(time.process_time() - begun)
    return min(taken)


def test_ghosts_that_admit_each_other_cost_no_more_than_four_doors_each():
    ghosts = Ghosts()
    quiet = ghosts.held()
    loud = ghosts.held(*ghosts.admit_all())
    assert len(loud) <= len(quiet) + ENOUGH * GHOSTS
    assert look_s(loud) < 10 * look_s(quiet)
    assert loud.members() == quiet.members() == 3 + GHOSTS


def test_after_their_maker_was_removed_nothing_of_what_they_signed_is_a_burden():
    ghosts = Ghosts(60)
    people = ghosts.people
    joins = [join_of(people, FIRST + 60 + n)[1] for n in range(20)]
    for join in joins:
        people.admit(join)
    admits = ghosts.admit_all(*joins)
    people.remove(1)
    ops = ghosts.held(*admits)
    assert ops.members() == 3 + 20
    assert len(ops) <= len(people.ops) + CLAIMS_MAX


def test_what_ghosts_sign_takes_nobody_the_admission_that_it_hangs_on():
    """They let in somebody, by ids as low as they like, and are removed."""
    ghosts = Ghosts(12)
    people = ghosts.people
    joins = [op.body.join for op in people.ops[1:3]]
    for pen in ghosts.pens:
        people.ops += [pen.write(kinds.Admit, join) for join in joins]
    people.ops += ghosts.admit_all()
    ops = ghosts.held()
    ops.insert(people.remove(1))
    members = ops.settle().admitted
    assert people.ids[2] in members.known
    assert not members.known & set(ghosts.ids)


@settings(max_examples=settings().max_examples // 5)
@given(st.randoms(use_true_random=False))
def test_whoever_hears_of_them_in_whatever_order_keeps_the_same(shuffler):
    ghosts = Ghosts(9)
    people = ghosts.people
    late = [*ghosts.admit_all(*[op for _, op in [join_of(people, 1)]]), people.remove(1)]
    sets = [OpSet(people.genesis) for _ in range(2)]
    for ops in sets:
        shuffler.shuffle(late)
        for op in (*people.ops[:-1], *late):
            ops.insert(op)
            if shuffler.random() < 0.1:
                ops.settle()
    for _ in range(6):
        for one, other in (sets, sets[::-1]):
            one.settle()
            for data in one.missing(other.ids(), bytes(8), b"\xff" * 8):
                other.insert(other.read(data))
    for ops in sets:
        ops.settle()
    assert sets[0].ids() == sets[1].ids()


def test_ghosts_push_out_nobody_whom_others_have_let_in():
    """Their maker is nearer to the host than the door of whom they let in as well."""
    ghosts = Ghosts(6)
    people = ghosts.people
    (door_pen, door), (_, guest) = join_of(people, 300), join_of(people, 301)
    people.admit(door, by=2)
    people.ops.append(door_pen.write(kinds.Admit, guest.data))
    honest = ghosts.held()
    assert guest.author in honest.settle().admitted.known
    for pen in ghosts.pens:
        people.ops.append(pen.write(kinds.Admit, guest.data))
    people.admit(guest, by=1)
    ops = ghosts.held()
    ops.insert(people.remove(1))
    assert guest.author in ops.settle().admitted.known


def test_the_admission_that_shows_who_somebody_is_is_never_spare():
    ghosts = Ghosts(9)
    ops = OpSet(ghosts.people.genesis)
    for op in (*ghosts.people.ops, *ghosts.admit_all()):
        ops.insert(op)
    findings = ops.settle()
    claims, introduced = findings.admitted.claims, findings.registers.introduced
    found = spare(claims, introduced, ops.host)
    shows = next(claim for claim in claims if claim.id in found)
    others = spare(claims, {**introduced, shows.member: shows.id}, ops.host)
    assert found - others == {shows.id}
