"""The table of places: every row is what the operations do, and no place is a dead end."""

import pathlib

import pytest

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.stage import NEXT, NOT_HERE, Act, Stage, mermaid

WAYS = {
    Stage.HOST: [],
    Stage.LISTENING: [],
    Stage.HAND_UP: [Act.RAISE],
    Stage.INVITED: [Act.RAISE, Act.ACCEPT],
    Stage.SPEAKING: [Act.RAISE, Act.ACCEPT, Act.TAKE],
    Stage.MUTED: [Act.RAISE, Act.ACCEPT, Act.TAKE, Act.MUTE],
    Stage.LEFT: [Act.LEAVE],
    Stage.REMOVED: [Act.REMOVE],
}


def act(people: People, number: int, what: Act) -> None:
    me = people.member(number)
    match what:
        case Act.RAISE:
            people.write(number, kinds.Hand, True)
        case Act.LOWER:
            people.write(number, kinds.Hand, False)
        case Act.TAKE:
            people.write(number, kinds.Take, me.grant)
        case Act.DECLINE:
            people.write(number, kinds.Decline, me.grant, False)
        case Act.AUDIENCE:
            people.write(number, kinds.Audience)
        case Act.LEAVE:
            people.write(number, kinds.Leave)
        case Act.ACCEPT:
            people.accept(number)
        case Act.LAPSE:
            people.down(number, lapsed=True)
        case Act.MUTE:
            people.mute(number)
        case Act.UNMUTE:
            people.unmute(number)
        case Act.DOWN:
            people.down(number)
        case Act.REMOVE:
            people.remove(number)


def people_at(stage: Stage) -> tuple[People, int]:
    people = People()
    number = 0 if stage is Stage.HOST else 1
    for what in WAYS[stage]:
        act(people, number, what)
    assert people.stage(number) == stage
    return people, number


@pytest.mark.parametrize(("start", "what"), NEXT)
def test_the_operations_lead_where_the_table_says(start, what):
    people, number = people_at(start)
    act(people, number, what)
    assert people.stage(number) == NEXT[start, what]


@pytest.mark.parametrize("stage", [Stage.LEFT, Stage.REMOVED])
@pytest.mark.parametrize("what", [a for a in Act if a not in (Act.REMOVE, Act.TAKE, Act.DECLINE)])
def test_nothing_brings_back_whoever_is_gone(stage, what):
    people, number = people_at(stage)
    act(people, number, what)
    assert people.stage(number) == stage
    assert people.state().queue == ()
    assert people.ids[number] not in people.state().slots.values()


def test_a_member_who_left_can_still_be_removed():
    people, number = people_at(Stage.LEFT)
    act(people, number, Act.REMOVE)
    assert people.stage(number) == Stage.REMOVED


def test_every_place_but_the_last_leads_back_to_the_audience():
    for start in set(Stage) - NOT_HERE - {Stage.HOST, Stage.LISTENING}:
        ends = {end for (stage, _), end in NEXT.items() if stage is start}
        assert Stage.LISTENING in ends


def test_an_invitation_ends_even_if_neither_side_does_anything():
    assert NEXT[Stage.INVITED, Act.LAPSE] is Stage.LISTENING


def test_the_diagram_in_the_documents_is_drawn_from_the_table():
    page = (pathlib.Path(__file__).parents[3] / "docs/diagrams/stage.md").read_text(
        encoding="utf-8"
    )
    assert mermaid() in page
