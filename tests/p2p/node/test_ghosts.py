"""A removed member that comes back under another name, with all that it held, at a real relay."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import msgspec
import pytest

from crypto.contact import Contact
from crypto.handover import keyring_from
from crypto.identity import Identity
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.dht.contact import NodeContact
from p2p.link.work import Work
from p2p.mesh.group_messages import Gossip
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import GossipCame
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_session import RoomSide
from p2p.relay.room import RelayRoom
from p2p.room.commands import RaiseHand
from p2p.room.ops import kinds
from p2p.room.room import Room
from p2p.wire import codec
from p2p.wire.codec import Message
from p2p.wire.messages import Near, Ops
from p2p.wire.relay_messages import EVERYBODY
from p2p.wire.relay_messages import Gossip as Wire
from tests.p2p.node.inn import until


class Ghost:
    """Another name of a member, with the keys that it holds at that moment.

    Attributes:
        room: A history of its own; ``room.join_op`` is signed by nobody else.
        admission: Its join in the word of the member that it was.
        seats: At the relay.
    """

    def __init__(
        self, of: Person, identity: Identity, net: MemberEndpoint, work: Work, relay: Contact
    ) -> None:
        secrets, known = of.session.secrets, of.session.peers.room
        ring, self._time = secrets.keyring, secrets.room_time
        step, pass_key = ring.seal_step, bytes(ring.pass_)
        self._keyring = keyring_from(ring.export(step), step, step * 10.0, bytes(16))
        self._gossip = Gossip(self._keyring, known.room_id, os.urandom)
        self.identity = identity
        self.room = Room(identity, secrets.genesis, "ghost", now=0.0)
        self.admission = known._pen.write(kinds.Admit, self.room.join_op).data
        floor = [op for op in known.ops() if known.is_floor(op)]
        side = RoomSide(identity, secrets.genesis, known.room_id, lambda: pass_key, lambda: floor)
        frames = SimpleNamespace(relay_frame=lambda _frame, _at_s: True)
        self.seats = Failover(side, net.inbox, frames, RelayLinks(net, work), work)
        self.seats.set_relays([relay])
        work.create_task(self.seats.run())

    def sealed(self, message: Message, frm: bytes | None = None) -> bytes:
        """Under the key of before, for everybody; ``frm``: in another's name."""
        self._keyring.advance(self._time.at(time.monotonic()))
        return (
            self._gossip.seal(codec.encode(message), frm or self.identity.member_id, EVERYBODY)
            or b""
        )


@contextlib.asynccontextmanager
async def a_ghost(of: Person, relay: str) -> AsyncIterator[Ghost]:
    line, identity = NodeContact.parse(relay), Identity.generate(os.urandom)
    net = await MemberEndpoint.open(("127.0.0.1", 0), [], identity.dh_secret, os.urandom)
    async with Work() as work:
        yield Ghost(of, identity, net, work, Contact(line.key, line.address, "relay"))
    await net.close()


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
        ghost.seats.send_gossip(EVERYBODY, ghost.sealed(ops))
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
            late.seats.send_gossip(EVERYBODY, late.sealed(Ops((hand,))))
            await asyncio.sleep(0.3)
            door = good.session.peers
            door.room.admit(late.room.join_op)
            door.pump()
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
