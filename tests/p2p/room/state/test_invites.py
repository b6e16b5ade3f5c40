"""Invites: who came by whom, who goes with whom, and when one lets nobody in any more."""

import pytest

from crypto.identity import sign, sign_public_of
from lab.room_people import People, identity
from p2p.errors import UserError
from p2p.room import commands as c
from p2p.room.agent.intents import LIVE_INVITES_MAX, writing_for
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op, Pen
from p2p.room.ops.registers import INVITES_MAX
from p2p.room.stage import Stage
from p2p.room.state.invites import CONTEXT

SEED = b"s" * 32


def invite(people: People, by: int, uses: int = 0, expires_s: int = 0, seed: bytes = SEED) -> Op:
    return people.write(by, kinds.Invite, sign_public_of(seed), uses, expires_s)


def join_of(people: People, number: int, by: Op, seed: bytes = SEED) -> Op:
    key = identity(number)
    proof = sign(seed, CONTEXT, people.room_id + key.member_id)
    pen = Pen(key, people.room_id)
    fields = (key.sign_key, key.dh, bytes(32), f"member {number}", by.id, proof)
    op = pen.write(kinds.Join, *fields)
    if number == len(people.ids):
        people.keys.append(key)
        people.ids.append(key.member_id)
        people.pens.append(pen)
        people.admit(op)
    return op


def family() -> People:
    """Member 3 invited 4 and 5, and 5 invited 6; 2 is a moderator that 3 knows nothing of."""
    people = People(3)
    people.promote(0, 2, 2)
    first = invite(people, 3)
    join_of(people, 4, first)
    join_of(people, 5, first)
    join_of(people, 6, invite(people, 5, seed=b"t" * 32), seed=b"t" * 32)
    return people


def test_whoever_proves_to_hold_an_invite_came_by_it():
    people = family()
    assert [people.member(n).invited_by for n in range(7)] == [
        *[None] * 4, *[people.ids[3]] * 2, people.ids[5],
    ]  # fmt: skip
    assert sorted(one.used for one in people.state().invites.values()) == [1, 2]


def test_a_proof_by_another_key_or_for_somebody_else_proves_nothing():
    people = People(1)
    op = invite(people, 1)
    join_of(people, 2, op, seed=b"w" * 32)
    stolen = join_of(people, 9, op)
    key = identity(3)
    pen = Pen(key, people.room_id)
    fields = (key.sign_key, key.dh, bytes(32), "thief", op.id, stolen.body.proof)
    people.admit(pen.write(kinds.Join, *fields))
    state = people.state()
    assert all(member.invited_by is None for member in state.members.values())
    assert state.invites[op.id].used == 0


def test_nobody_comes_by_its_own_invite():
    people = People(1)
    op = invite(people, 1)
    join_of(people, 1, op)
    people.admit(join_of(people, 1, op))
    assert people.state().invites[op.id].used == 0


def test_a_member_can_be_removed_with_everybody_it_brought():
    people = family()
    people.remove(3, branch=True)
    assert [people.stage(n) for n in (3, 4, 5, 6)] == [Stage.REMOVED] * 4
    assert people.state().by[people.ids[6]] == people.host
    head = people.epoch()
    assert people.state().shut_out[head.id] == {people.ids[n] for n in (3, 4, 5, 6)}
    late = join_of(people, 7, people.ops[5])
    assert late.body.invite in [op.id for op in people.ops if isinstance(op.body, kinds.Invite)]
    assert people.stage(7) == Stage.REMOVED


def test_two_who_claim_to_have_brought_each_other_go_together():
    people = People(1)
    first = invite(people, 1)
    join_of(people, 2, first)
    second = invite(people, 2, seed=b"t" * 32)
    people.admit(join_of(people, 1, second, seed=b"t" * 32), by=2)
    people.remove(2, branch=True)
    assert [people.stage(n) for n in (1, 2)] == [Stage.REMOVED] * 2


def test_a_branch_goes_only_if_it_is_junior_and_its_powers_end():
    people = family()
    people.promote(0, 4, 1)
    people.promote(2, 5, 3)
    auth = people.auth(5)
    people.raise_hand(1)
    people.accept(1)
    people.take(1)
    people.write(5, kinds.Mute, NONE, people.ids[1], people.member(1).grant, True, auth=auth)
    assert people.stage(1) == Stage.MUTED
    people.remove(3, by=2, branch=True)
    assert [people.stage(n) for n in (3, 4, 5, 6)] == [
        Stage.REMOVED, Stage.LISTENING, Stage.REMOVED, Stage.REMOVED,
    ]  # fmt: skip
    assert people.stage(1) == Stage.SPEAKING


def test_without_the_branch_only_the_member_goes():
    people = family()
    people.remove(3)
    assert [people.stage(n) for n in (4, 5, 6)] == [Stage.LISTENING] * 3
    assert people.member(4).invited_by == people.ids[3]
    assert people.ids[3] not in [one.by for one in people.state().invites.values()]


def test_an_invite_is_taken_back_by_its_maker_or_by_somebody_senior():
    people = People(4)
    people.promote(0, 1, 2)
    people.promote(0, 2, 2)
    ops = [invite(people, n, seed=bytes([n]) * 32) for n in (0, 1, 3, 4)]

    def revoked() -> list[bool]:
        return [people.state().invites[op.id].revoked for op in ops]

    people.write(4, kinds.Uninvite, ops[2].id)
    people.act(2, kinds.Uninvite, ops[0].id)
    people.act(2, kinds.Uninvite, ops[1].id)
    people.act(2, kinds.Uninvite, b"x" * 16)
    assert revoked() == [False] * 4
    people.write(3, kinds.Uninvite, ops[2].id)
    people.act(2, kinds.Uninvite, ops[3].id)
    people.write(0, kinds.Uninvite, ops[0].id)
    people.write(0, kinds.Uninvite, ops[1].id)
    assert revoked() == [True] * 4


def test_a_member_has_only_so_many_invites_at_once_and_in_its_life():
    people = People(1)

    def make(number: int) -> Op:
        state = people.state()
        command = c.MakeInvite(sign_public_of(bytes([number]) * 32), 1, 0)
        writing = writing_for(command, state.members[people.ids[1]], state, 1)
        assert writing is not None
        return people.write(1, writing.kind, *writing.fields, auth=writing.auth)

    made = [make(n) for n in range(LIVE_INVITES_MAX)]
    with pytest.raises(UserError) as caught:
        make(99)
    assert caught.value.code == "too_many_invites"
    join_of(people, 2, made[0], seed=bytes(32))
    assert people.state().invites[made[0].id].is_used_up
    people.write(1, kinds.Uninvite, make(8).id)
    for number in range(9, INVITES_MAX):
        people.write(1, kinds.Uninvite, make(number).id)
    with pytest.raises(UserError):
        make(99)
    for number in range(INVITES_MAX, INVITES_MAX + 5):
        invite(people, 1, seed=bytes([number]) * 32)
    assert len(people.state().invites) == INVITES_MAX
    assert people.state().members[people.ids[2]].invited_by == people.ids[1]
