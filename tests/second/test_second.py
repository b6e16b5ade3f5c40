"""The second client in a real room: a real relay, a host and a listener of ours."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import pytest

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from tests.second.at_relay import AtRelay
from tests.second.direct import Direct
from tests.second.invite import Invite
from tests.second.member import Member
from tests.second.opus import LEFT_TO_ITSELF, Voice
from tests.second.waiting import until

FRAME_S = 0.02
MAKES_UP_S = 0.1
"""Who was kept from speaking for longer does not say all of it at once: a relay takes no flood."""


class Room:
    """A relay, a host, a listener, and who came in by another program."""

    def __init__(self, host: Person, listener: Person, second: Member) -> None:
        self.host, self.listener, self.second = host, listener, second

    @property
    def hearers(self) -> list[Person]:
        """To whom the second client's sound has a way: it has a link with its door alone."""
        return [self.host, self.listener] if isinstance(self.second, AtRelay) else [self.host]


async def a_direct_room(house: House) -> Room:
    host = await house.host("host")
    invite = (await host.key()).invite
    listener = await house.guest("listener", invite)
    await listener.until(e.Joined)
    return await joined(host, listener, Direct(Invite.parse(invite), "second"))


async def joined(host: Person, listener: Person, second: Member) -> Room:
    await second.join()
    for person in (host, listener):
        await person.until(e.MemberChanged, lambda m: m.name == "second")
    await host.until(e.MemberChanged, lambda m: m.name == "second" and m.state == "here")
    return Room(host, listener, second)


async def a_relayed_room(house: House) -> Room:
    relay = await house.relay()
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (relay,)}
    host = await house.host("host", **ways)
    words = (await host.key()).words
    listener = await house.guest("listener", words, **ways)
    await listener.until(e.Joined)
    return await joined(host, listener, AtRelay(words, relay, "second"))


@pytest.fixture(params=[a_direct_room, a_relayed_room], ids=["direct", "relay"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    async with a_house() as house:
        made = await request.param(house)
        try:
            yield made
        finally:
            await made.second.vanish()


@contextlib.asynccontextmanager
async def talking(second: Member, voice: Voice) -> AsyncIterator[None]:
    async def talk() -> None:
        loop = asyncio.get_running_loop()
        at_s = loop.time()
        while True:
            await second.speak(voice.payload())
            at_s = max(at_s, loop.time() - MAKES_UP_S) + FRAME_S
            await asyncio.sleep(at_s - loop.time())

    task = asyncio.ensure_future(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_knows_by_name_who_is_there(room: Room) -> None:
    assert sorted(room.second.inside.known.members().values()) == ["host", "listener", "second"]
    if isinstance(room.second, AtRelay):
        assert len(room.second.present) == 3


async def test_it_opens_what_the_host_says_over_a_change_of_step(room: Room) -> None:
    room.host.node.do(c.SetMic(True))
    first = room.second.step
    await until(lambda: room.second.step > first and room.second.opened > 300)
    second = room.second
    assert second.opened >= 0.99 * second.came
    assert second.longest_gap(1) <= 2
    assert {(payload[0], len(payload)) for payload in second.heard[1]} == {(1, 196)}


async def test_a_removal_gives_it_the_new_key_and_it_misses_nothing(room: Room) -> None:
    room.host.node.do(c.SetMic(True))
    second, before = room.second, room.second.inside.keys.heads
    await until(lambda: second.opened > 50)
    room.host.node.do(c.Remove(room.host.number_of("listener"), new_key=True))
    await room.listener.until(e.Left)
    await until(lambda: second.inside.keys.heads != before)
    turned = second.opened
    await until(lambda: second.opened > turned + 100)
    assert second.opened >= 0.99 * second.came
    assert second.longest_gap(1) <= 2


async def test_its_person_and_the_hosts_read_the_same_words(room: Room) -> None:
    n = room.host.number_of("second")
    room.host.node.do(c.Compare(n))
    host = next(m for m, name in room.second.inside.known.members().items() if name == "host")
    code = await room.second.compare(host)
    ready = await room.host.until(e.Words, lambda words: words.state == "ready")
    assert (ready.n, ready.code) == (n, code)


async def test_it_opens_both_frames_of_a_payload_in_a_hall(room: Room) -> None:
    room.host.node.do(c.SetProfile("hall"))
    room.host.node.do(c.SetMic(True))
    heard = room.second.heard.setdefault(1, [])
    await until(lambda: sum(payload[0] == 2 for payload in heard) > 50)
    of_hall = [payload for payload in heard if payload[0] == 2]
    assert {len(payload) for payload in of_hall} == {306}
    numbers = sorted(int.from_bytes(payload[2:6], "big") for payload in of_hall)
    assert all((after - before) % 2 == 0 for before, after in itertools.pairwise(numbers))


async def test_it_comes_back_with_the_same_join_into_a_room_that_was_locked(room: Room) -> None:
    await room.second.vanish()
    await room.host.until(e.MemberChanged, lambda m: m.name == "second" and m.state == "gone")
    room.host.node.do(c.SetLock(True))
    await room.listener.until(e.LockChanged)
    since = len(room.host.told)
    await room.second.join()
    await room.host.until(
        e.MemberChanged, lambda m: m.name == "second" and m.state == "here", since
    )
    room.host.node.do(c.SetMic(True))
    await until(lambda: room.second.opened > 50)


async def come_on_stage(room: Room) -> None:
    room.second.raise_hand()
    await room.host.until(e.HandChanged, lambda hand: hand.place == 1)
    room.host.node.do(c.AcceptHand(room.host.number_of("second")))
    await room.second.take_the_stage()


async def test_it_raises_its_hand_is_accepted_and_is_heard(room: Room) -> None:
    await come_on_stage(room)
    voice = Voice(440.0)
    async with talking(room.second, voice):
        for person in room.hearers:
            await person.until(e.FirstSound)
        await until(lambda: voice.said >= 300)
        for person in room.hearers:
            heard = person.session.secrets.frames.heard(room.second.me.member)
            assert heard.opened >= 0.99 * voice.said
            assert heard.rejected == 0
            n = person.number_of("second")
            played = person.node._ours.sound.pipeline.speaker_stats(n)
            assert played["played"] >= 0.9 * voice.said  # the rest is on its way or came too late
            assert played["refused"] == 0


async def test_frames_that_nobody_plays_are_said_to_be_unheard(room: Room) -> None:
    await come_on_stage(room)
    async with talking(room.second, Voice(440.0, LEFT_TO_ITSELF)):
        await until(lambda: any(one.unheard for one in room.host.node.view().members))
    [row] = [row for row in room.host.node.view().members if row.unheard]
    assert row.name == "second"
