"""The set of operations: checked, bounded, and whatever was dropped stays dropped."""

import pytest

from lab.room_people import People, identity
from p2p.errors import RemoteError
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import Body
from p2p.room.ops.newcomer import admitted_by
from p2p.room.ops.op import Op, Pen, verify_op
from p2p.room.store import credentials, gone, opset, reading
from p2p.room.store.held import HELD_MAX, HELD_PER_AUTHOR_MAX
from p2p.room.store.opset import OpSet


def put(ops: OpSet, data: bytes) -> bool:
    op = ops.read(data)
    if ops.knows(op):
        return False
    if ops.check(op):
        ops.insert(op)
    else:
        ops.hold(op)
    return True


def filled(people: People) -> OpSet:
    ops = OpSet(people.genesis)
    for op in people.ops:
        put(ops, op.data)
    return ops


def test_the_hosts_word_can_be_checked_before_its_join_came():
    people = People(1)
    lock = people.write(0, kinds.Lock, True)
    ops = OpSet(people.genesis)
    put(ops, lock.data)
    assert lock.id in ops
    assert len(ops) == 1


def test_what_waits_for_a_join_and_is_forged_is_dropped_when_it_comes():
    people = People(2)
    forger = Pen(identity(2), people.room_id)
    forger.write(kinds.Join, identity(2).sign_key, identity(2).dh, bytes(32), "x")
    forger.author = people.ids[1]
    ops = OpSet(people.genesis)
    forged = forger.write(kinds.Leave)
    real = people.raise_hand(1)
    put(ops, forged.data)
    put(ops, real.data)
    assert ops.knows(forged)
    put(ops, people.ops[1].data)
    assert real.id in ops
    assert not ops.knows(forged)


def test_strangers_cannot_fill_the_memory():
    people = People(1)
    ops = OpSet(people.genesis)
    for number in range(2, 60):
        pen = Pen(identity(number), people.room_id)
        pen.write(kinds.Join, identity(number).sign_key, identity(number).dh, bytes(32), "x")
        for _ in range(HELD_PER_AUTHOR_MAX):
            put(ops, pen.write(kinds.Hand, True).data)
        with pytest.raises(RemoteError, match="stranger"):
            put(ops, pen.write(kinds.Hand, True).data)
    assert len(ops._held) == HELD_MAX
    assert len(ops) == 0


def test_an_admission_costs_no_look_at_what_waits_for_something_else(
    monkeypatch: pytest.MonkeyPatch,
):
    people = People(4)
    ops = filled(people)
    for number in range(1, 5):
        for _ in range(HELD_PER_AUTHOR_MAX):
            put(ops, people.write(number, kinds.Topic, "x", (), auth=b"r" * 16).data)
    looked_at: list[Op] = []

    def verify(op: Op, key: bytes) -> None:
        looked_at.append(op)
        verify_op(op, key)

    monkeypatch.setattr(credentials, "verify_op", verify)
    key = identity(9)
    fields = (key.sign_key, key.dh, bytes(32), "x")
    admit = people.admit(Pen(key, people.room_id).write(kinds.Join, *fields), by=1)
    put(ops, admit.data)
    assert looked_at == [admit]


def test_a_full_room_takes_no_more_members(monkeypatch):
    people = People(3)
    monkeypatch.setattr(opset, "MEMBERS_MAX", 3)
    ops = OpSet(people.genesis)
    for op in people.ops[:3]:
        put(ops, op.data)
    with pytest.raises(RemoteError, match="full"):
        put(ops, people.ops[3].data)
    put(ops, people.raise_hand(1).data)


def test_what_names_an_unknown_epoch_or_appointment_waits_for_it():
    people = People(1)
    promotion = people.promote(0, 1, 2)
    epoch = people.epoch(1)
    grant = people.accept(1, by=1)
    ops = OpSet(people.genesis)
    for op in (*people.ops[:2], grant, epoch):
        put(ops, op.data)
    assert len(ops) == 2
    assert ops.knows(grant)
    put(ops, promotion.data)
    assert {grant.id, epoch.id} <= set(ops._ops)


def test_what_nobody_may_do_is_refused_at_once():
    people = People(1)
    ops = filled(people)
    with pytest.raises(RemoteError, match="powerless"):
        put(ops, people.write(1, kinds.Lock, True).data)
    with pytest.raises(RemoteError, match="powerless"):
        put(ops, people.write(1, kinds.Hand, True, auth=b"x" * 16).data)


def test_what_was_superseded_is_known_and_not_checked_again():
    people = People(1)
    old = people.raise_hand(1)
    people.write(1, kinds.Hand, False)
    ops = filled(people)
    ops.settle()
    assert old.id not in ops
    assert ops.knows(old)
    assert not put(ops, old.data)


def test_the_memory_of_what_was_dropped_is_bounded(monkeypatch):
    monkeypatch.setattr(gone, "SPENT_MAX", 10)
    monkeypatch.setattr(reading, "UNREAD_MAX", 7)
    people = People(1)
    ops = OpSet(people.genesis)
    for op in people.ops:
        put(ops, op.data)
    for _ in range(100):
        put(ops, people.raise_hand(1).data)
        assert len(ops) < 10
    ops.settle()
    assert len(ops._gone._spent) == 10


def test_of_many_joins_of_one_key_two_count_and_the_one_that_a_removal_names():
    people = People(4)
    key = people.keys[1]
    for number, name in enumerate("bcd", start=2):
        people.pens[1]._seq, people.pens[1]._prev = 0, NONE
        people.join(1, key.sign_key, key.dh, bytes(32), name, by=number)
    joins = sorted(
        (join for op in people.ops if (join := admitted_by(op)) and join.author == people.ids[1]),
        key=lambda op: op.id,
    )
    registers = filled(people).settle().registers
    assert registers.read("join", people.ids[1]) == tuple(joins[:2])
    put(ops := filled(people), people.write(0, kinds.Remove, people.ids[1], joins[3].id, NONE).data)
    registers = ops.settle().registers
    assert registers.read("join", people.ids[1]) == (*joins[:2], joins[3])


def test_an_unknown_kind_is_kept_and_given_to_others(monkeypatch):
    people = People(1)
    monkeypatch.setitem(kinds.NUMBERS, Body, 77)
    strange = people.write(1, Body)
    ops = filled(people)
    ops.settle()
    assert strange.data in ops.all()
    assert strange.data in ops.missing((), bytes(8), b"\xff" * 8)
    assert people.state() == people.state(people.ops[:-1])
