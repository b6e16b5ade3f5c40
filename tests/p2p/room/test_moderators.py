"""A room run by several: whoever of them is left does what has to be done."""

import pytest

from lab.room_people import Rooms, genesis_of, identity
from p2p.errors import LocalError, UserError
from p2p.room import commands as c
from p2p.room.events import (
    MemberChanged,
    NameImitates,
    ProfileChanged,
    RankChanged,
    StageChanged,
)
from p2p.room.ops import kinds
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Pen
from p2p.room.room import Room
from p2p.room.stage import Stage

ZERO = bytes(32)


def council(count: int = 5) -> Rooms:
    """Host 0, co-host 1, moderator 2, helper 3, and listeners."""
    rooms = Rooms(count)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    rooms.do(1, c.Promote(rooms.ids[2], 2))
    rooms.do(2, c.Promote(rooms.ids[3], 3))
    for number in range(count + 1):
        rooms.events(number)
    return rooms


def test_a_new_rank_is_told_with_who_gave_it():
    rooms = Rooms(2)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    told = rooms.events(2)
    assert MemberChanged(rooms.ids[1], "amina", "co-host", "here", rooms.ids[0]) in told
    assert RankChanged(rooms.ids[1], 1, rooms.ids[0]) in told
    rooms.do(1, c.Promote(rooms.ids[1], 4))
    assert RankChanged(rooms.ids[1], 4, None) in rooms.events(2)
    rooms.do(0, c.Promote(rooms.ids[2], 2))
    rooms.do(0, c.Promote(rooms.ids[2], 3))
    assert RankChanged(rooms.ids[2], 3, rooms.ids[0]) in rooms.events(1)


def test_the_room_goes_on_without_its_host():
    rooms = council()
    rooms.do(0, c.Leave())
    rooms.do(4, c.RaiseHand())
    rooms.run(0.2)
    assert rooms[5].state.unnamed == ()
    rooms.do(2, c.Accept(rooms.ids[4]))
    rooms.do(4, c.TakeFloor())
    assert rooms.stage(4) == {Stage.SPEAKING}
    rooms.do(3, c.Mute(rooms.ids[4]))
    rooms.do(1, c.SetLock(True))
    rooms.do(1, c.SetProfile(1))
    assert ProfileChanged(1) in rooms.events(5)
    rooms.do(1, c.Remove(rooms.ids[2]))
    assert rooms[5].state.removed == {rooms.ids[2]}
    assert rooms[5].state.by[rooms.ids[2]] == rooms.ids[1]


def test_a_moderator_can_give_the_floor_to_itself():
    rooms = council()
    rooms.do(1, c.Accept(rooms.ids[1]))
    rooms.do(1, c.TakeFloor())
    assert rooms.stage(1) == {Stage.SPEAKING}
    assert rooms[4].state.members[rooms.ids[1]].role == "co-host"


def test_when_nobody_is_left_who_could_change_anything_it_is_known():
    rooms = council()
    rooms.do(0, c.Leave())
    rooms.do(1, c.Leave())
    assert not rooms[4].state.no_moderator
    rooms.do(2, c.Leave())
    assert rooms[4].state.no_moderator
    assert rooms[4].state.seniors() == []
    newcomer = Room(identity(9), rooms.genesis.encode(), "new", now=0)
    assert not newcomer.state.no_moderator


def test_the_present_senior_names_hands_and_the_next_waits_its_turn():
    rooms = council()
    rooms.do(4, c.RaiseHand())
    rooms.cut = rooms.asleep = {0}
    rooms.run(1.0)
    assert rooms[1].state.unnamed != ()
    rooms.run(0.2)
    assert rooms[1].state.unnamed == ()
    rooms.do(5, c.RaiseHand())
    for number in (1, 2, 4, 5):
        rooms[number].observe_present([m for m in rooms.ids if m != rooms.ids[0]], rooms.now)
    rooms.run(0.11)
    assert rooms[1].state.unnamed == ()
    rooms[1].observe_present([], rooms.now)
    assert rooms[1].next_timer() is None


def test_hands_that_two_named_apart_make_one_list_place_by_place():
    rooms = Rooms(7)
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    rooms.cut = {1}
    for number in (3, 2):
        rooms[number].do(c.RaiseHand(), rooms.now)
        [out] = rooms[number].to_send(rooms.now)
        rooms[0].receive(out.data, None, rooms.now)
        rooms.now += 0.01
    for number in (5, 4):
        rooms[number].do(c.RaiseHand(), rooms.now)
        [out] = rooms[number].to_send(rooms.now)
        rooms[1].receive(out.data, None, rooms.now)
        rooms.now += 0.01
    for number in (0, 1):
        assert rooms[number].next_timer() is not None
        rooms[number].on_timer(rooms.now + 5)
        assert rooms[number].state.unnamed == ()
        rooms[number].to_send(rooms.now)
    rooms.cut = set()
    rooms.sync()
    expected = tuple(rooms.ids[n] for n in (3, 5, 2, 4))
    assert {room.state.queue for room in rooms.rooms} == {expected}
    rooms.do(6, c.RaiseHand())
    rooms.run(1)
    assert rooms[7].state.queue == (*expected, rooms.ids[6])


def test_the_queue_keeps_its_order_when_whoever_named_it_is_removed():
    rooms = council(7)
    for number in range(1, 8):
        rooms[number].observe_present([], rooms.now)
    rooms[0].observe_present(rooms.ids, rooms.now)
    rooms.cut = {0}
    for number in (6, 4, 7, 5):
        rooms.do(number, c.RaiseHand())
        rooms.run(0.3)
    rooms.cut = set()
    before = rooms[3].state.queue
    assert before == tuple(rooms.ids[n] for n in (6, 4, 7, 5))
    rooms.sync()
    rooms.do(0, c.Remove(rooms.ids[1]))
    rooms.do(0, c.Remove(rooms.ids[2]))
    rooms.run(1)
    assert {room.state.queue for room in rooms.rooms if not room.is_gone} == {before}
    assert rooms[3].state.unnamed == ()


def test_an_invitation_is_taken_back_by_the_next_moderator_if_the_first_is_gone():
    rooms = council()
    rooms.do(4, c.RaiseHand())
    rooms.run(1)
    rooms.do(0, c.Accept(rooms.ids[4]))
    rooms.cut = rooms.asleep = {0, 4}
    rooms.run(62.5)
    assert rooms[2].state.members[rooms.ids[4]].stage is Stage.INVITED
    rooms.events(5)
    rooms.run(0.6)
    assert StageChanged(rooms.ids[4], Stage.LISTENING, "lapsed") in rooms.events(5)
    assert rooms[2].state.members[rooms.ids[4]].lapsed


def test_nobody_takes_an_invitation_back_from_a_senior():
    rooms = council()
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.cut = rooms.asleep = {0, 1}
    rooms.run(70)
    rooms[2].on_timer(rooms.now)
    assert rooms[2].state.members[rooms.ids[1]].stage is Stage.INVITED


# -- what is refused, and what is said


@pytest.mark.parametrize(
    ("by", "command", "code"),
    [
        (2, lambda ids: c.Mute(ids[1]), "is_senior"),
        (2, lambda ids: c.Promote(ids[4], 1), "not_yours_to_give"),
        (2, lambda ids: c.Promote(ids[2], 2), "not_yours_to_give"),
        (0, lambda ids: c.Promote(ids[4], 0), "not_yours_to_give"),
        (0, lambda ids: c.Promote(ids[4], 5), "not_yours_to_give"),
        (0, lambda ids: c.Promote(ids[0], 2), "not_yours_to_give"),
        (0, lambda ids: c.Promote(ids[4], 4), "same_rank"),
        (0, lambda ids: c.Promote(b"x" * 16, 2), "no_such_member"),
        (3, lambda ids: c.Promote(ids[4], 4), "not_host"),
        (3, lambda ids: c.Accept(ids[4]), "not_host"),
        (3, lambda ids: c.Remove(ids[4]), "not_host"),
        (3, lambda ids: c.SetEntry("ask"), "not_host"),
        (3, lambda ids: c.Let(ids[4], False), "not_host"),
        (4, lambda ids: c.Mute(ids[5]), "not_host"),
        (2, lambda ids: c.Remove(ids[2]), "own_removal"),
        (2, lambda ids: c.Uninvite(b"x" * 16), "no_such_invite"),
    ],
)
def test_what_is_not_ours_to_do_is_explained(by, command, code):
    rooms = council()
    with pytest.raises(UserError) as caught:
        rooms.do(by, command(rooms.ids))
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_whoever_is_gone_is_given_no_rank_and_makes_no_invites():
    rooms = council()
    rooms.do(4, c.Leave())
    with pytest.raises(UserError) as caught:
        rooms.do(0, c.Promote(rooms.ids[4], 2))
    assert caught.value.code == "is_gone"
    with pytest.raises(UserError) as caught:
        rooms.do(4, c.MakeInvite(ZERO, 0, 0))
    assert caught.value.code == "is_gone"


def test_a_moderator_takes_back_the_invite_of_a_junior_and_not_of_a_senior():
    rooms = council()
    for number in (0, 4):
        rooms.do(number, c.MakeInvite(bytes([number]) * 32, 0, 0))
    by = {one.by: one.id for one in rooms[2].state.invites.values()}
    rooms.do(2, c.Uninvite(by[rooms.ids[4]]))
    assert rooms[5].state.invites[by[rooms.ids[4]]].revoked
    with pytest.raises(UserError) as caught:
        rooms.do(2, c.Uninvite(by[rooms.ids[0]]))
    assert caught.value.code == "is_senior"
    rooms.do(0, c.Uninvite(by[rooms.ids[0]]))
    assert rooms[5].state.invites[by[rooms.ids[0]]].revoked


def test_a_helper_gives_a_muted_speaker_its_voice_back():
    rooms = council()
    rooms.do(0, c.Accept(rooms.ids[4]))
    rooms.do(4, c.TakeFloor())
    rooms.do(3, c.Mute(rooms.ids[4]))
    rooms.do(3, c.Accept(rooms.ids[4]))
    assert rooms.stage(4) == {Stage.SPEAKING}


def test_relays_of_the_room_are_a_setting_like_others():
    rooms = council()
    relay = kinds.Carrier(ZERO, b"1234", 4433)
    rooms.do(2, c.SetCarriers((relay,)))
    assert rooms[4].state.carriers == (relay,)


def test_beside_a_full_stage_an_epoch_has_room_for_two_removals(monkeypatch):
    monkeypatch.setattr(kinds, "STAGE_ENTRIES_MAX", 0)
    rooms = council(6)
    for number, target in ((0, 4), (1, 5), (2, 6)):
        rooms[number].do(c.Remove(rooms.ids[target]), rooms.now)
    rooms.deliver()
    removals = rooms[1].state.last_removals
    assert len(removals) == 3
    op = rooms[1].write_epoch((), 0, 0, ZERO, ZERO, ZERO, rooms[1].roster())
    assert op.body.knows == removals[:2]
    assert rooms[1].state.heads == (op.id,)


def test_only_a_moderator_writes_epochs():
    rooms = council()
    for number in (3, 4):
        with pytest.raises(UserError) as caught:
            rooms[number].write_epoch((), 0, 0, ZERO, ZERO, ZERO, ())
        assert caught.value.code == "not_host"
    with pytest.raises(LocalError):
        rooms[1].write_epoch((), 0, 9, ZERO, ZERO, ZERO, ())
    gone = rooms.ids[-1]
    rooms.do(0, c.Remove(gone))
    [removal] = rooms[1].state.last_removals
    op = rooms[1].write_epoch((), 0, 0, ZERO, ZERO, ZERO, rooms[1].roster())
    assert op.body.knows == (removal,), "a removal by somebody else can not be hidden behind it"
    assert rooms[1].state.heads == (op.id,)
    assert rooms[1].is_floor(op.data)
    assert not rooms[1].is_floor(rooms[1].join_op)
    assert not rooms[1].is_floor(b"noise")


def test_a_new_key_for_wraps_replaces_the_one_in_the_join():
    rooms = council()
    assert rooms[4].myself.recv == ZERO
    rooms[4].write_recv(b"k" * 32)
    rooms[4].write_recv(b"l" * 32)
    rooms.deliver()
    member = rooms[0].state.members[rooms.ids[4]]
    assert member.recv == b"l" * 32
    assert member in rooms[0].roster()
    rooms.do(4, c.Leave())
    assert rooms[0].state.members[rooms.ids[4]].recv == ZERO
    assert rooms.ids[4] not in [m.id for m in rooms[0].roster()]


def test_a_key_that_signed_two_joins_is_in_no_roster():
    rooms = council()
    key = identity(4)
    again = Pen(key, rooms[0].room_id).write(kinds.Join, key.sign_key, key.dh, ZERO, "another")
    rooms[0].receive(rooms[3]._pen.write(kinds.Admit, again.data).data, None, rooms.now)
    assert not rooms[0].state.members[rooms.ids[4]].trusted
    assert rooms.ids[4] not in [m.id for m in rooms[0].roster()]


def test_who_takes_the_name_of_somebody_here_is_pointed_out():
    rooms = council()
    key = identity(9)
    pen = Pen(key, rooms[0].room_id)
    join = pen.write(kinds.Join, key.sign_key, key.dh, ZERO, "аmіna")
    rooms[2].admit(join.data)
    assert NameImitates(join.author, rooms.ids[1]) in rooms.events(2)
    assert rooms[2].state.members[rooms.ids[1]].imitates is None


def test_a_flood_of_powers_is_cut_off_and_counted():
    rooms = council()
    pen = rooms[3]._pen
    auth = rooms[3].myself.auth
    for number in range(600):
        op = pen.write(kinds.Order, 0, (HandRef(rooms.ids[4], number),), auth=auth)
        rooms[5].receive(op.data, rooms.ids[3], rooms.now)
    assert rooms[5].counts["flood"] > 50
    rooms.do(5, c.RaiseHand())
    assert rooms.stage(5) == {Stage.HAND_UP}


def test_the_keys_of_another_room_open_nothing_here():
    other = Room(identity(0), genesis_of(identity(0), 3).encode(), "host", now=0)
    rooms = council()
    assert not rooms[4].receive(other.join_op, None, 0)
    assert rooms[4].counts["wrong_room"] == 1


def test_who_comes_in_is_shown_first_who_lets_it_in_and_the_power_of_who_vouches_for_the_room():
    rooms = council()
    door, speaker = rooms[4], rooms.ids[2]
    newcomer = Room(identity(9), rooms.genesis.encode(), "new", now=0.0)
    door.admit(newcomer.join_op)
    shown = door.introduction(newcomer.me, speaker)
    for data in shown[:7]:
        assert newcomer.receive(data, None, 0.0)
    assert newcomer.is_in
    known = newcomer.state.members[speaker]
    assert (known.rank, known.auth) == (2, door.state.members[speaker].auth)
    assert sorted(shown) == sorted(door.ops())
    assert door.introduction(newcomer.me, bytes(16)) == door.introduction(newcomer.me)
