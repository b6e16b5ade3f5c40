"""Commands: possible where the table of places says so, and explained where not."""

import pytest

from lab.room_people import People
from p2p.errors import UserError
from p2p.room import commands as c
from p2p.room.agent.intents import STAGE_MAX, writing_for
from p2p.room.ops import kinds
from p2p.room.stage import NEXT, Act, Stage
from tests.p2p.room.test_stage import WAYS, people_at

OWN = {
    c.RaiseHand(): Act.RAISE,
    c.LowerHand(): Act.LOWER,
    c.TakeFloor(): Act.TAKE,
    c.Decline(): Act.DECLINE,
    c.GoToAudience(): Act.AUDIENCE,
    c.Leave(): Act.LEAVE,
}
TOWARDS = {c.Accept: Act.ACCEPT, c.Mute: Act.MUTE, c.MoveDown: Act.DOWN, c.Remove: Act.REMOVE}


def carry_out(people: People, number: int, command) -> None:
    state = people.state()
    writing = writing_for(command, state.members[people.ids[number]], state, 1)
    if writing is not None:
        people.write(number, writing.kind, *writing.fields, auth=writing.auth)


@pytest.mark.parametrize("stage", WAYS)
@pytest.mark.parametrize(("command", "act"), OWN.items(), ids=[str(a) for a in OWN.values()])
def test_own_commands_do_what_the_table_allows_and_explain_the_rest(stage, command, act):
    people, number = people_at(stage)
    if (stage, act) in NEXT:
        carry_out(people, number, command)
        assert people.stage(number) == NEXT[stage, act]
    elif act is Act.TAKE and stage in (Stage.HOST, Stage.SPEAKING):
        carry_out(people, number, command)
        assert people.stage(number) == stage
    else:
        with pytest.raises(UserError) as caught:
            carry_out(people, number, command)
        assert caught.value.code
        assert caught.value.message.endswith(".")


@pytest.mark.parametrize("stage", WAYS)
@pytest.mark.parametrize(
    ("command", "act"), TOWARDS.items(), ids=[str(a) for a in TOWARDS.values()]
)
def test_the_hosts_commands_do_what_the_table_allows_and_explain_the_rest(stage, command, act):
    people, number = people_at(stage)
    if command is c.Accept and stage is Stage.MUTED:
        act = Act.UNMUTE
    if (stage, act) in NEXT:
        carry_out(people, 0, command(people.ids[number]))
        assert people.stage(number) == NEXT[stage, act]
    else:
        with pytest.raises(UserError) as caught:
            carry_out(people, 0, command(people.ids[number]))
        assert caught.value.message.endswith(".")


def test_a_removal_names_what_it_knows_of_the_member():
    people = People(2)
    carry_out(people, 0, c.Remove(people.ids[1]))
    people.raise_hand(2)
    carry_out(people, 0, c.Remove(people.ids[2]))
    first, second = (op.body for op in people.ops if isinstance(op.body, kinds.Remove))
    assert first.cut == first.join == people.member(1).join
    assert second.join == second.cut == people.member(2).join


def test_a_member_nobody_knows_cannot_be_accepted():
    people = People(1)
    with pytest.raises(UserError) as caught:
        carry_out(people, 0, c.Accept(b"x" * 16))
    assert caught.value.code == "no_such_member"


def test_the_stage_has_a_size():
    people = People(STAGE_MAX)
    for number in range(1, STAGE_MAX):
        carry_out(people, 0, c.Accept(people.ids[number]))
    assert set(people.state().slots) == set(range(1, STAGE_MAX + 1))
    with pytest.raises(UserError) as caught:
        carry_out(people, 0, c.Accept(people.ids[STAGE_MAX]))
    assert caught.value.code == "stage_full"


def test_a_slot_is_given_again_only_after_all_others():
    people = People(1)
    state = people.state()
    host = state.members[people.host]

    def next_slot(last: int) -> object:
        writing = writing_for(c.Accept(people.ids[1]), host, state, last)
        assert writing is not None
        return writing.fields[1]

    assert next_slot(1) == 2
    assert next_slot(2) == 3
    assert next_slot(62) == 63
    assert next_slot(63) == 2


def test_a_host_that_left_has_no_power():
    people, _ = people_at(Stage.HOST)
    carry_out(people, 0, c.Leave())
    with pytest.raises(UserError) as caught:
        carry_out(people, 0, c.SetLock(True))
    assert caught.value.code == "not_host"


def test_a_topic_too_long_is_cut():
    people = People(1)
    carry_out(people, 0, c.SetTopic("t" * 500))
    assert people.state().topic == "t" * 60
