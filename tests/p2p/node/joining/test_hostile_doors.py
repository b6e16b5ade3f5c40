"""Doors that lie, or keep people waiting, beside honest ones; real nodes at a real relay."""

import asyncio
import contextlib
import os
import time

import pytest

from crypto.kem import ENCAPSULATION_KEY_BYTES, DecapsulationKey
from lab.node_house import House, Person, a_house
from lab.programs.person import SLACK
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.link.door import Door
from p2p.link.second_seal import SecondSeal
from p2p.node.joining import answers
from p2p.node.peers.admission import Admission
from p2p.node.relays import relay_room
from p2p.room.ops.kinds import Epoch, Remove
from p2p.room.ops.op import decode_op
from p2p.wire.messages import Wait

HONEST_TAKE_S = 0.15
UNCHECKED_S = 25.0
"""Some time before its microphone would be closed for want of a moderator's word."""


async def a_room(house: House, **more: object) -> tuple[dict[str, object], Person, Person, Person]:
    relay = await house.relay()
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (relay,)}
    host = await house.host("host", **ways, **more)
    words, people = (await host.key()).words, []
    for name in ("evil", "good"):
        people.append(await house.guest(name, words, **ways))
        await people[-1].until(e.Joined)
        await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
    return ways, host, people[0], people[1]


def stays_as_it_was(person: Person) -> None:
    """Its program takes no removal and no new key, so it goes on as if it were in."""
    room = person.session.peers.room
    receive = room.receive

    def deaf(data: bytes, sender: bytes | None, now: float) -> bool:
        body = decode_op(data, room.room_id).body
        return not isinstance(body, Remove | Epoch) and receive(data, sender, now)

    room.receive = deaf


def is_nearest(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """All questions reach its door at once, and all others later."""
    near, asked = person.session._listener.door, Door.asked

    def later(door: Door, *question: object) -> None:
        def ask() -> None:
            with contextlib.suppress(RemoteError):
                asked(door, *question)  # type: ignore[arg-type]

        asyncio.get_running_loop().call_later(0.0 if door is near else HONEST_TAKE_S, ask)

    monkeypatch.setattr(Door, "asked", later)


async def test_a_removed_member_that_is_the_nearest_door_traps_no_newcomer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        ways, host, evil, good = await a_room(house)
        stays_as_it_was(evil)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await good.until(e.RoomKeyChanged, lambda key: key.why == "kick")
        out = evil.session.peers.room.me
        is_nearest(evil, monkeypatch)
        for name in ("OTHERS_S", "SILENT_S", "CHECKED_S"):
            monkeypatch.setattr(answers, name, getattr(answers, name) * SLACK)
        await asyncio.sleep(2.0)  # its card is at the relay again
        words = (await host.key()).words
        for number in range(4):
            late = await house.guest(f"late {number}", words, **ways)
            await late.until(e.Joined)
            room, keyring = late.session.peers.room, late.session.secrets.keyring
            assert out in room.state.removed
            assert all(keyring.knows(head) for head in host.session.peers.room.state.heads)


@pytest.mark.parametrize(
    "key",
    [b"short", b"\xff" * ENCAPSULATION_KEY_BYTES, DecapsulationKey(os.urandom).public],
    ids=["short", "not reduced", "of somebody else"],
)
async def test_a_door_whose_second_seal_is_no_good_is_passed_over(
    key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house() as house:
        ways, host, evil, _ = await a_room(house)
        hostile, honest = lambda size: os.urandom(size), SecondSeal.greeting
        evil.node._ours.endpoint.station.carried._rng = hostile
        given: list[bytes] = []

        def greeting(seal: SecondSeal) -> bytes:
            if seal._rng is not hostile:
                return honest(seal)
            honest(seal)
            given.append(key)
            return key

        monkeypatch.setattr(SecondSeal, "greeting", greeting)
        is_nearest(evil, monkeypatch)
        late = await house.guest("late", (await host.key()).words, **ways)
        await late.until(e.Joined)
        assert given, "it was asked"


async def test_a_door_that_keeps_a_newcomer_waiting_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        ways, host, evil, _ = await a_room(house)
        hostile, honest = evil.session.peers.room, Admission.answer

        async def answer(door: Admission, line: Conversation, *asked: object, **how: bool) -> None:
            if door._room is hostile:
                line.send(Wait())
                await asyncio.sleep(30.0)
            return await honest(door, line, *asked, **how)  # type: ignore[arg-type,return-value]

        monkeypatch.setattr(Admission, "answer", answer)
        is_nearest(evil, monkeypatch)
        for number in range(3):
            began_s = time.monotonic()
            late = await house.guest(f"late {number}", (await host.key()).words, **ways)
            await late.until(e.Joined)
            assert time.monotonic() - began_s < 6.0 * SLACK


async def test_a_door_forgets_no_question_of_a_member_for_those_of_strangers() -> None:
    async with a_house() as house:
        _, host, evil, good = await a_room(house)
        keys = {one.session.secrets.identity.dh for one in (host, evil, good)}
        assert set(host.session._listener.door._responder.questions.members()) == keys


async def test_who_is_given_a_false_key_where_nobody_speaks_is_given_the_true_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        ways, host, evil, good = await a_room(house)
        monkeypatch.setattr(relay_room, "COMPARE_EVERY_S", 1e9)
        ring = evil.session.secrets.keyring
        export = ring.export

        def false(step: int, ids: object = None) -> list[tuple[bytes, bytes, bytes]]:
            return [(epoch, os.urandom(32), pass_) for epoch, _, pass_ in export(step, ids)]

        ring.export = false
        is_nearest(evil, monkeypatch)
        late = await house.guest("late", (await host.key()).words, **ways)
        await late.until(e.Joined)

        def key(of: Person) -> bytes:
            keyring = of.session.secrets.keyring
            return bytes(keyring.base_key(bytes(16), keyring.seal_step))

        assert key(late) != key(host), "the door that lies was the first"
        good.node.do(c.RaiseHand())
        late.node.do(c.RaiseHand())
        async with asyncio.timeout(UNCHECKED_S):
            while key(late) != key(host):  # noqa: ASYNC110  no event says so
                await asyncio.sleep(0.1)
        await late.until(e.HandChanged, lambda hand: hand.n == late.number_of("good"))
        await host.until(e.HandChanged, lambda hand: hand.n == host.number_of("late"))
