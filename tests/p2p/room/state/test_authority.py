"""Ranks: every power hangs on the host, and nobody acts on an equal or a senior."""

import pytest

from lab.room_people import People, kept_of
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op
from p2p.room.stage import Stage
from p2p.room.state.evaluate import state_of
from p2p.room.state.verdict import Findings


def court() -> People:
    """Host 0, co-hosts 1 and 2, moderators 3 (by 1) and 4 (by 2), helper 5 (by 3), 6 and 7."""
    people = People(7)
    people.promote(0, 1, 1)
    people.promote(0, 2, 1)
    people.promote(1, 3, 2)
    people.promote(2, 4, 2)
    people.promote(3, 5, 3)
    people.epoch()
    return people


def ranks(people: People) -> list[int]:
    return [people.member(n).rank for n in range(8)]


def test_ranks_are_given_down_the_line_and_have_names():
    people = court()
    assert ranks(people) == [0, 1, 1, 2, 2, 3, 4, 4]
    roles = [people.member(n).role for n in range(8)]
    assert roles == ["host", "co-host", "co-host", *["moderator"] * 3, "listener", "listener"]
    assert people.member(3).ranked_by == people.ids[1]
    assert people.member(6).ranked_by is None
    assert people.state().seniors()[0].id == people.host


@pytest.mark.parametrize(("by", "rank"), [(3, 1), (5, 2), (5, 3), (6, 3), (0, 0)])
def test_nobody_gives_a_rank_above_its_own_nor_that_of_a_helper(by, rank):
    people = court()
    before = people.state()
    member = people.member(7)
    if rank:
        people.act(by, kinds.Rank, member.id, rank, member.sign, member.dh, (), member.cut, ())
    assert people.state() == before


@pytest.mark.parametrize("by", [7, 5])
def test_nobody_acts_with_the_credentials_of_another(by):
    people = court()
    people.raise_hand(6)
    before = people.state()
    target = people.member(6)
    auth = people.auth(3)
    people.write(by, kinds.Lock, True, (), auth=auth)
    people.write(by, kinds.Remove, target.id, target.join, target.cut, auth=auth)
    fields = (target.id, 3, target.sign, target.dh, (), target.cut, ())
    people.write(by, kinds.Rank, *fields, auth=auth)
    assert people.state() == before


def hand_on(people: People, by: int, to: int) -> None:
    giver, taker = people.member(by), people.member(to)
    fields = (taker.id, giver.rank, taker.sign, taker.dh, (), taker.cut, giver.keeps)
    people.act(by, kinds.Rank, *fields)


def test_who_gives_its_rank_away_has_none_and_what_it_did_stays():
    people = court()
    people.bring_on_stage(7, by=3)
    hand_on(people, 3, 6)
    assert ranks(people) == [0, 1, 1, 4, 2, 3, 2, 4]
    assert people.member(7).stage is Stage.SPEAKING
    assert people.member(6).ranked_by == people.ids[3]
    people.promote(6, 7, 3)
    assert people.member(7).rank == 3


def test_a_rank_goes_from_hand_to_hand_and_back_and_is_always_one():
    people = court()
    for by, to in ((1, 6), (6, 7), (7, 1), (1, 6)):
        hand_on(people, by, to)
    assert ranks(people) == [0, 4, 1, 2, 2, 3, 1, 4]
    people.promote(6, 7, 2)
    assert people.member(7).rank == 2


def test_a_rank_that_was_given_away_can_not_be_given_again():
    people = court()
    first = people.member(1)
    hand_on(people, 1, 6)
    seven = people.member(7)
    for rank in (1, 2):
        fields = (seven.id, rank, seven.sign, seven.dh, (), seven.cut, ())
        people.write(1, kinds.Rank, *fields, auth=first.auth)
    assert ranks(people) == [0, 4, 1, 2, 2, 3, 1, 4]


def test_who_gives_one_rank_to_two_in_two_histories_gives_it_to_nobody():
    people = court()
    one = people.member(1)
    for to in (6, 7):
        taker = people.member(to)
        fields = (taker.id, 1, taker.sign, taker.dh, (), taker.cut, ())
        people.fork(1, kinds.Rank, *fields, auth=one.auth)
    assert ranks(people)[6:] == [4, 4]


def test_the_host_takes_from_a_successor_what_it_was_given():
    people = court()
    hand_on(people, 1, 6)
    people.promote(0, 6, 4)
    assert ranks(people) == [0, 4, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize(
    ("by", "target"),
    [(1, 2), (3, 4), (3, 1), (3, 0), (5, 3), (5, 4), (6, 7), (6, 0), (5, 5)],
)
def test_equals_and_juniors_can_not_touch_each_other(by, target):
    people = court()
    people.bring_on_stage(target) if target else None
    before = people.state().members[people.ids[target]]
    people.mute(target, by=by) if by != target else None
    people.down(target, by=by) if by != target else None
    people.remove(target, by=by)
    people.promote(by, target, 3) if by != target else None
    member = people.member(target)
    people.act(by, kinds.Rank, member.id, 4, member.sign, member.dh, member.tenures, NONE, ()) if (
        by != target
    ) else None
    after = people.member(target)
    assert (after.stage, after.rank, after.slot) == (before.stage, before.rank, before.slot)


def test_a_helper_mutes_and_moves_down_but_gives_nothing():
    people = court()
    people.raise_hand(6)
    people.accept(6, by=5)
    assert people.stage(6) == Stage.HAND_UP
    people.accept(6, by=3)
    people.take(6)
    people.mute(6, by=5)
    assert people.stage(6) == Stage.MUTED
    people.down(6, by=5)
    assert people.stage(6) == Stage.LISTENING
    people.act(5, kinds.Lock, True)
    people.act(5, kinds.Remove, people.ids[6], NONE, NONE)
    people.epoch(5, parents=())
    state = people.state()
    assert not state.locked
    assert state.removed == frozenset()
    assert len(state.heads) == 1


def test_what_a_moderator_did_before_it_was_removed_stands_and_what_it_adds_does_not():
    people = court()
    people.vouch()
    lock = people.act(3, kinds.Lock, True)
    people.bring_on_stage(6, by=3)
    auth = people.auth(3)
    olds = people.pens[3].__dict__ | {"_prev": people.ops[4].id, "_seq": 1}
    people.remove(3, by=1)
    state = people.state()
    assert state.locked
    assert people.stage(6) == Stage.SPEAKING
    assert people.member(5).rank == 3
    people.write(3, kinds.Remove, people.ids[7], NONE, NONE, auth=auth)
    people.write(3, kinds.Grant, state.epoch, 9, people.ids[7], NONE, auth=auth)
    people.write(3, kinds.Lock, False, (lock.id,), auth=auth)
    people.pens[3].__dict__.update(olds)  # below the cut, by its number
    people.write(3, kinds.Remove, people.ids[6], NONE, NONE, auth=auth)
    people.write(3, kinds.Entry, "invited", auth=auth)
    assert people.state() == state


def test_a_rank_taken_away_ends_powers_from_what_was_seen_on():
    people = court()
    people.act(3, kinds.Topic, "seen")
    auth = people.auth(3)
    people.promote(1, 3, 4)
    assert people.member(3).rank == 4
    assert people.member(3).ranked_by == people.ids[1]
    assert people.state().topic == "seen"
    people.write(3, kinds.Topic, "unseen", auth=auth)
    people.write(3, kinds.Lock, True, auth=auth)
    assert people.state().topic == "seen"
    assert not people.state().locked
    people.promote(1, 3, 3)
    assert people.member(3).rank == 3


def test_a_promotion_leaves_what_is_under_way_alone():
    people = court()
    under_way = people.auth(3)
    people.promote(0, 3, 1)
    people.write(3, kinds.Lock, True, auth=under_way)
    assert people.member(3).rank == 1
    assert len(people.member(3).tenures) == 2
    assert people.state().locked
    people.promote(0, 3, 2)
    assert people.member(3).rank == 2


def test_anybody_may_give_up_its_own_rank_and_what_it_did_stands():
    people = court()
    people.act(3, kinds.Lock, True)
    auth = people.auth(3)
    people.promote(3, 3, 4)
    assert people.member(3).rank == 4
    assert people.member(3).ranked_by is None
    assert people.state().locked
    people.write(3, kinds.Entry, "ask", auth=auth)
    assert people.state().entry == "open"
    people.promote(5, 5, 4)
    assert people.member(5).rank == 4
    people.remove(3, by=4)
    assert people.ids[3] in people.state().removed


def test_a_rank_over_somebody_elses_appointment_ends_nothing():
    people = court()
    member = people.member(6)
    others = (*people.member(4).tenures, *people.member(1).tenures, b"x" * 16)
    people.act(3, kinds.Rank, member.id, 3, member.sign, member.dh, others, NONE, ())
    assert ranks(people) == [0, 1, 1, 2, 2, 3, 3, 4]


def test_an_ended_appointment_of_a_senior_time_is_not_ended_again_by_a_peer_of_then():
    people = court()
    people.act(1, kinds.Lock, True)
    [senior] = people.member(1).tenures
    member = people.member(1)
    keys = (member.sign, member.dh)
    people.act(0, kinds.Rank, member.id, 4, *keys, (senior,), member.cut, ())
    people.act(2, kinds.Rank, member.id, 4, *keys, (senior,), NONE, ())
    assert people.member(1).rank == 4
    assert people.state().locked


def test_two_removals_leave_what_both_have_seen():
    people = court()
    people.act(3, kinds.Lock, True)
    early = people.member(3)
    people.act(3, kinds.Entry, "ask")
    people.remove(3, by=1)
    people.act(2, kinds.Remove, early.id, early.join, early.cut, False, early.keeps)
    assert people.state().locked
    assert people.state().entry == "open"


def test_a_removed_moderator_cannot_be_appointed_again():
    people = court()
    people.remove(3)
    people.promote(0, 3, 2)
    assert people.member(3).rank == 4
    assert people.stage(3) == Stage.REMOVED


def test_the_host_can_not_be_given_another_rank():
    people = court()
    people.promote(0, 0, 2)
    assert people.member(0).rank == 0


# -- two histories under one key


def test_from_a_fork_on_only_what_restricts_stands():
    people = court()
    people.vouch()
    lock = people.act(3, kinds.Lock, True)
    people.promote(3, 6, 3)
    people.fork(3, kinds.Lock, False, (lock.id,), auth=people.auth(3))
    people.act(3, kinds.Remove, people.ids[7], people.member(7).join, NONE)
    people.bring_on_stage(5, by=3)
    state = people.state()
    assert state.locked
    assert people.ids[7] in state.removed
    people.epoch(3)
    assert people.state().heads == state.heads
    assert people.stage(5) == Stage.LISTENING


def test_what_came_before_a_fork_stands():
    people = court()
    people.promote(3, 6, 3)
    people.fork(3, kinds.Entry, "ask", auth=people.auth(3))
    people.act(3, kinds.Entry, "invited")
    assert people.member(6).rank == 3
    assert people.state().entry == "open"


def test_a_rank_taken_away_in_a_forked_history_stays_away():
    people = court()
    people.promote(3, 6, 3)
    people.fork(3, kinds.Entry, "ask", auth=people.auth(3))
    people.promote(3, 6, 4)
    assert people.member(6).rank == 4


def test_links_of_one_number_are_a_fork_even_with_different_predecessors():
    people = court()
    people.act(3, kinds.Entry, "ask")
    people.pens[3]._seq -= 1
    people.act(3, kinds.Entry, "invited")
    assert people.state().entry == "open"


# -- what an author takes back by its own word


def give_away(people: People, by: int, to: int) -> Op:
    """Hand on a rank and keep nothing of what was done under it."""
    taker = people.member(to)
    fields = (taker.id, people.member(by).rank, taker.sign, taker.dh, (), taker.cut, ())
    return people.act(by, kinds.Rank, *fields)


def give_up(people: People, by: int) -> Op:
    me = people.member(by)
    return people.act(by, kinds.Rank, me.id, 4, me.sign, me.dh, me.tenures, me.cut, ())


def two_histories(people: People, by: int) -> Op:
    """Sign another operation in the place of the author's first link after its join."""
    auth = people.auth(by)
    people.pens[by].__dict__.update(_seq=1, _prev=people.member(by).join)
    return people.write(by, kinds.Entry, "ask", auth=auth)


ENDS = [
    lambda people, by: give_away(people, by, 2),
    lambda people, by: give_away(people, by, 7),
    give_up,
    two_histories,
]


@pytest.mark.parametrize("end", ENDS)
def test_a_moderator_that_ends_itself_takes_nobody_off_the_stage_whom_a_senior_called(end):
    people = court()
    people.epoch(3)
    people.accept(2)
    people.bring_on_stage(6, slot=3, by=1)
    people.mute(6, by=1)
    end(people, 3)
    assert people.stage(2) == Stage.INVITED
    assert people.stage(6) == Stage.MUTED


@pytest.mark.parametrize("end", ENDS)
def test_nor_by_two_epochs_in_a_row_after_which_the_grant_would_be_forgotten(end):
    people = court()
    people.bring_on_stage(2)
    for _ in range(3):
        people.epoch(3)
        people.ops = kept_of(people)
    end(people, 3)
    people.ops = kept_of(people)
    assert people.stage(2) == Stage.SPEAKING


@pytest.mark.parametrize("end", ENDS)
def test_what_such_a_moderator_gave_itself_ends_with_its_power(end):
    people = court()
    people.accept(7, by=3)
    people.epoch(3)
    people.promote(1, 7, 1)
    assert people.stage(7) == Stage.INVITED
    end(people, 3)
    assert people.stage(7) == Stage.LISTENING


@pytest.mark.parametrize("rank", [1, 2])
def test_a_speaker_that_rises_to_the_rank_of_who_called_it_up_speaks_on(rank):
    people = court()
    people.bring_on_stage(7, by=3)
    people.promote(0, 7, rank)
    assert people.stage(7) == Stage.SPEAKING
    people.epoch()
    assert people.stage(7) == Stage.SPEAKING


def test_nobody_calls_up_an_equal_or_a_senior_that_did_not_ask_for_it():
    people = court()
    people.accept(1, slot=3, by=3)
    people.accept(4, slot=4, by=3)
    assert [people.stage(1), people.stage(4)] == [Stage.LISTENING] * 2
    people.raise_hand(1)
    people.accept(1, slot=3, by=3)
    assert people.stage(1) == Stage.INVITED
    people.write(1, kinds.Audience)
    assert people.stage(1) == Stage.LISTENING


def test_the_grant_of_a_junior_takes_no_place_from_that_of_a_senior():
    people = court()
    people.bring_on_stage(1, slot=9)
    people.act(3, kinds.Grant, people.state().epoch, 2, people.ids[1], people.member(1).wish)
    for blind in (False, True):
        found = Findings(people.ops, people.host, "open")
        live = state_of(found, blind=blind).live
        assert live[people.ids[1]].slot == 9


def test_an_epoch_that_nobody_else_has_named_falls_with_its_authors_own_end():
    people = court()
    before = people.state().heads
    people.epoch(3)
    people.bring_on_stage(6, by=3)
    people.mute(6, by=5)
    give_away(people, 3, 7)
    assert people.state().heads == before
    assert people.stage(6) == Stage.LISTENING


def test_who_names_an_epoch_after_a_senior_cut_it_off_gives_it_no_force():
    people = court()
    before, cut = people.state().heads, people.member(3)
    epoch = people.epoch(3)
    people.act(1, kinds.Remove, cut.id, cut.join, cut.cut, False, cut.keeps)
    people.act(4, kinds.Grant, epoch.id, 2, people.ids[6], NONE)
    assert people.state().heads == before


@pytest.mark.parametrize("lower", [lambda p: p.promote(1, 1, 3), lambda p: hand_on(p, 1, 6)])
def test_who_lowered_itself_and_was_removed_by_an_equal_of_old_does_not_come_back_by_a_fork(lower):
    people = court()
    auth = people.auth(1)
    links = [op for op in people.ops if op.author == people.ids[1] and type(op.body) in kinds.LINKS]
    lower(people)
    people.remove(1, by=2)
    assert people.stage(1) == Stage.REMOVED
    people.pens[1].__dict__.update(_seq=links[-1].seq + 1, _prev=links[-1].id)
    people.write(1, kinds.Entry, "ask", auth=auth)
    assert people.stage(1) == Stage.REMOVED
    assert people.member(1).rank == 4
