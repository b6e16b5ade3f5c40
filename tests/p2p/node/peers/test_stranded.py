"""Who holds a pass that no relay takes: when it asks a member, and that it gets back by that."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from crypto.contact import Contact
from crypto.ids import DhKey
from lab.node_house import Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.node.peers.stranded import AFTER_S, ASK_EVERY_S, Stranded
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_room import RelayedRoom
from p2p.relay.server import Relay
from tests.p2p.node.inn import until


def test_a_member_is_asked_after_two_seconds_and_every_three_until_a_relay_takes_us() -> None:
    stranded = Stranded()
    tenths = range(100)
    asked = [t / 10 for t in tenths if stranded.is_due(stranded=t != 90, now=t / 10)]
    assert asked == [AFTER_S, AFTER_S + ASK_EVERY_S, AFTER_S + 2 * ASK_EVERY_S]


def test_who_has_a_seat_asks_nobody() -> None:
    stranded = Stranded()
    assert not any(stranded.is_due(stranded=False, now=float(second)) for second in range(100))


async def loses_its_relay(person: Person) -> asyncio.Event:
    """No relay is reached until the event is set."""
    links, back = person.session._ours.relay_links, asyncio.Event()
    get = links.get

    async def later(contact: Contact) -> RelayLink:
        await back.wait()
        return await get(contact)

    links.get = later  # type: ignore[method-assign]
    await asyncio.gather(*(link.close() for link in links.links))
    return back


def begins_anew(relay: Relay) -> None:
    """A relay that begins anew does not know who sat there."""
    for room in relay._rooms._rooms.values():
        room._passes._sat.clear()


def refusals(*doors: Person) -> list[str | None]:
    """What they say, from now on, to those who ask to be let in."""
    said: list[str | None] = []
    for door in doors:
        admission = door.session.peers._admission
        admission._refusal = partial(_noted, admission._refusal, said)  # type: ignore[method-assign]
    return said


def _noted(
    refusal: Callable[[bytes, DhKey], str | None], said: list[str | None], join: bytes, dh: DhKey
) -> str | None:
    said.append(refusal(join, dh))
    return said[-1]


@pytest.mark.parametrize("is_removed", [False, True], ids=["a member", "removed"])
async def test_who_lost_its_relay_as_a_key_was_made_is_back_in_a_locked_room_if_it_is(
    is_removed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house() as house:
        line = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (line,)}
        host = await house.host("host", **ways)
        words = (await host.key()).words
        evil, good = [await house.guest(name, words, **ways) for name in ("evil", "good")]
        for person in (evil, good):
            await person.until(e.Joined)
        await host.until(e.MemberChanged, lambda m: m.name == "good" and m.state == "here")
        host.node.do(c.SetLock(True))
        await until(lambda: good.session.peers.room.state.locked)
        lost = evil if is_removed else good
        back = await loses_its_relay(lost)
        host.node.do(c.Remove(host.number_of("evil"), new_key=True))
        await host.until(e.RoomKeyChanged, lambda key: key.why == "kick")
        said = refusals(host, good)
        begins_anew(house.relays[0])
        back.set()
        heads = host.session.peers.room.state.heads
        keyring = lost.session.secrets.keyring
        if is_removed:
            monkeypatch.setattr(RelayedRoom, "is_shut_out", True)  # so that it asks in any case
            await until(lambda: "removed" in said)
            assert not any(map(keyring.knows, heads))
            assert not lost.session.peers.dispatch.relay_room.is_attached
        else:
            await until(lambda: all(map(keyring.knows, heads)))
            await until(lambda: lost.session.peers.dispatch.relay_room.is_attached)
