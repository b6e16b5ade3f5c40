"""A relay in league with somebody who was removed: it withholds what brings the new key."""

import asyncio

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.wire.messages import CarryDoor
from tests.p2p.node.inn import until


async def a_talk(house: House) -> tuple[Person, Person, Person]:
    """A host, somebody who speaks, and somebody who is about to be removed, at one relay."""
    relay = await house.relay()
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (relay,)}
    host = await house.host("host", **ways)
    words, people = (await host.key()).words, []
    for name in ("evil", "good"):
        people.append(await house.guest(name, words, **ways))
        await people[-1].until(e.Joined)
        await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
    evil, good = people
    good.node.do(c.RaiseHand())
    await host.until(e.HandChanged, lambda hand: hand.place == 1)
    host.node.do(c.AcceptHand(host.number_of("good")))
    await good.until(e.MicChanged, lambda mic: mic.why == "granted")
    good.node.do(c.SetMic(True))
    await host.until(e.FirstSound)
    return host, evil, good


def withholds_keys(house: House) -> None:
    """No wraps for anybody, and no lines through it."""
    (relay,) = house.relays
    for room in relay._rooms._rooms.values():
        room._hand_wraps = lambda *_: None
    receive = relay._courier.receive
    relay._courier.receive = lambda message, *rest: (
        None if isinstance(message, CarryDoor) else receive(message, *rest)
    )


def sealed(person: Person) -> int:
    return person.session.secrets.frames.sealed


async def test_a_speaker_from_whom_the_new_key_is_withheld_falls_silent_and_is_told() -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house)
        withholds_keys(house)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await good.until(e.MemberChanged, lambda m: m.name == "evil" and m.state == "removed")
        await asyncio.sleep(0.5)
        before = sealed(good)
        await asyncio.sleep(4.0)
        assert sealed(good) == before
        assert good.node.view().held == "removed"
        await good.until(e.Notice, lambda notice: notice.code == "voice_held")

        good.node.do(c.SpeakAnyway())
        await good.until(e.Notice, lambda notice: notice.code == "voice_anyway")
        await until(lambda: sealed(good) > before + 10)


async def test_who_opens_its_microphone_while_it_is_held_back_is_told_then() -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house)
        good.node.do(c.SetMic(False))
        withholds_keys(house)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await good.until(e.Notice, lambda notice: notice.code == "voice_held")
        since = len(good.told)
        good.node.do(c.SetMic(True))
        await good.until(e.Notice, lambda notice: notice.code == "voice_held", since)


async def test_nothing_is_there_to_insist_on_in_a_room_with_its_key() -> None:
    async with a_house() as house:
        host = await house.host()
        host.node.do(c.SpeakAnyway())
        assert (await host.until(e.ErrorRaised)).code == "not_held"
