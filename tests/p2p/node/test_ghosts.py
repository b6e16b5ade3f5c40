"""A removed member that comes back under another name, with all that it held, at a real relay."""

import asyncio
import time

import msgspec
import pytest

from lab.ghost import Ghost, a_ghost
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.node.inbox import GossipCame
from p2p.relay.room import RelayRoom
from p2p.room.commands import RaiseHand
from p2p.room.ops import kinds
from p2p.wire.codec import Message
from p2p.wire.messages import Near, Ops
from p2p.wire.relay_messages import EVERYBODY
from p2p.wire.relay_messages import Gossip as Wire
from tests.p2p.node.inn import until


async def a_room(house: House) -> tuple[str, Person, Person, Person]:
    relay = await house.relay()
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (relay,)}
    host = await house.host("host", **ways)
    words, people = (await host.key()).words, []
    for name in ("evil", "good"):
        people.append(await house.guest(name, words, **ways))
        await people[-1].until(e.Joined)
        await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
    return relay, host, people[0], people[1]


async def removed_with_a_new_key(host: Person, evil: Person, good: Person) -> None:
    host.node.do(c.SetLock(True))
    host.node.do(c.Remove(host.number_of("evil"), new_key=True))
    await evil.until(e.Left)
    await good.until(e.RoomKeyChanged, lambda key: key.why == "kick")


def rosters(*people: Person) -> list[set[str]]:
    states = [person.session.peers.room.state for person in people]
    return [{str(m.name) for m in state.members.values() if m.is_here} for state in states]


def refused(person: Person) -> int:
    return person.session.peers.dispatch.relay_room._strangers._counters["stranger"]


def said_to(person: Person, frm: bytes, blob: bytes) -> None:
    """What a relay brings, as if this member had sealed it."""
    relay_room = person.session.peers.dispatch.relay_room
    person.session.take(GossipCame(frm, EVERYBODY, blob, relay_room.failover.first.link))


async def has_said_its_join_in_vain(ghost: Ghost, host: Person, good: Person) -> None:
    for _ in range(8):
        ops = Ops((ghost.room.join_op, ghost.admission))
        ghost.says(ghost.sealed(ops))
        await asyncio.sleep(0.1)
    await until(lambda: refused(host) and refused(good))
    assert rosters(host, good) == [{"host", "good"}] * 2
    for person in (host, good):  # and if it reached them by whatever way
        room = person.session.peers.room
        room.receive(ghost.room.join_op, None, time.monotonic())
        room.receive(ghost.admission, None, time.monotonic())
        assert not room.state.in_roster(ghost.identity.member_id)
        assert room.counts["alone"]


async def test_who_sat_under_another_name_before_its_removal_signs_itself_into_no_list() -> None:
    async with a_house() as house:
        relay, host, evil, good = await a_room(house)
        async with a_ghost(evil, relay) as ghost:
            await until(lambda: ghost.seats.first)
            await removed_with_a_new_key(host, evil, good)
            await has_said_its_join_in_vain(ghost, host, good)


async def test_who_left_before_the_lock_signs_itself_into_no_list_under_the_same_key() -> None:
    async with a_house() as house:
        relay, host, evil, good = await a_room(house)
        async with a_ghost(evil, relay) as ghost:
            await evil.leave()
            for one in (host, good):
                await one.until(e.MemberChanged, lambda m: m.name == "evil" and m.state == "left")
            host.node.do(c.SetLock(True))
            await until(lambda: ghost.seats.first)
            await has_said_its_join_in_vain(ghost, host, good)


async def test_a_relay_in_league_brings_nobody_in_by_words_under_the_key_of_before() -> None:
    async with a_house() as house:
        relay, host, evil, good = await a_room(house)
        async with a_ghost(evil, relay) as ghost:
            await removed_with_a_new_key(host, evil, good)
            at_good, me = (
                good.session.peers.dispatch.relay_room,
                host.session.secrets.identity.member_id,
            )
            said_to(good, me, ghost.sealed(Ops((ghost.admission,)), me))
            assert rosters(good) == [{"host", "good"}]
            assert refused(good) == 1
            before_s = good.session.secrets.room_time.at(0.0)
            said_to(good, me, ghost.sealed(Near(int(before_s * 1000) + 1500, ()), me))
            assert good.session.secrets.room_time.at(0.0) == before_s
            assert at_good._gossip.counters["message"] == 1


async def test_what_members_sealed_a_moment_before_the_new_key_still_counts() -> None:
    async with a_house() as house:
        relay, host, evil, good = await a_room(house)
        async with a_ghost(good, relay) as late:  # it seals what the member sealed before
            room = good.session.peers.room
            await removed_with_a_new_key(host, evil, good)
            room.do(RaiseHand(), time.monotonic())
            [hand] = [out.data for out in room.to_send(time.monotonic())]
            said_to(host, room.me, late.sealed(Ops((hand,)), room.me))
            assert host.session.peers.room.state.queue == (room.me,)


async def test_what_a_newcomer_says_before_its_join_has_come_is_heard_after_it() -> None:
    async with a_house() as house:
        relay, host, evil, good = await a_room(house)
        async with a_ghost(evil, relay) as late:
            await until(lambda: late.seats.first)
            hand = late.room._pen.write(kinds.Hand, True).data
            late.says(late.sealed(Ops((hand,))))
            await asyncio.sleep(0.3)
            good.session.peers.room.admit(late.room.join_op)
            good.session.follow()
            state = lambda: host.session.peers.room.state  # noqa: E731
            await until(lambda: state().queue == (late.identity.member_id,))
            assert refused(host) == 0


async def test_a_relay_that_names_another_sender_or_receiver_is_heard_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        _, host, evil, good = await a_room(house)
        its = {p: p.session.secrets.identity.member_id for p in (host, evil, good)}
        lies: list[dict[str, bytes]] = [{"frm": its[host]}, {"to": EVERYBODY}]
        honest = RelayRoom.to_send

        def lying(room: RelayRoom) -> list[tuple[int, Message]]:
            links = [link for link, seat in room.seating.seats.items() if seat.member == its[good]]
            return [
                (links[0], msgspec.structs.replace(message, **(lies or [{}])[0]))
                if isinstance(message, Wire) and (message.frm, message.to) == (its[evil], its[good])
                else (link, message)
                for link, message in honest(room)
            ]

        monkeypatch.setattr(RelayRoom, "to_send", lying)
        counters = good.session.peers.dispatch.relay_room._gossip.counters
        for _ in tuple(lies):
            before = counters["seal"]
            assert evil.session.peers.dispatch.relay_room.say(Near(0, ()), its[good])
            await until(lambda n=before: counters["seal"] > n)
            lies.pop(0)
        before = counters["seal"]
        assert evil.session.peers.dispatch.relay_room.say(Near(0, ()), its[good])
        await asyncio.sleep(0.3)
        assert counters["seal"] == before  # as it was sealed it opens
