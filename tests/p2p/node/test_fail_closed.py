"""A relay in league with somebody who was removed: it withholds what brings the new key."""

import asyncio
import time

import pytest

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.link.conversation import Conversation
from p2p.node.joining import answers
from p2p.rekey import fresh_words
from p2p.relay.server import Relay
from p2p.wire.messages import CarryDoor, Refuse
from p2p.wire.relay_messages import Floor, Gossip, RelayWraps
from tests.p2p.node.inn import until


async def a_talk(house: House, *, relays: int = 1) -> tuple[Person, Person, Person]:
    """A host, somebody who speaks, and somebody who is about to be removed, at relays."""
    lines = tuple([await house.relay() for _ in range(relays)])
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": lines}
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


def withholds_keys(relay: Relay) -> None:
    """No wraps for anybody, and no lines through it."""
    for room in relay._rooms._rooms.values():
        room._take_wraps = room._hand_wraps = lambda *_: None
    receive = relay._courier.receive
    relay._courier.receive = lambda message, *rest: (
        None if isinstance(message, CarryDoor) else receive(message, *rest)
    )


def withholds_all_but_sound_and_heartbeats(relay: Relay, person: Person) -> None:
    """A relay brings one member nothing of what the others say."""
    rooms, me = relay._rooms, person.session.peers.room.me
    to_send = rooms.to_send
    kept = Floor | Gossip | RelayWraps

    def without() -> list:
        links = {
            link
            for room in rooms.rooms()
            for link, seat in room.seating.seats.items()
            if seat.member == me
        }
        return [(link, m) for link, m in to_send() if link not in links or not isinstance(m, kept)]

    rooms.to_send = without
    withholds_keys(relay)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are said every second, and are old after five."""
    monkeypatch.setattr(fresh_words, "EVERY_S", 1.0)
    monkeypatch.setattr(fresh_words, "OLD_S", 5.0)


def sealed(person: Person) -> int:
    return person.session.secrets.frames.sealed


async def test_a_speaker_from_whom_the_new_key_is_withheld_falls_silent_and_is_told() -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house)
        withholds_keys(house.relays[0])
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
        withholds_keys(house.relays[0])
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


async def test_a_speaker_from_whom_the_removal_is_withheld_falls_silent_and_is_told(
    soon: None,
) -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house)
        withholds_all_but_sound_and_heartbeats(house.relays[0], good)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await good.until(e.Notice, lambda notice: notice.code == "voice_unchecked")
        await asyncio.sleep(0.1)
        before = sealed(good)
        await asyncio.sleep(1.0)
        assert sealed(good) == before
        assert good.node.view().held == "unchecked"


async def test_a_room_whose_moderator_is_heard_goes_on(soon: None) -> None:
    async with a_house() as house:
        _, _, good = await a_talk(house)
        await asyncio.sleep(8.0)
        assert good.node.view().held == ""
        assert [n for n in good.all(e.Notice) if n.code.startswith("voice")] == []


async def test_what_the_first_relay_withholds_comes_by_the_second() -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house, relays=2)
        seats = good.session.peers.dispatch.relay_room.failover
        await until(lambda: len(seats.seats) == 2)
        bad = next(r for r in house.relays if r._rooms._own_dh == seats.first.link.contact.dh)
        withholds_all_but_sound_and_heartbeats(bad, good)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await good.until(e.RoomKeyChanged, lambda key: key.why == "kick")
        assert good.node.view().held == ""


async def test_who_hears_no_word_by_one_relay_sits_down_at_another(soon: None) -> None:
    async with a_house() as house:
        host, _, good = await a_talk(house, relays=2)
        seats = good.session.peers.dispatch.relay_room.failover
        await until(lambda: len(seats.seats) == 2)
        for relay in house.relays:
            withholds_all_but_sound_and_heartbeats(relay, good)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await until(lambda: seats._side.counters["changed: unchecked"])
        await good.until(e.Notice, lambda notice: notice.code == "voice_unchecked")


async def test_who_comes_in_passes_over_a_door_that_shows_no_moderators_word() -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        words = (await host.key()).words
        evil = await house.guest("evil", words, **ways)
        await evil.until(e.Joined)
        evil.session.peers._admission._word = lambda: None
        honest = host.session.peers._admission
        answer = honest.answer

        async def busy_at_first(line: Conversation, *more: object, **how: object) -> bytes | None:
            honest.answer = answer
            line.send(Refuse("busy"))
            await asyncio.sleep(0.5)
            await line.close()
            return None

        honest.answer = busy_at_first
        late = await house.guest("late", words, **ways)
        await late.until(e.Joined)
        (epoch,) = late.session.secrets.keyring.frontier.ids
        giver = late.session.secrets.keyring.trial.giver(epoch)
        assert giver == host.session.peers.room.me


async def test_where_no_door_shows_a_word_one_without_has_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "CHECKED_S", 1.0)
    async with a_house() as house:
        host = await house.host()
        host.session.peers._admission._word = lambda: None
        began_s = time.monotonic()
        late = await house.guest("late", (await host.key()).invite)
        await late.until(e.Joined)
        assert time.monotonic() - began_s >= 1.0
