import asyncio
from types import SimpleNamespace

import pytest

from crypto.dh import KeyPair
from crypto.identity import Identity, member_id
from crypto.roomkey import Genesis, RoomKey
from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import RemoteError
from p2p.node.inbox import FromNeighbour, Inbox
from p2p.node.joining.join import JoinAttempt
from p2p.node.peers.peers import Neighbour
from p2p.node.secrets import Credentials
from p2p.rng import system_rng
from p2p.room.ops import kinds
from p2p.room.ops.op import Pen
from p2p.room.room import Room
from p2p.wire.messages import Admit, Carry, Have, HeadSecret
from p2p.wire.offers import Welcome


async def test_a_join_with_a_copied_exchange_key_takes_nobodys_link() -> None:
    """Anyone can sign a join that names another's key; only the handshake proves who has it."""
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        words = (await host.key()).words
        victim = await house.guest("victim", words, only="dht")
        await victim.until(e.Joined)
        members = victim.session.peers
        assert members is not None
        dh = members.room.myself.dh
        for _ in range(8):  # some of them sort before the victim's own id
            fake = Identity.generate(system_rng)
            twin = SimpleNamespace(member_id=member_id(fake.sign_key, dh), sign=fake.sign)
            pen = Pen(twin, members.room.room_id)
            join = pen.write(kinds.Join, fake.sign_key, dh, bytes(32), "fake")
            members.room.admit(join.data)
        members.pump()
        await host.until(e.Joined)
        for neighbour in list(members.neighbours.values()):
            await neighbour.line.close()
        await victim.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "gone")
        seen = len(victim.told)
        await victim.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "here", seen)
        host.node.do(c.SetMic(True))
        await victim.until(e.FirstSound)
        [link] = host.session.peers.neighbours
        assert link == members.room.me


def said(neighbour: Neighbour, message: Carry) -> FromNeighbour:
    return FromNeighbour(neighbour.member, message, neighbour.line)


async def test_what_a_neighbour_only_carries_is_not_held_against_it() -> None:
    """Otherwise one member could have others end their links with each other."""
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        guest = await house.guest("guest", (await host.key()).words, only="dht")
        await guest.until(e.Joined)
        members = host.session.peers
        assert members is not None
        [neighbour] = members.neighbours.values()
        absent = bytes(16)
        members.take(said(neighbour, Carry(members.room.me, absent, b"\xc0" * 512)), 0.0)
        members.take(said(neighbour, Carry(members.room.me, absent, b"\xc1" * 1024)), 0.0)
        members.take(said(neighbour, Carry(absent, neighbour.member, b"\xc0" * 512)), 0.0)
        with pytest.raises(RemoteError):
            members.take(said(neighbour, Carry(absent, members.room.me, b"\xc0" * 512)), 0.0)


class _Answers:
    """A line that somebody has written to before."""

    rtt_s = 0.0

    def __init__(self, *messages: object) -> None:
        self._messages = list(messages)

    def send(self, message: object) -> None:
        pass

    async def receive(self) -> object:
        if not self._messages:
            raise ConnectionError("line closed")
        return self._messages.pop(0)


async def test_keys_are_taken_only_from_a_door_that_shows_who_it_is() -> None:
    """The keys of the first door that lets us in are kept, so it must not be just anybody."""
    host, door, me = (Identity.generate(system_rng) for _ in range(3))
    genesis = Genesis(1, host.sign_key, host.dh, "open", 0, bytes(32))
    room = Room(me, genesis.encode(), "me", now=0.0)
    twin, one = (Room(who, genesis.encode(), "x", now=0.0) for who in (door, host))
    for newcomer in (twin, room):
        one.admit(newcomer.join_op)
    keys = (HeadSecret(bytes(16), bytes(32), bytes(32)),)
    unknown = Admit(bytes(16), 0, 0, keys, ())
    alone = Admit(door.member_id, 0, 0, keys, (twin.join_op,))
    borrowed = Admit(door.member_id, 0, 0, keys, tuple(one.introduction(room.me)))
    nothing = Admit(host.member_id, 0, 0, keys, tuple(twin.ops()))
    for admit in (unknown, alone, nothing, borrowed):
        await assert_not_entered(admit, me, genesis, Room(me, genesis.encode(), "me", now=0.0))
    await assert_not_entered(borrowed, me, genesis, room)


async def assert_not_entered(admit: Admit, me: Identity, genesis: Genesis, room: Room) -> None:
    credentials = Credentials(me, RoomKey.create(genesis, bytes(16)), KeyPair.generate(system_rng))
    net = SimpleNamespace(inbox=Inbox())
    attempt = JoinAttempt(net, credentials, None, lambda _: room)  # type: ignore[arg-type]
    line, welcome = _Answers(admit), Welcome(1, None, None, genesis.encode(), bytes(16))
    with pytest.raises((RemoteError, ConnectionError)):
        await attempt._enter(line, bytes(32), welcome, "dht")  # type: ignore[arg-type]
    assert not attempt._outcome.imposter, "it got as far as the keys"
    assert not attempt._entered.done()


async def test_keys_are_taken_only_with_an_admission_that_counts() -> None:
    """A door that hands over keys and has let us in for nobody is of no use to us."""
    host, me = (Identity.generate(system_rng) for _ in range(2))
    genesis = Genesis(1, host.sign_key, host.dh, "open", 0, bytes(32))
    room, door = (Room(who, genesis.encode(), "x", now=0.0) for who in (me, host))
    keys = (HeadSecret(bytes(16), bytes(32), bytes(32)),)
    nothing = Admit(host.member_id, 0, 0, keys, tuple(door.ops()))
    await assert_not_entered(nothing, me, genesis, room)


async def test_a_door_that_hands_out_other_keys_is_noticed() -> None:
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        guest = await house.guest("guest", (await host.key()).words, only="dht")
        await guest.until(e.Joined)
        secrets = guest.session.secrets
        honest = host.session.secrets.admit((), 0.0)
        secrets.readmitted(honest, 0.0)
        assert guest.node.view().problem == ""
        false = type(honest)(
            honest.member,
            honest.room_time_ms,
            honest.step,
            (HeadSecret(honest.heads[0].epoch_id, b"x" * 32, honest.heads[0].pass_key),),
        )
        secrets.readmitted(false, 0.0)
        assert "other room keys" in guest.node.view().problem


async def test_a_neighbour_that_asks_without_end_is_let_go_and_the_room_goes_on() -> None:
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        words = (await host.key()).words
        guest = await house.guest("guest", words, only="dht")
        pest = await house.guest("pest", words, only="dht")
        for person in (guest, pest):
            await person.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "here")
        [line] = [
            n.line
            for n in pest.session.peers.neighbours.values()
            if n.member == host.session.peers.room.me
        ]
        for _ in range(100):
            line.send(Have(()))
        await host.until(e.MemberChanged, lambda m: m.name == "pest" and m.state == "here")
        async with asyncio.timeout(5):
            while line.open:  # noqa: ASYNC110  the end of a line is no event here
                await asyncio.sleep(0.05)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
