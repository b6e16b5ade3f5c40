"""What is lost while a key is missing, and made up for when it has come; real nodes at a relay."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crypto.ids import MemberId
from lab.node_house import Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.mesh import group_messages
from p2p.node.peers.group_key import MAKE_UP_EVERY_S
from p2p.node.relays import relay_room
from p2p.rekey.events import TimeWrong
from p2p.wire.codec import Message
from p2p.wire.messages import GiveKeys, Wraps

HOLD_S = 0.1
TAG_BYTES = 3
GIVEN_S = 0.5
"""Some time before a key that is missing counts as late."""
LATE_S = 1.5


@pytest.fixture(autouse=True)
def nothing_else_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can not be read waits for a moment only, and nobody compares by the clock."""
    monkeypatch.setattr(group_messages, "HOLD_S", HOLD_S)
    monkeypatch.setattr(relay_room, "COMPARE_EVERY_S", 1e9)


@asynccontextmanager
async def three_at_a_relay() -> AsyncIterator[tuple[Person, Person, Person]]:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        words, found = (await host.key()).words, [host]
        for name in ("ann", "bob"):
            found.append(await house.guest(name, words, **ways))
            await found[-1].until(e.Joined)
        for person in found:
            for name in {"host", "ann", "bob"} - {person.node._ours.settings.name}:
                await person.until(e.MemberChanged, lambda m, n=name: m.name == n)
        yield found[0], found[1], found[2]


class Withheld:
    """What of some kinds was said to somebody, and is not told it until ``told``."""

    def __init__(self, person: Person, *kinds: type[Message]) -> None:
        group_key = person.session.peers.dispatch.group_key
        self._kinds = kinds
        self._take = group_key.take
        self._waits: list[tuple[Message, MemberId]] = []
        group_key.take = self._keep  # type: ignore[method-assign]

    def _keep(self, message: Message, sender: MemberId) -> bool:
        if not isinstance(message, self._kinds):
            return self._take(message, sender)
        self._waits.append((message, sender))
        return True

    def told(self, *kinds: type[Message]) -> None:
        self._kinds = tuple(set(self._kinds) - {*kinds})
        for message, sender in self._waits:
            if isinstance(message, kinds):
                self._take(message, sender)


@pytest.mark.parametrize(
    ("comes", "after_s"), [(GiveKeys, GIVEN_S), (Wraps, LATE_S)], ids=["is given", "comes late"]
)
async def test_what_was_said_under_a_key_that_somebody_lacked_is_heard_when_it(
    comes: type[Message], after_s: float
) -> None:
    async with three_at_a_relay() as (host, ann, bob):
        withheld = Withheld(bob, Wraps, GiveKeys)
        host.node.do(c.NewKey())
        await ann.until(e.RoomKeyChanged, lambda key: key.why == "asked")
        ann.node.do(c.RaiseHand())
        await host.until(e.HandChanged, lambda hand: hand.n == host.number_of("ann"))
        await asyncio.sleep(after_s)
        assert not bob.all(e.HandChanged)
        withheld.told(comes)
        await bob.until(e.HandChanged, lambda hand: hand.n == bob.number_of("ann"))


async def test_who_is_lied_to_without_end_makes_up_for_it_every_two_seconds() -> None:
    async with three_at_a_relay() as (_, _, bob):
        group_key = bob.session.peers.dispatch.group_key
        made_up = []
        for tenth in range(45):
            group_key.counts["replaced"] += tenth < 30
            made_up += [tenth / 10] * group_key.was_misled(1e6 + tenth / 10)
    assert made_up == [0.0, MAKE_UP_EVERY_S, 2 * MAKE_UP_EVERY_S]


async def test_what_was_said_under_a_wrong_time_is_heard_when_that_is_put_right() -> None:
    async with three_at_a_relay() as (host, ann, bob):
        dispatch, secrets = bob.session.peers.dispatch, bob.session.secrets
        gossip = dispatch.relay_room._gossip
        seal = gossip.seal
        gossip.seal = lambda *said: _of_another_step(seal(*said))  # type: ignore[method-assign]
        bob.node.do(c.RaiseHand())
        await bob.until(e.HandChanged)
        await asyncio.sleep(GIVEN_S)
        gossip.seal = seal  # type: ignore[method-assign]
        room_s = secrets.room_time.at(time.monotonic())
        dispatch.group_key._epochs._giving.events.append(TimeWrong(room_s))
        for other in (host, ann):
            bobs = other.number_of("bob")
            await other.until(e.HandChanged, lambda hand, n=bobs: hand.n == n)


def _of_another_step(blob: bytes | None) -> bytes | None:
    return blob and blob[:TAG_BYTES] + bytes((1,)) + blob[TAG_BYTES + 1 :]
