"""What is kept: enough for the same state, and little however long a room lasts."""

from hypothesis import given
from hypothesis import strategies as st

from lab.room_people import People, identity, kept_of
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Op, Pen
from p2p.room.stage import Stage
from p2p.room.store.intake import Intake
from p2p.room.store.opset import OpSet
from p2p.room.store.pruning import LEFT_MAX, order
from tests.p2p.room.state.test_authority import court


def of(people: People, kind: type[kinds.Body]) -> list[Op]:
    return [op for op in kept_of(people) if isinstance(op.body, kind)]


def test_floor_operations_are_forgotten_two_epochs_later():
    people = court()
    people.bring_on_stage(6, by=3)
    people.mute(6, by=4)
    people.epoch()
    assert (len(of(people, kinds.Grant)), len(of(people, kinds.Mute))) == (1, 1)
    state = people.state()
    people.epoch()
    assert (len(of(people, kinds.Grant)), len(of(people, kinds.Mute))) == (1, 0)
    assert people.stage(6) == Stage.MUTED
    assert people.state().live.keys() == state.live.keys()
    assert people.state(kept_of(people)) == people.state()
    people.write(6, kinds.Audience)
    people.epoch()
    people.epoch()
    assert of(people, kinds.Grant) == []


def test_a_down_is_kept_while_the_hand_it_ended_is_its_owners_newest_wish():
    people = court()
    people.raise_hand(6)
    people.down(6, by=3)
    for _ in range(3):
        people.epoch()
    assert len(of(people, kinds.Down)) == 1
    assert people.stage(6) == Stage.LISTENING
    people.write(6, kinds.Hand, False)
    assert of(people, kinds.Down) == []


def test_a_down_that_crossed_the_taking_of_its_grant_is_kept_too():
    people = court()
    people.raise_hand(6)
    grant = people.accept(6, by=3)
    people.down(6, by=4)
    people.write(6, kinds.Take, grant.id)
    entry = kinds.StageEntry(2, people.ids[6], grant.id, bytes(8), False)
    old = people.state().heads
    for _ in range(3):
        people.epoch()
    people.ops = kept_of(people)
    people.epoch(4, parents=old, stage=(entry,))
    assert len(people.state().heads) == 2
    assert people.stage(6) == Stage.LISTENING


def test_a_floor_operation_whose_epoch_is_not_known_yet_is_kept():
    people = court()
    epoch = people.epoch()
    people.accept(6, by=3)
    rest = [op for op in people.ops if op is not epoch]
    assert any(isinstance(op.body, kinds.Grant) for op in kept_of(people, rest))
    assert people.state([*kept_of(people, rest), epoch]) == people.state()


def test_an_order_is_forgotten_when_all_its_hands_are_past_by_their_owners_word():
    people = court()
    hands = [HandRef(people.ids[n], people.raise_hand(n).seq) for n in (6, 7)]
    people.act(3, kinds.Order, 0, tuple(hands))
    people.write(6, kinds.Hand, False)
    people.remove(7)
    assert len(of(people, kinds.Order)) == 1
    people.write(7, kinds.Leave)
    assert of(people, kinds.Order) == []


def test_nothing_lasting_is_forgotten_because_its_author_or_subject_is_out():
    people = court()
    people.act(3, kinds.Lock, True)
    people.act(3, kinds.Lock, False)
    people.raise_hand(6)
    before = len(kept_of(people))
    people.remove(3)
    people.remove(6)
    assert len(kept_of(people)) == before + 2


def test_credentials_come_before_what_hangs_on_them():
    people = court()
    people.promote(5, 5, 4)
    people.accept(6, by=3)
    ops = OpSet(people.genesis)
    for op in kept_of(people):
        assert ops.check(ops.read(op.data))
        ops.insert(op)
    assert [op.id for op in sorted(kept_of(people), key=order)] == [op.id for op in kept_of(people)]


def test_what_waits_for_its_credentials_is_kept():
    people = court()
    lock = people.act(5, kinds.Mute, NONE, people.ids[6], NONE, True)
    ranks = [op for op in people.ops if isinstance(op.body, kinds.Rank)]
    rest = [op for op in people.ops if op not in ranks]
    assert lock in kept_of(people, rest)
    assert people.state(kept_of(people, rest) + ranks) == people.state()


def test_who_left_without_a_trace_is_forgotten_after_so_many():
    people = People(2)
    people.write(1, kinds.Leave)
    people.write(2, kinds.Invite, bytes(32), 0, 0)
    people.write(2, kinds.Leave)
    ops = OpSet(people.genesis)
    for op in people.ops:
        ops.insert(op)
    for number in range(10, 10 + LEFT_MAX + 20):
        key = identity(number)
        pen = Pen(key, people.room_id)
        ops.insert(people.admit(pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")))
        ops.insert(pen.write(kinds.Leave))
    ops.settle()
    assert ops.members() == 1 + 1 + LEFT_MAX
    assert ops.has_joined(people.ids[2])
    gone = [n for n in range(10, 10 + LEFT_MAX + 20) if not ops.has_joined(identity(n).member_id)]
    assert len(gone) >= 20
    key = identity(gone[0])
    assert ops.has_forgotten(key.member_id)
    back = Pen(key, people.room_id).write(kinds.Join, key.sign_key, key.dh, bytes(32), "x")
    assert Intake(ops).take_in(people.admit(back).data, None, 0.0)[0] == "left"


def test_an_order_is_forgotten_when_its_author_named_its_hands_further_in_front():
    people = court()
    one, two = (HandRef(people.ids[n], people.raise_hand(n).seq) for n in (6, 7))
    late = people.act(3, kinds.Order, 5, (one,))
    other = people.act(4, kinds.Order, 7, (one, two))
    first = people.act(3, kinds.Order, 1, (two, one))
    assert {op.id for op in of(people, kinds.Order)} == {first.id, other.id}
    assert people.state(kept_of(people)) == people.state()
    ops = OpSet(people.genesis)
    for op in (*kept_of(people), late):
        ops.insert(op)
    ops.settle()
    assert late.id not in ops


def test_orders_go_with_the_power_that_they_were_written_under():
    people = court()
    hand = HandRef(people.ids[6], people.raise_hand(6).seq)
    for by in (3, 5):
        people.act(by, kinds.Order, by, (hand,))
    people.promote(3, 5, 4)
    assert [op.author for op in of(people, kinds.Order)] == [people.ids[3]]
    people.remove(3, by=1)
    assert of(people, kinds.Order) == []
    assert people.state(kept_of(people)) == people.state()


def test_what_the_host_ended_is_forgotten_but_for_links_epochs_and_what_it_kept():
    people = court()
    people.act(3, kinds.Lock, False)
    people.act(3, kinds.Topic, "first")
    people.act(3, kinds.Topic, "tea")
    people.act(3, kinds.Let, people.ids[6], False)
    people.raise_hand(7)
    people.accept(7, by=3)
    auth, wish = people.auth(3), people.member(7).wish
    people.remove(3)
    people.write(3, kinds.Mute, people.state().epoch, people.ids[7], wish, True, auth=auth)
    people.write(3, kinds.Epoch, *people.epoch_fields(), auth=auth)
    left = [type(op.body) for op in kept_of(people) if op.author == people.ids[3]]
    assert left.count(kinds.Topic) == 1
    assert kinds.Mute not in left
    assert {kinds.Lock, kinds.Epoch, kinds.Let, kinds.Grant} <= set(left)
    assert people.state(kept_of(people)) == people.state()
    assert people.state().topic == "tea"


def test_nothing_is_forgotten_because_the_host_removed_itself():
    people = court()
    people.act(0, kinds.Topic, "tea")
    people.remove(0)
    assert len(of(people, kinds.Topic)) == 1
    assert people.state().topic == "tea"


PLACES = st.lists(
    st.tuples(st.sampled_from([1, 3, 4, 5]), st.integers(0, 9), st.permutations([6, 7])), max_size=9
)


@given(PLACES, st.sets(st.integers(0, 20)), st.sets(st.sampled_from(["leave", "out", "host"])))
def test_what_is_kept_of_parts_is_what_is_kept_of_the_whole(orders, part, ends):
    people = court()
    hands = {n: HandRef(people.ids[n], people.raise_hand(n).seq) for n in (6, 7)}
    for by, base, members in orders:
        people.act(by, kinds.Order, base, tuple(hands[n] for n in members))
    if "leave" in ends:
        people.write(6, kinds.Leave)
    if "out" in ends:
        people.remove(3, by=1)
    if "host" in ends:
        people.remove(4)
    some = [op for n, op in enumerate(people.ops) if n in part]
    rest = [op for op in people.ops if op not in some]
    merged = kept_of(people, [*kept_of(people, some), *kept_of(people, rest)])
    assert {op.id for op in merged} == {op.id for op in kept_of(people)}
