"""Epochs: what they restate lives on, and everybody agrees on which are heads."""

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE, short
from p2p.room.stage import Stage
from p2p.room.state.epochs import roster_root
from tests.p2p.room.state.test_authority import court


def test_before_the_first_epoch_grants_name_none():
    people = People(2)
    assert people.state().epoch == NONE
    people.bring_on_stage(1)
    assert people.stage(1) == Stage.SPEAKING
    people.epoch()
    assert people.stage(1) == Stage.SPEAKING
    people.write(0, kinds.Grant, NONE, 3, people.ids[2], NONE)
    assert people.stage(2) == Stage.LISTENING


def test_an_epoch_says_who_made_it_and_what_from():
    people = People(2)
    first = people.epoch(why=0)
    second = people.epoch(why=3)
    state = people.state()
    assert state.heads == (second.id,)
    info = state.epochs[second.id]
    assert (info.author, info.parents, info.why) == (people.host, (first.id,), 3)
    assert (info.roster_count, info.stage) == (3, ())
    assert set(state.epochs) == {first.id, second.id}


def test_the_root_of_a_roster_depends_on_members_and_keys_and_not_on_their_order():
    one, two = (b"1" * 16, b"k" * 32), (b"2" * 16, b"l" * 32)
    assert roster_root([one, two]) == roster_root([two, one])
    assert roster_root([one]) != roster_root([one, two])
    assert roster_root([(b"1" * 16, b"K" * 32)]) != roster_root([one])


def test_two_epochs_at_once_are_two_heads_until_a_third_joins_them():
    people = court()
    first = people.state().heads
    ours, theirs = people.epoch(1, parents=first), people.epoch(2, parents=first)
    assert people.state().heads == tuple(sorted((ours.id, theirs.id)))
    merged = people.epoch(3)
    assert people.state().heads == (merged.id,)


def test_an_epoch_by_somebody_without_the_power_is_none():
    people = court()
    before = people.state()
    people.epoch(5)
    people.epoch(6)
    assert people.state() == before


def test_the_epochs_of_a_removed_moderator_count_up_to_the_cut_only():
    people = court()
    start = people.state().heads
    member = people.member(3)
    unseen = people.epoch(3)
    after = people.epoch(4)
    people.act(1, kinds.Remove, member.id, member.join, member.cut, False, ())
    state = people.state()
    assert unseen.id not in state.epochs
    assert state.heads == (after.id,)
    assert start[0] in state.epochs


def test_grants_and_mutes_live_on_by_being_restated():
    people = court()
    people.bring_on_stage(6, slot=4, by=3)
    people.bring_on_stage(7, slot=5, by=3)
    people.mute(7, by=3)
    old = people.state().epoch
    people.epoch(1)
    assert people.stage(6) == Stage.SPEAKING
    assert people.stage(7) == Stage.MUTED
    assert people.state().slots == {1: people.host, 4: people.ids[6]}
    people.unmute(7, by=4)
    assert people.stage(7) == Stage.SPEAKING
    people.write(3, kinds.Mute, old, people.ids[6], people.member(6).grant, True,
                 auth=people.auth(3))  # fmt: skip
    assert people.stage(6) == Stage.SPEAKING
    people.mute(7, by=4)
    people.epoch(2)
    people.epoch(2)
    assert people.stage(7) == Stage.MUTED


def test_an_invitation_outlives_the_epoch_and_the_wish_still_decides():
    people = court()
    people.raise_hand(6)
    people.accept(6, by=3)
    people.epoch(1)
    assert people.stage(6) == Stage.INVITED
    assert people.state().live[people.ids[6]].by is None
    people.take(6)
    assert people.stage(6) == Stage.SPEAKING
    people.write(6, kinds.Audience)
    people.raise_hand(6)
    assert people.stage(6) == Stage.HAND_UP


def test_what_an_epoch_leaves_out_is_over():
    people = court()
    people.bring_on_stage(6, by=3)
    people.epoch(stage=())
    assert people.stage(6) == Stage.LISTENING
    assert set(people.state().slots) == {1}


def test_what_somebody_moved_down_ended_no_epoch_brings_back():
    people = court()
    people.bring_on_stage(6, by=3)
    entry = people.state().live[people.ids[6]].entry
    assert entry.hand == short(people.ops[-3].id)
    people.down(6, by=4)
    people.epoch(stage=(entry,))
    assert people.stage(6) == Stage.LISTENING


def test_an_epoch_by_a_junior_cannot_mute_its_senior():
    people = court()
    people.bring_on_stage(1, by=0)
    live = people.state().live[people.ids[1]]
    muted = kinds.StageEntry(live.slot, live.member, live.id, live.hand, True)
    people.epoch(3, stage=(muted,))
    assert people.stage(1) == Stage.SPEAKING
    people.epoch(0, stage=(muted,))
    assert people.stage(1) == Stage.MUTED


def test_of_two_grants_for_one_member_the_one_taken_counts():
    people = court()
    people.raise_hand(6)
    people.act(3, kinds.Grant, people.state().epoch, 8, people.ids[6], people.member(6).wish)
    other = people.act(
        4, kinds.Grant, people.state().epoch, 9, people.ids[6], people.member(6).wish
    )
    people.write(6, kinds.Take, other.id)
    assert people.member(6).slot == 9
    people.raise_hand(7)
    people.accept(7, slot=8, by=3)
    assert people.stage(7) == Stage.INVITED


def test_a_slot_given_twice_goes_to_whoever_takes_it_and_before_that_to_the_seniors_guest():
    people = court()
    people.raise_hand(6)
    people.raise_hand(7)
    people.act(3, kinds.Grant, people.state().epoch, 8, people.ids[6], people.member(6).wish)
    late = people.act(1, kinds.Grant, people.state().epoch, 8, people.ids[7], people.member(7).wish)
    assert people.stage(7) == Stage.INVITED
    assert people.stage(6) == Stage.HAND_UP
    grant = next(op for op in people.ops if isinstance(op.body, kinds.Grant))
    people.write(6, kinds.Take, grant.id)
    assert people.stage(6) == Stage.SPEAKING
    assert people.stage(7) == Stage.HAND_UP
    assert late.id not in [live.id for live in people.state().live.values()]


def test_a_mute_names_its_grant_and_its_member():
    people = court()
    people.bring_on_stage(6, slot=4, by=3)
    people.bring_on_stage(1, slot=5, by=0)
    senior = people.member(1)
    people.act(3, kinds.Mute, people.state().epoch, people.ids[6], senior.grant, True)
    people.act(3, kinds.Down, people.state().epoch, people.ids[6], NONE, senior.grant, False)
    assert people.stage(1) == people.stage(6) == Stage.SPEAKING


def test_two_mutes_need_both_lifted():
    people = court()
    people.bring_on_stage(6, by=3)
    first = people.mute(6, by=3)
    people.mute(6, by=1)
    grant = people.member(6).grant
    people.act(4, kinds.Mute, people.state().epoch, people.ids[6], grant, False, (first.id,))
    assert people.stage(6) == Stage.MUTED
    people.unmute(6, by=4)
    assert people.stage(6) == Stage.SPEAKING


def test_an_epoch_shuts_out_whom_its_author_knew_to_be_removed_or_one_before_it_did():
    people = court()
    people.remove(6, by=3)
    assert people.state().shut_out == {people.state().heads[0]: frozenset()}
    after = people.epoch(4)
    people.remove(7, by=4)
    unaware = people.epoch(3, parents=(), knows=())
    out = people.ids[6]
    assert people.state().shut_out[after.id] == {out}
    assert people.state().shut_out[unaware.id] == {out}, "its author had removed that one itself"
    merged = people.epoch(1)
    assert people.state().shut_out == {merged.id: {out, people.ids[7]}}


def test_an_epoch_of_somebody_who_does_not_know_of_a_removal_shuts_nobody_out():
    people = court()
    parents = people.state().heads
    people.remove(6, by=3)
    unaware = people.epoch(4, parents=parents, knows=())
    assert people.state().shut_out == {unaware.id: frozenset()}


def test_a_removal_that_a_senior_undid_shuts_nobody_out():
    people = court()
    member = people.member(3)
    people.remove(6, by=3)
    head = people.epoch(1)
    assert people.state().shut_out == {head.id: {people.ids[6]}}
    people.act(1, kinds.Remove, member.id, member.join, member.cut, False, ())
    assert people.state().shut_out == {head.id: frozenset()}
