"""Nobody is a member by its own word: what counts of admissions, whoever signs them and when."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.identity import sign, sign_public_of
from lab.room_people import People, identity, kept_of
from p2p.errors import RemoteError
from p2p.room.ops import kinds, registers
from p2p.room.ops.ids import NONE
from p2p.room.ops.newcomer import JOINS_MAX, admitted_by, join_in
from p2p.room.ops.op import Op, Pen
from p2p.room.stage import Stage
from p2p.room.state.invites import CONTEXT
from p2p.room.store import opset, quotas
from p2p.room.store.intake import Intake
from p2p.room.store.opset import OpSet

SEED = b"s" * 32


def join_of(people: People, number: int, invite: bytes = NONE, seed: bytes = SEED, name="x") -> Op:
    """A join of somebody who stands outside."""
    key = identity(number)
    proof = sign(seed, CONTEXT, people.room_id + key.member_id) if invite != NONE else b""
    fields = (key.sign_key, key.dh, bytes(32), name, invite, proof)
    return Pen(key, people.room_id).write(kinds.Join, *fields)


def bring(people: People, number: int, by: int = 0, invite: bytes = NONE) -> bytes:
    """Let somebody in by a door; its number is the next one from then on."""
    op = join_of(people, number, invite)
    people.admit(op, by)
    return op.author


def is_in(people: People, member: bytes) -> bool:
    found = people.state().members.get(member)
    return found is not None and found.is_here


def pen_of(people: People, number: int) -> None:
    """Give a member that came later a place in ``people``."""
    key = identity(number)
    pen = Pen(key, people.room_id)
    pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")
    people.keys.append(key)
    people.ids.append(key.member_id)
    people.pens.append(pen)


# -- the open room


def test_a_join_that_stands_alone_counts_for_nobody_but_the_host():
    people = People(1)
    alone = join_of(people, 9)
    people.ops.append(alone)
    assert not is_in(people, alone.author)
    assert alone not in kept_of(people)
    assert is_in(people, people.host)
    assert is_in(people, people.ids[1])


def test_a_member_in_force_lets_somebody_in_and_it_is_known_by_whom():
    people = People(1)
    guest = bring(people, 9, by=1)
    assert is_in(people, guest)
    assert people.state().members[guest].admitted_by == people.ids[1]


def test_whom_somebody_lets_in_who_is_not_in_itself_is_not_in():
    people = People(1)
    outsider = join_of(people, 9)
    pen = Pen(identity(9), people.room_id)
    pen.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "x")
    people.ops.append(pen.write(kinds.Admit, join_of(people, 10).data))
    assert not is_in(people, outsider.author)
    assert not is_in(people, identity(10).member_id)


def test_two_who_let_in_each_other_are_not_in():
    people = People(0)
    for number, other in ((9, 10), (10, 9)):
        key = identity(number)
        pen = Pen(key, people.room_id)
        pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")
        people.ops.append(pen.write(kinds.Admit, join_of(people, other).data))
    assert people.state().members.keys() == {people.host}
    people.admit(join_of(people, 9))
    assert is_in(people, identity(10).member_id)


def test_whom_a_removed_member_let_in_before_or_after_is_out_and_so_is_its_branch():
    people = People(1)
    before = bring(people, 2, by=1)
    pen_of(people, 2)
    branch = bring(people, 9, by=2)
    people.remove(1)
    after = bring(people, 10, by=1)
    assert [is_in(people, one) for one in (before, branch, after)] == [False] * 3
    people.admit(join_of(people, 2))
    assert [is_in(people, one) for one in (before, branch, after)] == [True, True, False]


def test_whoever_is_vouched_for_stays_when_its_door_is_removed():
    people = People(2)
    guest = bring(people, 9, by=1)
    people.act(0, kinds.Roster, (guest,))
    people.remove(1)
    assert is_in(people, guest)
    assert people.state().members[guest].admitted_by is None


def test_whom_somebody_lets_in_who_is_vouched_for_and_not_here_is_not_in_yet():
    people = People(0)
    absent = join_of(people, 9)
    pen_of(people, 9)
    guest = bring(people, 10, by=1)
    people.vouch(1)
    assert not is_in(people, guest)
    people.admit(absent)
    assert is_in(people, guest)


def test_a_removed_member_has_no_say_through_whom_others_are_said_to_have_come():
    people = People(8)
    join = join_of(people, 9)
    for door in range(1, 9):
        people.vouch(door)
        people.admit(join, by=door)
    people.remove(8)
    before = people.state()
    for door in range(1, 8):
        people.admit(admitted_by(people.ops[door]), by=8)
    assert people.state() == before


def test_whoever_has_a_rank_is_vouched_for():
    people = People(1)
    bring(people, 2, by=1)
    pen_of(people, 2)
    people.promote(0, 2, 2)
    people.remove(1)
    assert people.member(2).moderates


def test_the_word_of_a_member_that_left_stands_while_the_room_is_open():
    people = People(1)
    guest = bring(people, 9, by=1)
    people.write(1, kinds.Leave)
    assert is_in(people, guest)


def test_whoever_a_moderator_vouches_for_is_shown_by_none_but_a_door_that_can_be_checked():
    people = People(0)
    pen_of(people, 9)
    guest = bring(people, 10, by=1)
    people.act(0, kinds.Roster, (guest,))
    assert not is_in(people, guest)
    people.admit(join_of(people, 9))
    assert is_in(people, guest)


# -- the shut room


def shut_by(people: People, mode: str) -> None:
    people.vouch()
    if mode == "locked":
        people.act(0, kinds.Lock, True)
    else:
        people.act(0, kinds.Entry, mode)


@pytest.mark.parametrize("mode", ["locked", "ask", "invited"])
def test_no_word_of_a_plain_member_lets_anybody_into_a_shut_room(mode: str):
    people = People(2)
    shut_by(people, mode)
    guest = bring(people, 9, by=1)
    assert not is_in(people, guest)
    assert is_in(people, people.ids[1])


@pytest.mark.parametrize("mode", ["locked", "ask", "invited"])
def test_a_moderators_yes_lets_in_whom_a_door_admits(mode: str):
    people = People(2)
    shut_by(people, mode)
    guest = join_of(people, 9)
    people.act(0, kinds.Let, guest.author, True)
    assert not is_in(people, guest.author)
    people.admit(guest, by=1)
    assert is_in(people, guest.author)
    people.act(0, kinds.Let, guest.author, False)
    assert not is_in(people, guest.author)


@pytest.mark.parametrize(("mode", "counts"), [("ask", True), ("invited", True), ("locked", False)])
def test_an_invite_lets_in_unless_the_room_is_locked(mode: str, counts: bool):
    people = People(2)
    invite = people.write(2, kinds.Invite, sign_public_of(SEED), 0, 0)
    shut_by(people, mode)
    guest = bring(people, 9, by=1, invite=invite.id)
    assert is_in(people, guest) is counts


def invited() -> tuple[People, Op]:
    people = People(3)
    invite = people.write(2, kinds.Invite, sign_public_of(SEED), 0, 0)
    shut_by(people, "invited")
    return people, invite


def test_an_invite_must_be_proven():
    people, invite = invited()
    forged = join_of(people, 9, invite.id, seed=b"w" * 32)
    people.admit(forged, by=1)
    assert not is_in(people, forged.author)


def test_an_invite_that_was_taken_back_lets_in_nobody():
    people, invite = invited()
    guest = bring(people, 9, by=1, invite=invite.id)
    people.write(2, kinds.Uninvite, invite.id)
    assert not is_in(people, guest)


def test_the_invite_of_a_removed_member_lets_in_nobody():
    people, invite = invited()
    guest = bring(people, 9, by=1, invite=invite.id)
    people.remove(2)
    assert not is_in(people, guest)


def test_the_invite_of_somebody_who_is_not_in_lets_in_nobody():
    people = People(2)
    shut_by(people, "invited")
    bring(people, 3, by=1)
    pen_of(people, 3)
    invite = people.write(3, kinds.Invite, sign_public_of(SEED), 0, 0)
    guest = bring(people, 9, by=1, invite=invite.id)
    assert not is_in(people, guest)
    people.vouch(3)
    assert is_in(people, guest)


def test_the_invite_by_which_somebody_came_who_was_removed_lets_in_nobody():
    people, invite = invited()
    first, second = (bring(people, n, by=1, invite=invite.id) for n in (9, 10))
    people.act(0, kinds.Remove, first, join_of(people, 9, invite.id).id, NONE)
    assert people.state().members[first].stage is Stage.REMOVED
    assert not is_in(people, second)
    assert people.state().invites[invite.id].revoked


def test_an_invite_lets_in_so_many_and_who_is_vouched_for_or_gone_counts_first():
    people = People(2)
    invite = people.write(2, kinds.Invite, sign_public_of(SEED), 2, 0)
    shut_by(people, "invited")
    guests = [bring(people, n, by=1, invite=invite.id) for n in (9, 10, 11)]
    inside = [one for one in guests if is_in(people, one)]
    assert inside == [one for one in guests if one in sorted(guests)[:2]]
    [third] = set(guests) - set(inside)
    people.act(0, kinds.Roster, (third,))
    assert [one for one in sorted(guests) if is_in(people, one)] == sorted([third, min(inside)])


@pytest.mark.parametrize("mode", ["locked", "ask", "invited"])
def test_who_left_before_the_room_was_shut_lets_in_nobody_afterwards(mode: str):
    people = People(2)
    people.write(1, kinds.Leave)
    shut_by(people, mode)
    guest = bring(people, 9, by=1)
    assert not is_in(people, guest)


@pytest.mark.parametrize("mode", ["open", "locked", "ask", "invited"])
def test_removed_members_that_pool_all_they_hold_bring_in_nobody(mode: str):
    """Old invites, a yes from before, each other's doors, joins and admissions dated back."""
    people = People(4)
    invite = people.write(2, kinds.Invite, sign_public_of(SEED), 0, 0)
    friend = join_of(people, 9)
    if mode != "open":
        shut_by(people, mode)
    people.act(0, kinds.Let, friend.author, True)
    people.remove(1)
    people.remove(2, branch=True)
    before = people.state()
    for door in (1, 2):
        for newcomer in (friend, join_of(people, 10, invite.id), join_of(people, 11)):
            people.admit(newcomer, by=door)
            pen = people.pens[door]
            pen._seq, seq = 1, pen._seq  # dated back: before anything it ever signed
            people.admit(newcomer, by=door)
            pen._seq = seq
    for number in (9, 10, 11):
        pen = Pen(identity(number), people.room_id)
        pen.write(kinds.Join, identity(number).sign_key, identity(number).dh, bytes(32), "x")
        people.ops.append(pen.write(kinds.Admit, join_of(people, 12).data))
    people.ops.append(join_of(people, 13))
    after = people.state()
    assert after.members == before.members
    assert after.roster() == before.roster()
    assert after.removed == before.removed


# -- two histories of one key


def test_a_second_join_counts_only_if_somebody_in_force_let_it_in():
    people = People(3)
    people.remove(2)
    key = identity(1)
    twin = Pen(key, people.room_id).write(kinds.Join, key.sign_key, key.dh, bytes(32), "twin")
    people.admit(twin, by=2)
    assert people.member(1).trusted
    people.admit(twin, by=3)
    assert not people.member(1).trusted


def test_of_one_door_the_first_admission_of_each_counts():
    people = People(2)
    first = people.admit(join_of(people, 9, name="first"), by=1)
    people.admit(join_of(people, 9, name="second"), by=1)
    member = people.state().members[identity(9).member_id]
    assert (member.name, member.trusted) == ("first", True)
    assert [op for op in kept_of(people) if op.author == people.ids[1]] == [first]


def test_one_door_lets_in_only_so_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registers, "ADMITS_MAX", 2)
    people = People(1)
    people.vouch()
    guests = [bring(people, 9 + n, by=1) for n in range(4)]
    assert [is_in(people, one) for one in guests] == [True, True, False, False]


def test_no_signature_is_checked_anew_at_each_look_at_however_many_joins():
    people = People(1)
    joins = [join_of(people, 9, name=f"{number}") for number in range(4200)]
    admits = [people.admit(join, by=1) for join in joins]
    assert [admitted_by(op) for op in admits] == joins
    before = join_in.cache_info().misses
    assert [admitted_by(op) for op in admits] == joins
    assert join_in.cache_info().misses == before
    assert JOINS_MAX > quotas.PEOPLE_MAX, "as many as a set holds"


# -- what is taken in


def taken(people: People, op: Op, ops: OpSet | None = None) -> str:
    if ops is None:
        ops = OpSet(people.genesis)
        for one in people.ops:
            if one is not op:
                ops.insert(one)
    return Intake(ops).take_in(op.data, None, 0.0)[0]


def test_admissions_that_let_in_nobody_are_dropped_and_counted():
    people = People(2)
    other = Pen(identity(9), identity(7).sign_key)
    key = identity(9)
    elsewhere = other.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")
    good = join_of(people, 9)
    for bad in (
        b"noise",
        elsewhere.data,
        good.data[:-1] + bytes([good.data[-1] ^ 1]),
        people.raise_hand(1).data,
    ):
        assert taken(people, people.write(1, kinds.Admit, bad)) == "bad_join"
    own = admitted_by(people.ops[1])
    assert own is not None
    assert taken(people, people.write(1, kinds.Admit, own.data)) == "bad_join"
    assert taken(people, people.write(1, kinds.Admit, people.ops[0].data)) == "bad_join"
    assert people.state().members.keys() == set(people.ids)
    assert taken(people, good) == "alone"


def test_the_admission_of_a_forger_is_dropped():
    people = People(1)
    forger = Pen(identity(9), people.room_id)
    forger.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "x")
    forger.author = people.ids[1]
    assert taken(people, forger.write(kinds.Admit, join_of(people, 10).data)) == "forged"


def test_what_nobody_can_check_any_more_is_dropped_and_taken_again_behind_its_authors_admission(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(opset, "CLAIMS_MAX", 0)
    people = People(2)
    claim = people.admit(join_of(people, 9), by=1)
    pen_of(people, 9)
    hand = people.raise_hand(3)
    ops, mine = OpSet(people.genesis), OpSet(people.genesis, people.ids[3])
    for one in (ops, mine):
        for op in people.ops:
            one.insert(op)
        one.settle()
    assert hand.id in ops
    removal = people.remove(1)
    for one in (ops, mine):
        one.insert(removal)
        one.settle()
    assert claim.id not in ops
    assert (hand.id in ops, hand.id in mine) == (False, True)
    assert taken(people, hand, ops) == "held"
    assert taken(people, people.admit(join_of(people, 9), by=2), ops) == "new"
    ops.insert(people.ops[-1])
    assert hand.id in ops


def test_of_admissions_that_count_for_nobody_only_so_many_are_kept(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(opset, "CLAIMS_MAX", 2)
    people = People(2)
    people.remove(1)
    ops = OpSet(people.genesis)
    claims = [people.admit(join_of(people, 9 + n), by=1) for n in range(5)]
    for op in people.ops:
        ops.insert(op)
    ops.settle()
    assert [op.id for op in claims if op.id in ops] == [
        op.id for op in claims if op.id in sorted(op.id for op in claims)[:2]
    ]
    assert ops.members() == 3, "and they fill no place"


def test_who_left_and_is_the_door_of_somebody_is_not_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("p2p.room.store.pruning.LEFT_MAX", 0)
    people = People(1)
    guest = bring(people, 9, by=1)
    people.write(1, kinds.Leave)
    people.ops = kept_of(people)
    assert is_in(people, guest)


def test_who_is_forgotten_is_remembered_when_it_turns_out_to_be_a_door(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("p2p.room.store.pruning.LEFT_MAX", 0)
    people = People(1)
    late = people.admit(join_of(people, 9), by=1)
    people.write(1, kinds.Leave)
    ops = OpSet(people.genesis)
    for op in people.ops:
        if op is not late:
            ops.insert(op)
    ops.settle()
    assert ops.has_forgotten(people.ids[1])
    assert taken(people, late, ops) == "new"
    ops.insert(late)
    assert not ops.has_forgotten(people.ids[1])
    assert taken(people, people.ops[1], ops) == "new"
    ops.insert(people.ops[1])
    admitted = ops.settle().admitted
    assert late.body.author in admitted.known
    assert identity(9).member_id in admitted.known
    assert ops.settle().registers.left(people.ids[1])


# -- whatever the order


NUMBERS = range(1, 8)
STEP = st.tuples(
    st.sampled_from(
        (
            *("admit", "admit", "admit", "twin", "leave", "remove", "branch", "vouch", "let"),
            *("refuse", "lock", "unlock", "ask", "invited", "open", "invite", "uninvite"),
            *("promote", "demote"),
        )
    ),
    st.integers(0, 7),
    st.integers(1, 7),
)


def play(steps) -> People:
    """Write a history: members 1 to 3 are in, 4 to 7 try to come by whatever door says yes."""
    people = People(3)
    joins = {}
    invites: list[tuple[bytes, bytes]] = []
    seeds = count()
    for number in range(4, 8):
        pen_of(people, number)
    for what, actor, target in steps:
        them = people.ids[target]
        member = people.state().members.get(them)
        match what:
            case "admit":
                by, seed = invites[actor % len(invites)] if invites else (NONE, SEED)
                made = join_of(people, target, by, seed)
                join = joins.setdefault(target, made)
                people.write(actor, kinds.Admit, join.data)
            case "twin":
                people.write(actor, kinds.Admit, join_of(people, target, name="twin").data)
            case "leave":
                people.write(actor, kinds.Leave)
            case "remove" | "branch":
                join_id = member.join if member else NONE
                people.act(0, kinds.Remove, them, join_id, join_id, what == "branch")
            case "vouch":
                people.act(0, kinds.Roster, (them,))
            case "let" | "refuse":
                people.act(0, kinds.Let, them, what == "let")
            case "lock" | "unlock":
                people.act(0, kinds.Lock, what == "lock")
            case "ask" | "invited" | "open":
                people.act(0, kinds.Entry, what)
            case "invite":
                seed = bytes([next(seeds)]) * 32
                op = people.write(actor, kinds.Invite, sign_public_of(seed), target % 3, 0)
                invites.append((op.id, seed))
            case "uninvite" if invites:
                people.write(actor, kinds.Uninvite, invites[target % len(invites)][0])
            case "promote" if member:
                people.promote(0, target, 2)
            case "demote" if member and member.rank < 4:
                people.promote(0, target, 4)
    return people


HISTORY = st.lists(STEP, max_size=25).map(play)


@settings(max_examples=80)
@given(HISTORY, st.randoms(use_true_random=False))
def test_in_whatever_order_admissions_come_the_same_are_in(people, shuffler):
    state = people.state()
    ops = people.ops + people.ops[: len(people.ops) // 2]
    shuffler.shuffle(ops)
    assert people.state(ops) == state


@settings(max_examples=80)
@given(HISTORY, st.data())
def test_what_is_kept_of_admissions_merges_like_the_whole(people, data):
    ops = people.ops
    kept = kept_of(people, ops)
    assert people.state(kept) == people.state()
    sides = data.draw(st.lists(st.integers(0, 2), min_size=len(ops), max_size=len(ops)))
    one = [op for op, side in zip(ops, sides, strict=True) if side != 1]
    two = [op for op, side in zip(ops, sides, strict=True) if side != 0]
    assert kept_of(people, kept_of(people, one) + kept_of(people, two)) == kept


@settings(max_examples=80)
@given(HISTORY, st.randoms(use_true_random=False))
def test_replicas_that_hear_in_different_orders_end_with_the_same_members(people, shuffler):
    replicas = []
    for _ in range(2):
        ops = OpSet(people.genesis)
        shuffled = list(people.ops)
        for _ in range(8):
            shuffler.shuffle(shuffled)
            for op in shuffled:
                _give(ops, op)
            if shuffler.random() < 0.5:
                ops.settle()
        for op in sorted(people.ops, key=lambda op: op.seq):
            _give(ops, op)
        replicas.append(ops)
    first, second = replicas
    assert first.settle().admitted.known == second.settle().admitted.known
    assert first.ids() == second.ids()
    assert first.settle().admitted.known == {*people.state(_checkable(people)).members}


@settings(max_examples=60)
@given(HISTORY)
def test_everybody_hangs_on_the_host(people):
    """Follow the doors back: all are in, none was removed; the last has a moderator's word."""
    state = people.state()
    for member in state.members.values():
        seen = set()
        while member.admitted_by is not None:
            assert member.id not in seen
            seen.add(member.id)
            member = state.members[member.admitted_by]
            assert member.id not in state.removed


def _checkable(people: People) -> list[Op]:
    """Those operations whose authors' keys are known from an admission of somebody known."""
    known, more = set(), {people.host}
    while more - known:
        known |= more
        admits = [op for op in people.ops if op.author in known]
        more = {join.author for op in admits if (join := admitted_by(op)) is not None}
    return [op for op in people.ops if op.author in known]


def _give(ops: OpSet, op: Op) -> None:
    try:
        if ops.knows(op):
            return
        if ops.check(op):
            ops.insert(op)
        else:
            ops.hold(op)
    except RemoteError:
        return
