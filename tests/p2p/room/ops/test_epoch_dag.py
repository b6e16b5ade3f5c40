"""Epochs of long ago are forgotten, and nothing that is left, or comes again, depends on them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.room_people import a_room, kept_of
from p2p.room.ops import epoch_dag as ancestry
from p2p.room.ops import kinds
from p2p.room.ops.op import Op
from p2p.room.store.opset import OpSet

KEPT = ancestry.KEPT_STEPS
QUARTER = 90
EDGES = [one + more for one in (ancestry.AWAITED_STEPS, KEPT) for more in (-1, 0, 1)]
STEPS = [0, 1, *EDGES, 2 * KEPT, 9 * KEPT]


def epochs(ops: list[Op]) -> list[Op]:
    return [op for op in ops if isinstance(op.body, kinds.Epoch)]


def test_a_room_keeps_the_epochs_of_twelve_hours_however_long_it_lasts() -> None:
    people = a_room()
    made = [people.epoch(number % 3, step=QUARTER * number) for number in range(1, 200)]
    left = kept_of(people)
    assert epochs(left) == sorted(made[-49:], key=lambda op: (op.author, op.seq))
    assert people.state(left).heads == people.state().heads == (made[-1].id,)


def test_what_is_kept_of_it_means_the_same_to_a_newcomer_and_goes_on() -> None:
    people = a_room()
    for number in range(1, 60):
        people.epoch(number % 3, step=QUARTER * number)
    people.remove(4, by=1)
    people.ops = kept_of(people)
    before = people.state()
    epoch = people.epoch(2, step=QUARTER * 60)
    assert before.removed == {people.ids[4]}
    assert people.state().heads == (epoch.id,)
    assert set(people.state().epochs) == {op.id for op in epochs(kept_of(people))}


def test_an_epoch_of_long_ago_that_comes_again_is_past_again() -> None:
    people = a_room()
    old = [people.epoch(1, step=QUARTER * number) for number in range(1, 4)]
    for number in range(50, 60):
        people.epoch(0, step=QUARTER * number)
    left = kept_of(people)
    assert not set(old) & set(left)
    for op in old:
        again = [*left, op]
        assert people.state(again).heads == people.state(left).heads
        assert set(kept_of(people, again)) == set(left)


def test_one_that_nobody_had_heard_of_is_a_head_within_twelve_hours_and_past_after() -> None:
    people = a_room()
    start = people.state().heads
    lone = people.epoch(1, step=1)
    people.epoch(2, parents=start, step=1)
    for now in (KEPT, KEPT + 1, KEPT + 2):
        parents = [one for one in people.state().heads if one != lone.id]
        people.epoch(0, parents=parents, step=now)
        assert (lone.id in people.state().heads) == (now <= KEPT + 1)


def test_after_days_asleep_the_next_epoch_needs_none_of_those_before() -> None:
    people = a_room()
    old = people.epoch(1, step=QUARTER)
    awake = people.epoch(0, step=30 * KEPT)
    assert people.state().heads == (awake.id,)
    assert old in kept_of(people), "what was issued under it is not forgotten yet"
    after = people.epoch(2, step=30 * KEPT + QUARTER)
    assert epochs(kept_of(people)) == sorted([awake, after], key=lambda op: op.author)


def test_a_down_that_still_counts_keeps_its_epoch_so_that_newcomers_can_take_it_in() -> None:
    people = a_room()
    people.raise_hand(3)
    people.epoch(0, step=1)
    down = people.down(3, by=1)
    for number in range(1, 5):
        people.epoch(2, step=number * KEPT)
    newcomer = OpSet(people.genesis)
    for op in kept_of(people):
        assert newcomer.check(op)
        newcomer.insert(op)
    assert down.id in newcomer
    people.raise_hand(3)
    assert not any(op.id in (down.id, down.body.epoch) for op in kept_of(people))


def test_if_the_newest_does_not_count_nobody_waits_for_what_it_made_us_forget() -> None:
    people = a_room()
    for number in range(1, 60):
        people.epoch(0, step=QUARTER * number)
    member = people.member(1)
    newest = people.epoch(1, step=QUARTER * 60)
    people.ops = kept_of(people)
    before = newest.body.parents[0].epoch
    people.act(0, kinds.Remove, member.id, member.join, member.cut, False, ())
    assert newest.id not in people.state().epochs
    assert people.state().heads == (before,)


def test_an_epoch_waits_for_a_parent_that_is_not_past() -> None:
    people = a_room()
    before = people.state().heads
    missing = people.epoch(1, step=KEPT)
    last = people.epoch(2, step=KEPT + QUARTER)
    rest = [op for op in people.ops if op is not missing]
    assert people.state(rest).heads == before
    assert people.state().heads == (last.id,)


def test_a_clock_that_lags_makes_no_epoch_older_than_what_it_replaces() -> None:
    people = a_room()
    people.epoch(1, step=3 * KEPT)
    late = people.epoch(2, step=5)
    assert people.state().heads == (late.id,)
    assert people.state(kept_of(people)).heads == (late.id,)
    after = people.epoch(0, step=3 * KEPT + QUARTER)
    assert people.state().heads == (after.id,)
    assert late in kept_of(people)


def test_who_lies_about_the_time_stops_nobody() -> None:
    """Its epoch is replaced like any other; from then on nothing is forgotten, that is all."""
    people = a_room()
    first = people.epoch(0, step=QUARTER)
    liar = people.epoch(1, step=2**32 - 1)
    assert people.state().heads == (liar.id,)
    after = [people.epoch(0, step=QUARTER * number) for number in range(2, 100)]
    people.remove(1)
    assert people.state().heads == (after[-1].id,)
    left = kept_of(people)
    assert first not in left
    assert {liar, *after} < set(left)
    assert people.state(left) == people.state()


def test_who_lies_about_the_step_of_a_parent_makes_nobody_wait_for_it() -> None:
    people = a_room()
    parent = people.epoch(0, step=QUARTER)
    fields = people.epoch_fields(step=2 * QUARTER)
    lie = kinds.Parent(parent.id, 2**32 - 1)
    liar = people.act(1, kinds.Epoch, (lie,), *fields[1:])
    after = people.epoch(2, step=3 * QUARTER)
    left = kept_of(people)
    assert {parent, liar, after} <= set(left)
    assert people.state(left).heads == (after.id,)


def test_who_was_removed_can_make_nobody_forget_an_epoch_that_shut_it_out() -> None:
    """It holds one of two heads, and says that this one is of the far future."""
    people = a_room()
    start = people.state().heads
    auth = people.auth(1)
    open_to_it = people.epoch(2, parents=start, step=1)
    people.remove(1)
    shut = people.epoch(0, parents=start, step=1)
    assert set(people.state().heads) == {open_to_it.id, shut.id}
    fields = people.epoch_fields(step=2**32 - 1)
    lie = kinds.Parent(open_to_it.id, 2**32 - 1)
    people.write(1, kinds.Epoch, (lie,), *fields[1:], auth=auth)
    assert set(people.state().heads) == {open_to_it.id, shut.id}
    assert {open_to_it, shut} <= set(kept_of(people))


def test_nobody_waits_for_what_an_epoch_replaced_that_does_not_count() -> None:
    people = a_room()
    before = people.epoch(0, step=QUARTER)
    fields = people.epoch_fields(step=2 * QUARTER)
    lie = kinds.Parent(before.id, 2**32 - 1)
    fallen = people.act(1, kinds.Epoch, (lie,), *fields[1:])
    member = people.member(1)
    people.epoch(2, step=3 * QUARTER)
    people.act(0, kinds.Remove, member.id, member.join, member.cut, False, ())
    assert fallen.id not in people.state().epochs
    for now in range(4, 60):
        last = people.epoch(now % 2 * 2, step=now * QUARTER)
        people.ops = kept_of(people)
        assert people.state().heads == (last.id,)
    assert before not in people.ops


def test_the_epochs_of_who_is_removed_count_if_its_remover_saw_them_as_heads() -> None:
    people = a_room()
    for number in range(1, 60):
        people.epoch(1, step=QUARTER * number)
    heads = people.state().heads
    people.remove(1)
    assert people.state().heads == heads
    unseen = people.epoch(1, step=QUARTER * 60)
    assert unseen.id not in people.state().epochs


def test_with_all_its_epochs_gone_a_room_can_begin_anew() -> None:
    people = a_room()
    for number in range(1, 60):
        people.epoch(1, step=QUARTER * number)
    people.ops = kept_of(people)
    member = people.member(1)
    people.act(0, kinds.Remove, member.id, member.join, member.cut, False, ())
    assert people.state().heads == ()
    anew = people.epoch(0, step=QUARTER * 60)
    assert anew.body.parents == ()
    assert people.state().heads == (anew.id,)


def test_a_set_takes_in_again_what_counts_again_and_counts_only_what_is_there() -> None:
    people = a_room()
    old = people.epoch(0, step=1)
    ops = OpSet(people.genesis)
    for op in people.ops:
        ops.insert(op)
    newest = people.epoch(1, step=KEPT + 2)
    ops.insert(newest)
    people.epoch(2, step=KEPT + 3)
    ops.insert(people.ops[-1])
    ops.settle()
    assert old.id not in ops
    assert not ops.knows(old)
    assert ops.check(old)
    grant = people.act(0, kinds.Grant, old.id, 2, people.ids[3], people.member(3).wish)
    assert not ops.check(grant), "a grant under a forgotten epoch waits for it"


@settings(deadline=None)
@given(data=st.data())
def test_what_is_kept_means_the_same_whoever_made_epochs_when(data: st.DataObject) -> None:
    people = a_room()
    auths = [people.auth(number) for number in range(3)]
    made = [op.id for op in epochs(people.ops)]
    for _ in range(data.draw(st.integers(1, 9))):
        if data.draw(st.integers(0, 3)) == 0:
            member = people.member(data.draw(st.integers(1, 4)))
            keeps = data.draw(st.sampled_from([member.keeps, ()]))
            fields = (member.id, member.join, member.cut, False, keeps)
            by = data.draw(st.integers(0, 2))
            people.write(by, kinds.Remove, *fields, people.state().last_removals, auth=auths[by])
        parents = data.draw(st.lists(st.sampled_from(made), unique=True, max_size=3))
        step = data.draw(st.sampled_from(STEPS))
        fields = people.epoch_fields(step=step)
        claims = tuple(
            kinds.Parent(one.epoch, data.draw(st.sampled_from([one.step, one.step, 0, 9 * KEPT])))
            for one in people.parents(parents)
        )
        by = data.draw(st.integers(0, 2))
        op = people.write(by, kinds.Epoch, claims, *fields[1:], auth=auths[by])
        made.append(op.id)
    hidden = data.draw(st.sets(st.sampled_from(epochs(people.ops)), max_size=2))
    ops = [op for op in people.ops if op not in hidden]
    left = kept_of(people, ops)
    assert people.state(left) == people.state(ops)
    assert kept_of(people, left) == left
    honest = [op for op in ops if op in left or op in epochs(ops)]
    assert people.state([*left, *honest]) == people.state(ops)
