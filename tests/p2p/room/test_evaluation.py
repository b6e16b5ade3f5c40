"""What a set of operations means, worked out when somebody looks."""

from lab.room_people import People
from p2p.room.evaluation import Evaluation
from p2p.room.ops import kinds
from p2p.room.store.opset import OpSet


def test_nothing_is_worked_out_before_somebody_looks_and_then_once():
    people = People(2)
    ops = OpSet(people.genesis)
    for op in people.ops:
        ops.insert(op)
    evaluation = Evaluation(ops)
    assert not evaluation.is_current
    state = evaluation.state
    assert state == people.state()
    assert evaluation.is_current
    assert evaluation.state is state
    assert evaluation.roster is evaluation.roster
    assert [member.id for member in evaluation.roster] == sorted(people.ids)


def test_what_has_expired_is_worked_out_again():
    people = People(2)
    ops = OpSet(people.genesis)
    for op in people.ops:
        ops.insert(op)
    evaluation = Evaluation(ops)
    assert len(evaluation.roster) == 3
    ops.insert(people.write(2, kinds.Leave))
    assert len(evaluation.roster) == 3
    evaluation.expire()
    assert not evaluation.is_current
    assert {member.id for member in evaluation.roster} == set(people.ids[:2])
    assert evaluation.state == people.state()
