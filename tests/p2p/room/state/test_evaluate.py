"""What a set of operations means: nothing but the set decides, and nobody gains by lying."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.room_people import People, identity, kept_of
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Pen
from p2p.room.ops.registers import OTHERS_OF_HOST, OTHERS_OF_MEMBER
from p2p.room.stage import Stage

WHO = st.integers(0, 3)


STEP = st.tuples(
    WHO,
    st.sampled_from(
        (
            *("hand", "lower", "take", "decline", "audience", "leave", "grant", "invite"),
            *("mute", "unmute", "down", "lapse", "remove", "lock", "topic", "order", "usurp"),
        )
    ),
    WHO,
    st.booleans(),
)


def play(steps) -> People:
    """Write a history: whatever the actor wishes, sometimes twice under one number."""
    people = People()
    people.vouch()
    for actor, what, target, forked in steps:
        write = people.fork if forked else people.write
        state = people.state()
        me, other = people.ids[actor], people.ids[target]
        mine = state.members[me]
        match what:
            case "hand" | "lower":
                write(actor, kinds.Hand, what == "hand")
            case "take":
                write(actor, kinds.Take, mine.grant or NONE)
            case "decline":
                write(actor, kinds.Decline, mine.grant or NONE, False)
            case "audience":
                write(actor, kinds.Audience)
            case "leave":
                write(actor, kinds.Leave)
            case "grant" | "invite":
                wish = state.members[other].wish
                hand = wish if what == "grant" else NONE
                write(0, kinds.Grant, NONE, 2 + target % 2, other, hand)
            case "mute" | "unmute":
                live = state.live.get(other)
                grant, lifts = (live.id, live.mutes[:4]) if live else (NONE, ())
                on = what == "mute"
                write(0, kinds.Mute, NONE, other, grant, on, () if on else lifts)
            case "down" | "lapse":
                target_now = state.members[other]
                grant = target_now.grant or NONE
                write(0, kinds.Down, NONE, other, target_now.wish, grant, what == "lapse")
            case "remove":
                write(0, kinds.Remove, other, state.members[other].join, NONE)
            case "lock":
                write(0, kinds.Lock, target % 2 == 0)
            case "topic":
                write(0, kinds.Topic, f"topic {target}")
            case "order":
                hands = tuple(HandRef(i, s) for i, s in hands_up(people, state))
                write(0, kinds.Order, state.named, hands or (HandRef(other, 1),))
            case "usurp":
                write(actor, kinds.Grant, NONE, 5, me, mine.wish)
    return people


def hands_up(people, state):
    seqs = {op.id: op.seq for op in people.ops}
    return [(m, seqs[state.members[m].wish]) for m in state.queue]


HISTORY = st.lists(STEP, max_size=25).map(play)


@settings(max_examples=60)
@given(HISTORY, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(people, shuffler):
    state = people.state()
    ops = people.ops + people.ops[: len(people.ops) // 2]
    shuffler.shuffle(ops)
    assert people.state(ops) == state


@settings(max_examples=60)
@given(HISTORY, st.data())
def test_what_is_kept_means_the_same_and_merges_like_the_whole(people, data):
    ops = people.ops
    kept = kept_of(people, ops)
    assert people.state(kept) == people.state()
    assert kept_of(people, kept) == kept
    in_both = data.draw(st.lists(st.integers(0, 2), min_size=len(ops), max_size=len(ops)))
    one = [op for op, side in zip(ops, in_both, strict=True) if side != 1]
    two = [op for op, side in zip(ops, in_both, strict=True) if side != 0]
    merged = kept_of(people, one) + kept_of(people, two)
    assert kept_of(people, merged) == kept


@settings(max_examples=40)
@given(HISTORY)
def test_the_state_makes_sense_whatever_was_signed(people):
    state = people.state()
    assert list(state.members) == sorted(state.members)
    stages = {m: member.stage for m, member in state.members.items()}
    assert {m for m, stage in stages.items() if stage is Stage.HAND_UP} == set(state.queue)
    assert len(state.queue) == len(set(state.queue))
    slots = [m.slot for m in state.members.values() if m.slot is not None]
    assert len(slots) == len(set(slots))
    for slot, who in state.slots.items():
        assert state.members[who].slot == slot
        assert stages[who] in (Stage.HOST, Stage.INVITED, Stage.SPEAKING)
    for who, stage in stages.items():
        assert (state.members[who].slot is None) == (
            stage in (Stage.LISTENING, Stage.HAND_UP, Stage.LEFT, Stage.REMOVED)
        )
        assert (stage is Stage.REMOVED) == (who in state.removed)


@settings(max_examples=40)
@given(HISTORY, st.lists(STEP, max_size=10))
def test_what_a_removed_key_adds_changes_nothing(people, more):
    people.remove(1)
    before = people.state()
    count = len(people.ops)
    for _, what, _, forked in more:
        write = people.fork if forked else people.write
        if what == "usurp":
            write(1, kinds.Remove, people.ids[2], NONE, NONE)
        elif what in ("hand", "lower"):
            write(1, kinds.Hand, what == "hand")
        elif what == "take":
            write(1, kinds.Take, NONE)
        elif what == "leave":
            write(1, kinds.Leave)
        else:
            write(1, kinds.Order, 0, (HandRef(people.ids[1], 1),))
    assert people.state() == before
    assert people.state(kept_of(people, people.ops)) == before
    assert len(people.ops) == count + len(more)


# -- powers


def test_an_ungranted_key_changes_nobody_elses_state():
    people = People()
    people.bring_on_stage(2)
    before = people.state()
    me, other = people.ids[1], people.ids[2]
    people.write(1, kinds.Grant, NONE, 9, me, NONE)
    people.write(1, kinds.Mute, NONE, other, people.member(2).grant, True)
    wish, grant = people.member(2).wish, people.member(2).grant
    people.write(1, kinds.Down, NONE, other, wish, grant, False)
    people.write(1, kinds.Remove, other, NONE, NONE)
    people.write(1, kinds.Remove, people.host, NONE, NONE)
    people.write(1, kinds.Lock, True)
    people.write(1, kinds.Topic, "mine")
    people.write(1, kinds.Order, 0, (HandRef(me, 1),))
    assert people.state() == before


def test_nobody_removes_the_host_not_even_itself():
    people = People()
    people.write(0, kinds.Remove, people.host, NONE, NONE)
    people.write(0, kinds.Grant, NONE, 9, people.host, NONE)
    people.write(0, kinds.Mute, NONE, people.host, NONE, True)
    assert people.stage(0) == Stage.HOST
    assert people.state().slots == {1: people.host}


def test_an_act_under_a_power_that_nobody_gave_is_ignored():
    people = People()
    people.write(0, kinds.Lock, True, auth=bytes(15) + b"\x01")
    assert not people.state().locked


def test_a_removal_stands_even_for_somebody_never_seen():
    people = People()
    stranger = b"s" * 16
    people.write(0, kinds.Remove, stranger, NONE, NONE)
    assert stranger in people.state().removed
    assert stranger not in people.state().members


# -- taking, and taking back


def test_a_grant_counts_only_while_the_member_still_wants_it():
    people = People()
    people.raise_hand(1)
    grant = people.accept(1)
    assert people.ids[1] in people.state().slots.values()
    people.write(1, kinds.Hand, False)
    assert people.stage(1) == Stage.LISTENING
    assert (people.member(1).slot, people.member(1).grant) == (None, None)
    assert people.ids[1] not in people.state().slots.values()
    people.raise_hand(1)
    assert people.stage(1) == Stage.HAND_UP
    assert people.ids[1] not in people.state().slots.values()
    people.write(1, kinds.Take, grant.id)
    assert people.stage(1) == Stage.SPEAKING


def test_an_invitation_without_a_hand_can_be_taken():
    people = People()
    people.accept(1)
    assert people.stage(1) == Stage.INVITED
    people.take(1)
    assert people.stage(1) == Stage.SPEAKING
    people.write(1, kinds.Audience)
    assert people.stage(1) == Stage.LISTENING


def test_taking_what_was_taken_back_has_no_effect():
    people = People()
    people.raise_hand(1)
    grant = people.accept(1)
    people.down(1, lapsed=True)
    assert people.member(1).lapsed
    people.write(1, kinds.Take, grant.id)
    assert people.stage(1) == Stage.LISTENING


def test_a_hand_raised_again_survives_a_word_about_the_one_before():
    people = People()
    old = people.raise_hand(1)
    people.write(1, kinds.Hand, False)
    people.raise_hand(1)
    people.write(0, kinds.Down, NONE, people.ids[1], old.id, NONE, False)
    assert people.stage(1) == Stage.HAND_UP


def test_a_new_grant_ends_a_mute():
    people = People()
    people.bring_on_stage(1)
    people.mute(1)
    assert people.stage(1) == Stage.MUTED
    assert people.member(1).role == "speaker"
    assert people.member(1).slot == 2
    assert 2 not in people.state().slots
    people.raise_hand(1)
    people.accept(1)
    people.take(1)
    assert people.stage(1) == Stage.SPEAKING
    assert people.state().slots[2] == people.ids[1]


def test_one_slot_has_one_holder_the_earlier_one():
    people = People()
    people.bring_on_stage(1, slot=7)
    people.bring_on_stage(2, slot=7)
    assert people.state().slots == {1: people.host, 7: people.ids[1]}
    assert people.stage(2) == Stage.LISTENING


# -- two histories under one key


def test_two_wishes_of_one_number_are_none_until_a_newer_one():
    people = People()
    people.raise_hand(1)
    people.accept(1)
    grant = people.member(1).grant
    people.fork(1, kinds.Take, grant)
    people.fork(1, kinds.Decline, grant, True)
    people.write(1, kinds.Hand, True)
    assert people.stage(1) == Stage.LISTENING
    assert people.member(1).wish == NONE
    assert not people.member(1).lapsed
    people.raise_hand(1)
    assert people.stage(1) == Stage.HAND_UP


def test_two_words_of_the_host_under_one_number_are_read_as_the_stricter():
    people = People()
    people.vouch()
    people.bring_on_stage(1)
    target = people.ids[1]
    people.fork(0, kinds.Lock, False)
    people.fork(0, kinds.Lock, False)
    assert not people.state().locked  # the very same operation twice is one
    people.fork(0, kinds.Lock, True)
    people.write(0, kinds.Topic, "a")
    people.mute(1)
    people.unmute(1)
    state = people.state()
    assert state.locked
    assert state.topic == ""
    assert state.members[target].stage is Stage.MUTED


def test_what_two_histories_open_stays_as_it_was():
    people = People()
    lock = people.write(0, kinds.Lock, True)
    people.fork(0, kinds.Lock, False, (lock.id,))
    people.write(0, kinds.Topic, "hides the fork")
    people.pens[0]._prev = lock.id
    people.write(0, kinds.Entry, "open")
    assert people.state().locked
    assert people.state().topic == ""


def test_two_joins_of_one_key_have_no_name():
    people = People()
    key = people.keys[1]
    people.pens[1]._seq, people.pens[1]._prev = 0, NONE
    people.join(1, key.sign_key, key.dh, bytes(32), "another", by=2)
    assert people.member(1).name == f"guest-{key.member_id[:2].hex()}"


def test_the_name_of_a_removed_member_is_the_one_it_had():
    people = People()
    people.remove(1)
    key = people.keys[1]
    for name in ("x", "y", "z"):
        people.pens[1]._seq, people.pens[1]._prev = 0, NONE
        people.join(1, key.sign_key, key.dh, bytes(32), name, by=2)
    assert people.member(1).name == "member 1"
    assert people.state(kept_of(people, people.ops)) == people.state()


def test_a_second_removal_changes_nothing():
    people = People()
    people.remove(1)
    before = people.state()
    assert before.removed == {people.ids[1]}
    again = people.write(0, kinds.Remove, people.ids[1], before.members[people.ids[1]].join, NONE)
    assert people.state() == replace(before, last_removals=(again.id,))


# -- how much is kept


def test_a_long_life_leaves_little_behind():
    people = People(2)
    for _ in range(50):
        hand = people.raise_hand(1)
        people.write(0, kinds.Order, 0, (HandRef(people.ids[1], hand.seq),))
        people.accept(1)
        people.take(1)
        people.mute(1)
        people.write(1, kinds.Audience)
        people.epoch()
        people.ops = kept_of(people, people.ops)
    joins, epochs, wish, last_two = 3, 50, 1, 2
    assert len(people.ops) == joins + epochs + wish + last_two


def test_kinds_of_a_newer_program_are_kept_but_only_so_many(monkeypatch):
    monkeypatch.setitem(kinds.NUMBERS, kinds.Body, 77)
    people = People(2)
    for _ in range(OTHERS_OF_MEMBER + 5):
        last = people.write(1, kinds.Body)
    kept = kept_of(people, people.ops)
    assert len(kept) == 3 + OTHERS_OF_MEMBER
    assert last in kept
    assert OTHERS_OF_HOST > OTHERS_OF_MEMBER


def test_what_takes_a_power_that_its_author_never_had_is_dropped():
    people = People(2)
    people.write(1, kinds.Topic, "mine")
    assert len(kept_of(people, people.ops)) == 3


def test_two_members_of_one_name_are_two():
    people = People(0)
    for number in (1, 2):
        key = identity(number)
        pen = Pen(key, people.room_id)
        people.admit(pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "lau"))
    names = [m.name for m in people.state().members.values()]
    assert names.count("lau") == 2
    assert len(people.state().members) == 3
