"""Moderators' programs vouch, so that nobody falls out of the room whom nobody put out."""

from collections.abc import Callable

import pytest

from crypto.identity import sign, sign_public_of
from lab.room_people import Rooms, identity
from p2p.room import commands as c
from p2p.room.agent.vouching import DELAY_S, LOST_MAX, TURN_S
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op, Pen
from p2p.room.state.invites import CONTEXT
from p2p.room.store import quotas

SEED = b"s" * 32


def join(rooms: Rooms, number: int, invite: bytes = NONE, seed: bytes = SEED) -> Op:
    key = identity(number)
    proof = sign(seed, CONTEXT, rooms[0].room_id + key.member_id) if invite != NONE else b""
    fields = (key.sign_key, key.dh, bytes(32), f"guest {number}", invite, proof)
    return Pen(key, rooms[0].room_id).write(kinds.Join, *fields)


def let_in(rooms: Rooms, number: int, door: int, invite: bytes = NONE) -> bytes:
    op = join(rooms, number, invite)
    rooms[door].admit(op.data)
    rooms.deliver()
    return op.author


def invite(rooms: Rooms, by: int, uses: int = 0) -> bytes:
    rooms.do(by, c.MakeInvite(sign_public_of(SEED), uses, 0))
    [made] = [one for one in rooms[0].state.invites.values() if one.key == sign_public_of(SEED)]
    return made.id


def here(rooms: Rooms, member: bytes) -> set[bool]:
    found = [room.state.members.get(member) for room in rooms.rooms]
    return {one is not None and one.is_here for one in found}


@pytest.mark.parametrize("shut", [c.SetLock(True), c.SetEntry("ask"), c.SetEntry("invited")])
def test_whoever_shuts_the_room_vouches_for_all_who_are_in(shut: c.SettingCommand):
    rooms = Rooms(2)
    guest = let_in(rooms, 9, door=1)
    rooms.do(0, shut)
    assert here(rooms, guest) == {True}
    assert rooms[1].state.members[guest].admitted_by is None
    assert all(one.admitted_by is None for one in rooms[2].state.members.values())


def test_a_room_of_many_is_vouched_for_on_several_pages(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("p2p.room.agent.vouching.ROSTER_MAX", 4)
    rooms = Rooms(1)
    guests = [let_in(rooms, 100 + n, door=0) for n in range(4)]
    rooms.do(0, c.SetLock(True))
    pages = [rooms[1]._ops.read(data).body for data in rooms[1].ops_of(kinds.Roster)]
    assert sorted(len(page.members) for page in pages) == [1, 4]
    assert all(here(rooms, guest) == {True} for guest in guests)


def test_whoever_a_removed_member_let_in_stays_unless_its_branch_goes_too():
    for branch, stay in ((False, {True}), (True, {False})):
        rooms = Rooms(2)
        guest = let_in(rooms, 9, door=1)
        rooms.do(0, c.Remove(rooms.ids[1], branch))
        assert here(rooms, guest) == stay
        assert guest not in rooms[0].state.removed


def test_ghosts_for_whom_a_moderator_has_vouched_go_with_the_branch_of_their_maker():
    """The lock names all who are in, so they would stay for good; nobody else goes with them."""
    rooms = Rooms(3)
    ghost = let_in(rooms, 9, door=1)
    theirs = let_in(rooms, 10, door=1)
    pen = Pen(identity(9), rooms[0].room_id)
    pen.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "guest 9")
    honest = join(rooms, 11)
    grandchild = join(rooms, 12)
    rooms[2].admit(honest.data)
    for op in (honest, grandchild):
        rooms[0].receive(pen.write(kinds.Admit, op.data).data, rooms.ids[1], rooms.now)
    rooms.deliver()
    rooms.do(0, c.Promote(theirs, 2))
    rooms.do(0, c.SetLock(True))
    rooms.do(0, c.Remove(rooms.ids[1], branch=True))
    assert here(rooms, ghost) == here(rooms, grandchild.author) == {False}
    assert {ghost, grandchild.author} <= rooms[0].state.removed
    assert here(rooms, honest.author) == here(rooms, theirs) == here(rooms, rooms.ids[2]) == {True}


def test_whoever_came_by_the_same_invite_as_a_removed_member_stays():
    rooms = Rooms(2)
    made = invite(rooms, 2)
    rooms.do(0, c.SetEntry("invited"))
    first, second = let_in(rooms, 9, 1, made), let_in(rooms, 10, 1, made)
    rooms.do(0, c.Remove(first, branch=True))
    assert here(rooms, second) == {True}
    assert here(rooms, let_in(rooms, 11, 1, made)) == {False}


def test_whoever_came_by_an_invite_stays_when_a_moderator_takes_it_back():
    rooms = Rooms(2)
    made = invite(rooms, 2)
    rooms.do(0, c.SetEntry("invited"))
    guest = let_in(rooms, 9, 1, made)
    rooms.do(0, c.Uninvite(made))
    assert here(rooms, guest) == {True}


def test_an_invite_that_its_maker_takes_back_costs_nobody_its_place_for_long():
    rooms = Rooms(2)
    made = invite(rooms, 2)
    rooms.do(0, c.SetEntry("invited"))
    guest = let_in(rooms, 9, 1, made)
    rooms.do(2, c.Uninvite(made))
    assert here(rooms, guest) == {False}
    rooms.run(DELAY_S + 0.1)
    assert here(rooms, guest) == {True}


def locked_while_one_came(rooms: Rooms) -> bytes:
    """The host locks the room, cut off; meanwhile member 2 lets somebody in, seen by 1."""
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    rooms.cut = {0}
    guest = let_in(rooms, 9, door=2)
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms.cut = set()
    return guest


def test_who_came_while_another_locked_the_room_is_vouched_for_by_a_moderator_that_knew_it():
    rooms = Rooms(2)
    guest = locked_while_one_came(rooms)
    rooms.sync()
    assert here(rooms, guest) == {False}
    rooms.run(DELAY_S + TURN_S + 0.1)
    assert here(rooms, guest) == {True}
    [roster] = [
        body
        for data in rooms[2].ops_of(kinds.Roster)
        if guest in (body := rooms[2]._ops.read(data).body).members
    ]
    assert roster.author == rooms.ids[1], "the host never had it in its roster"


@pytest.mark.parametrize(
    "command",
    [
        lambda rooms, guest: c.Remove(rooms.ids[2], branch=True),
        lambda rooms, guest: c.Remove(rooms.ids[3], branch=False),
        lambda rooms, guest: c.Let(guest, on=False),
        lambda rooms, guest: c.Promote(rooms.ids[1], 4),
    ],
    ids=[
        "its door was removed",
        "whose invite it had was removed",
        "it was turned away",
        "no moderator is left",
    ],
)
def test_nobody_vouches_against_the_word_of_a_senior(
    command: Callable[[Rooms, bytes], c.Command],
):
    rooms = Rooms(3)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    made = invite(rooms, 3)
    rooms.cut = {0}
    guest = let_in(rooms, 9, door=2, invite=made)
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms[0].do(c.SetEntry("ask"), rooms.now)
    rooms[0].write_ask(join(rooms, 9, made).data)
    rooms[0].do(command(rooms, guest), rooms.now)
    rooms.cut = set()
    rooms.sync()
    assert here(rooms, guest) == {False}
    rooms.run(10)
    assert here(rooms, guest) == {False}


def test_a_listener_vouches_for_nobody():
    rooms = Rooms(2)
    rooms.cut = {0}
    guest = let_in(rooms, 9, door=2)
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(30)
    assert here(rooms, guest) == {False}


def test_many_who_fell_out_are_vouched_for_page_by_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("p2p.room.agent.vouching.ROSTER_MAX", 2)
    rooms = Rooms(2)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    rooms.cut = {0}
    guests = [let_in(rooms, 100 + n, door=2) for n in range(5)]
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(DELAY_S + TURN_S + 0.1)
    counts = []
    for _ in range(3):
        counts.append(sum(here(rooms, guest) == {True} for guest in guests))
        rooms.run(1.0)
    assert counts == [2, 4, 5]
    assert len(guests) < LOST_MAX


@pytest.mark.parametrize("invited", [False, True], ids=["its door", "one that came by its invite"])
def test_nobody_vouches_for_whom_a_removal_of_the_next_moment_puts_out(invited: bool):
    rooms = Rooms(3)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    made = invite(rooms, 3) if invited else NONE
    out = let_in(rooms, 10, 3, made) if invited else rooms.ids[2]
    rooms.cut = {0}
    guest = let_in(rooms, 9, door=2, invite=made)
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(DELAY_S / 2)
    rooms.do(0, c.Remove(out, branch=True))
    rooms.run(10)
    assert here(rooms, guest) == {False}


def test_who_fell_out_among_so_many_that_its_admission_was_dropped_is_let_in_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("p2p.room.store.opset.CLAIMS_MAX", 1)
    rooms = Rooms(2)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    rooms.cut = {0}
    guests = [let_in(rooms, number, door=2) for number in (9, 10)]
    rooms[0].do(c.SetLock(True), rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(DELAY_S + TURN_S + 0.1)
    lost = [
        number for number, one in zip((9, 10), guests, strict=True) if here(rooms, one) == {False}
    ]
    assert len(lost) == 1
    newcomer = join(rooms, lost[0])
    rooms[0].readmit(newcomer.author, newcomer.data, 0.0)
    rooms.deliver()
    assert here(rooms, newcomer.author) == {True}
    assert rooms[0].refusal(join(rooms, 11).data, identity(11).dh) == "locked"


def test_a_moderators_no_stands_against_the_word_of_another_that_vouched():
    rooms = Rooms(1)
    guest = join(rooms, 9)
    rooms[0].do(c.SetEntry("ask"), rooms.now)
    rooms[0].write_ask(guest.data)
    rooms[0].do(c.Let(guest.author, on=False), rooms.now)
    rooms[0]._write(kinds.Roster, (guest.author,))
    assert rooms[0].refusal(guest.data, identity(9).dh) == "denied"


def removed_moderator(rooms: Rooms, prepare: Callable[[Op], tuple[object, ...]]) -> Op:
    """Moderator 1 prepares for a key that nobody has seen, and is removed from a locked room."""
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    sleeper, villain = join(rooms, 9), rooms[1]
    kind, *fields = prepare(sleeper)
    prepared = villain._write(kind, *fields, auth=villain.myself.auth)
    rooms.deliver()
    rooms.do(0, c.SetLock(True))
    rooms.do(2, c.Leave())
    rooms.do(0, c.Remove(villain.me))
    for door in (1, 2):
        admit = rooms[door]._pen.write(kinds.Admit, sleeper.data)
        for room in (rooms[0], rooms[3]):
            room.receive(admit.data, rooms.ids[3], rooms.now)
    return prepared


def rank_of_9(rank: int) -> tuple[object, ...]:
    key = identity(9)
    return kinds.Rank, key.member_id, rank, key.sign_key, key.dh, (), NONE


@pytest.mark.parametrize(
    "prepare",
    [
        lambda op: (kinds.Roster, (op.author,)),
        lambda op: (kinds.Let, op.author, True),
        lambda op: rank_of_9(3),
        lambda op: rank_of_9(2),
        lambda op: rank_of_9(1),
    ],
    ids=["it vouches", "it says yes", "it appoints", "it makes a moderator", "it hands on"],
)
def test_a_removed_moderator_brings_in_no_key_that_it_had_prepared_before(
    prepare: Callable[[Op], tuple[object, ...]],
):
    rooms = Rooms(3)
    prepared = removed_moderator(rooms, prepare)
    assert here(rooms, identity(9).member_id) == {False}
    pen = Pen(identity(9), rooms[0].room_id)
    pen.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "guest 9")
    topic = pen.write(kinds.Topic, "mine", (), auth=prepared.id)
    rooms[0].receive(topic.data, rooms.ids[3], rooms.now)
    assert rooms[0].state.topic == "tea"


@pytest.mark.parametrize("branch", [False, True])
def test_whoever_a_removed_moderator_alone_had_vouched_for_stays(branch: bool):
    rooms = Rooms(3)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    guest = let_in(rooms, 9, door=2)
    rooms.do(1, c.SetLock(True))
    assert rooms[0].state.members[guest].vouched_by == rooms.ids[1]
    rooms.do(0, c.Remove(rooms.ids[1], branch))
    assert here(rooms, guest) == {True}
    assert here(rooms, rooms.ids[3]) == {True}


def test_whoever_came_by_the_invite_of_a_removed_moderator_goes_with_its_branch():
    rooms = Rooms(3)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    guest = let_in(rooms, 9, 2, invite(rooms, 1))
    rooms.do(1, c.SetLock(True))
    rooms.do(0, c.Remove(rooms.ids[1], branch=True))
    assert here(rooms, guest) == {False}


def test_of_the_keys_that_a_removed_moderator_prepared_as_many_go_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
):
    rooms = Rooms(1)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    for number in (9, 10):
        key = identity(number)
        fields = (key.member_id, 2, key.sign_key, key.dh, (), NONE)
        rooms[1]._write(kinds.Rank, *fields, auth=rooms[1].myself.auth)
    rooms.deliver()
    monkeypatch.setattr(quotas, "RESERVE", 0)
    monkeypatch.setattr(quotas, "LASTING_MAX", rooms[0]._ops._quotas._counts["lasting"] + 2)
    rooms.do(0, c.Remove(rooms.ids[1]))
    assert len(rooms[0].state.sleepers) == 1
    assert rooms.ids[1] in rooms[0].state.removed


def test_whom_ghosts_let_in_as_well_does_not_go_with_the_branch_of_their_maker():
    """The maker is nearer to the host than the honest door, and takes its place with its ghosts."""
    rooms = Rooms(2)
    door, guest = join(rooms, 20), join(rooms, 21)
    pen = Pen(identity(20), rooms[0].room_id)
    pen.write(kinds.Join, identity(20).sign_key, identity(20).dh, bytes(32), "guest 20")
    rooms[2].admit(door.data)
    rooms.deliver()
    rooms[0].receive(pen.write(kinds.Admit, guest.data).data, rooms.ids[2], rooms.now)
    rooms.deliver()
    rooms[1].admit(guest.data)
    for number in range(30, 36):
        ghost, shadow = let_in(rooms, number, door=1), Pen(identity(number), rooms[0].room_id)
        fields = (identity(number).sign_key, identity(number).dh, bytes(32), f"guest {number}")
        shadow.write(kinds.Join, *fields)
        rooms[0].receive(shadow.write(kinds.Admit, guest.data).data, ghost, rooms.now)
    rooms.deliver()
    rooms.do(0, c.Remove(rooms.ids[1], branch=True))
    assert here(rooms, ghost) == {False}
    assert here(rooms, guest.author) == {True}
