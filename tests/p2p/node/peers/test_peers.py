import asyncio
from types import SimpleNamespace

import pytest

from crypto.dh import KeyPair
from crypto.genesis import commit_members_secret
from crypto.identity import Identity, member_id
from crypto.knock import KNOCK
from crypto.roomkey import Genesis, RoomKey
from lab.node_house import LIMIT_S, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import RemoteError
from p2p.link.dial import Ways, reach
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import FromChannel, FromNeighbour, Inbox
from p2p.node.joining.join import JoinAttempt
from p2p.node.peers.admission import AdmissionRequest
from p2p.node.peers.peers import Neighbour
from p2p.node.secrets import Credentials
from p2p.rekey.sealed_heads import open_heads, seal_heads
from p2p.rng import system_rng
from p2p.room.ops import kinds
from p2p.room.ops.op import Pen
from p2p.room.room import Room
from p2p.wire.messages import Admit, Carry, Have, Join, Ops, Refuse, Wait
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
        victim.session.follow()
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
    tie = b"t" * 64
    silent = False

    def __init__(self, *messages: object) -> None:
        self._messages = list(messages)

    def send(self, message: object) -> None:
        pass

    async def receive(self) -> object:
        if not self._messages and self.silent:
            await asyncio.sleep(60.0)
        if not self._messages:
            raise ConnectionError("line closed")
        return self._messages.pop(0)


async def test_keys_are_taken_only_from_a_door_that_shows_who_it_is() -> None:
    """The keys of the first door that lets us in are kept, so it must not be just anybody."""
    host, door, me = (Identity.generate(system_rng) for _ in range(3))
    genesis = Genesis(2, host.sign_key, host.dh, "open", 0, COMMIT)
    room = Room(me, genesis.encode(), "me", now=0.0)
    twin, one = (Room(who, genesis.encode(), "x", now=0.0) for who in (door, host))
    for newcomer in (twin, room):
        one.admit(newcomer.join_op)
    keys = keys_of(door, me)
    proof = door.sign(b"admit", room.room_id + door.dh + me.dh + _Answers.tie)
    introduced = tuple(one.introduction(room.me))
    unknown = Admit(bytes(16), 0, 0, keys, SHARED, (), proof)
    alone = Admit(door.member_id, 0, 0, keys, SHARED, (twin.join_op,), proof)
    borrowed = Admit(door.member_id, 0, 0, keys, SHARED, introduced, proof)
    nothing = Admit(host.member_id, 0, 0, keys_of(host, me), SHARED, tuple(twin.ops()), proof)
    for admit in (unknown, alone, nothing, borrowed):
        await assert_not_entered(admit, me, genesis, Room(me, genesis.encode(), "me", now=0.0))
    await assert_not_entered(borrowed, me, genesis, room)
    thief = Identity(system_rng(32), door.dh_secret)  # holds the door's exchange key alone
    for data in (door.dh + me.dh + _Answers.tie, bytes(128)):
        stolen = thief.sign(b"admit", room.room_id + data)
        admit = Admit(door.member_id, 0, 0, keys, SHARED, introduced, stolen)
        fresh = Room(me, genesis.encode(), "me", now=0.0)
        await assert_not_entered(admit, me, genesis, fresh, door.dh, "bad signature")
    other = Admit(door.member_id, 0, 0, keys, b"b" * 32, introduced, proof)
    fresh = Room(me, genesis.encode(), "me", now=0.0)
    await assert_not_entered(other, me, genesis, fresh, door.dh, "members' secret")
    attempt = an_attempt(me, genesis, Room(me, genesis.encode(), "me", now=0.0))
    await enter(attempt, borrowed, genesis, door.dh)
    assert [one.member for one in attempt._answers.given] == [door.member_id]


RECV = KeyPair.generate(system_rng)
SHARED = b"a" * 32
COMMIT = commit_members_secret(SHARED)


def keys_of(giver: Identity, taker: Identity) -> bytes:
    head = (bytes(16), bytes(32), bytes(32))
    return seal_heads([head], 0, giver.member_id, (taker.member_id, RECV.public), system_rng)


def an_attempt(me: Identity, genesis: Genesis, room: Room) -> JoinAttempt:
    credentials = Credentials(me, RoomKey.create(genesis, bytes(16)), RECV)
    net = SimpleNamespace(inbox=Inbox())
    return JoinAttempt(net, credentials, None, lambda _: room)  # type: ignore[arg-type]


async def enter(attempt: JoinAttempt, admit: Admit, genesis: Genesis, dh: bytes) -> None:
    line, welcome = _Answers(admit), Welcome(1, None, None, genesis.encode(), bytes(16))
    await attempt._enter(line, dh, welcome, "dht")  # type: ignore[arg-type]


async def assert_not_entered(
    admit: Admit,
    me: Identity,
    genesis: Genesis,
    room: Room,
    dh: bytes = bytes(32),
    why: str | None = None,
) -> None:
    attempt = an_attempt(me, genesis, room)
    with pytest.raises((RemoteError, ConnectionError), match=why):
        await enter(attempt, admit, genesis, dh)
    assert not attempt._outcome.imposter, "it got as far as the keys"
    assert not attempt._answers.given


async def test_keys_are_taken_only_with_an_admission_that_counts() -> None:
    """A door that hands over keys and has let us in for nobody is of no use to us."""
    host, me = (Identity.generate(system_rng) for _ in range(2))
    genesis = Genesis(2, host.sign_key, host.dh, "open", 0, COMMIT)
    room, door = (Room(who, genesis.encode(), "x", now=0.0) for who in (me, host))
    keys = keys_of(host, me)
    proof = host.sign(b"admit", room.room_id + host.dh + me.dh + _Answers.tie)
    nothing = Admit(host.member_id, 0, 0, keys, SHARED, tuple(door.ops()), proof)
    await assert_not_entered(nothing, me, genesis, room)


def a_lying_door() -> tuple[Identity, Genesis, Room, Admit]:
    """A door of whom nothing shows that it is in, and its yes."""
    host, door, me = (Identity.generate(system_rng) for _ in range(3))
    genesis = Genesis(2, host.sign_key, host.dh, "open", 0, COMMIT)
    room = Room(me, genesis.encode(), "me", now=0.0)
    return (
        host,
        genesis,
        room,
        Admit(door.member_id, 0, 0, keys_of(door, me), SHARED, (), bytes(64)),
    )


async def test_a_door_has_a_newcomer_check_only_so_many_signatures() -> None:
    host, _, room, admit = a_lying_door()
    pen = Pen(host, room.room_id)
    forged = [pen.write(kinds.Join, host.sign_key, host.dh, bytes(32), "x").data]
    forged += [pen.write(kinds.Hand, n % 2 == 0).data for n in range(99)]
    page = Ops(tuple(op[:-1] + bytes([op[-1] ^ 1]) for op in forged))
    line = _Answers(admit, *[page] * 200)
    request = AdmissionRequest(room, Identity.generate(system_rng), Inbox())
    with pytest.raises(RemoteError, match="does not show"):
        await request.ask(line, bytes(32))  # type: ignore[arg-type]
    assert room.counts["forged"] < 2200


async def test_a_door_that_has_said_wait_shows_who_it_is_as_soon_as_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2p.node.peers.admission.ATTACH_LIMIT_S", 0.1)
    _, _, room, admit = a_lying_door()
    line = _Answers(Wait(), admit)
    line.silent = True
    request = AdmissionRequest(room, Identity.generate(system_rng), Inbox())
    async with asyncio.timeout(3.0) as test:
        with pytest.raises(TimeoutError):
            await request.ask(line, bytes(32))  # type: ignore[arg-type]
        assert not test.expired()


async def test_who_has_a_copy_of_a_members_exchange_key_alone_does_not_get_in_as_that_one() -> None:
    """It passes the handshake, and the member's join operation is everybody's to show."""
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        victim = await house.guest("victim", (await host.key()).words, only="dht")
        await victim.until(e.Joined)
        theirs, ours = victim.session.secrets, host.session.secrets
        room = victim.session.peers.room
        stolen = theirs.identity.dh_secret
        endpoint = await MemberEndpoint.open(("127.0.0.1", 0), [], stolen, system_rng)
        door = Ways(("127.0.0.1", host.node._ours.endpoint.station.mux.local_port))
        psk, door_dh = ours.room_key.psk(), ours.identity.dh
        for proven in (False, True):
            identity = theirs.identity if proven else Identity(system_rng(32), stolen)
            line, _ = await reach(endpoint.station, door_dh, psk, KNOCK, door, LIMIT_S)
            signed = room.room_id + identity.dh + door_dh + line.tie
            line.send(Join(room.join_op, identity.sign(b"join", signed)))
            answer = await asyncio.wait_for(line.receive(), LIMIT_S)
            assert isinstance(answer, Admit) is proven
            if not proven:
                assert answer == Refuse("bad_join")
                continue
            said = answer.heads, answer.step, answer.member, identity.member_id
            assert open_heads(*said, theirs.recv)
            with pytest.raises(RemoteError):  # who has the identity keys alone can not read it
                open_heads(*said, [KeyPair(stolen)])
            await line.close()
        await endpoint.close()


@pytest.mark.parametrize("kind", [FromNeighbour, FromChannel])
async def test_who_fell_out_is_let_in_again_only_with_a_proof_for_the_line_that_it_says_it_on(
    kind: type[FromNeighbour] | type[FromChannel],
) -> None:
    """A line for keys is had with a member's exchange key alone."""
    async with a_house() as house:
        host = await house.host("host", only="lan")
        session, ours = host.session, host.session.secrets
        fallen = Identity.generate(system_rng)
        room = Room(fallen, ours.genesis, "fallen", now=0.0)
        thief = Identity(system_rng(32), fallen.dh_secret)
        why: list[str] = []
        line = SimpleNamespace(tie=b"t" * 64, breach=why.append)
        signed = room.room_id + fallen.dh + ours.identity.dh + line.tie
        for proof in (
            thief.sign(b"join", signed),
            fallen.sign(b"join", signed[:-1] + b"u"),
            fallen.sign(b"admit", signed),
            fallen.sign(b"join", signed),
        ):
            assert fallen.member_id not in session.peers.room.state.members
            session.take(kind(fallen.member_id, Join(room.join_op, proof), line))  # type: ignore[arg-type]
        assert why == ["bad signature"] * 3
        assert fallen.member_id in session.peers.room.state.members


async def test_a_door_that_hands_out_other_keys_is_noticed() -> None:
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        guest = await house.guest("guest", (await host.key()).words, only="dht")
        await guest.until(e.Joined)
        secrets = guest.session.secrets
        theirs = host.session.secrets
        taker = secrets.identity.member_id, secrets.recv[0].public
        secrets.readmitted(theirs.admit((), bytes(64), 0.0, taker), 0.0)
        assert guest.node.view().problem == ""
        ring = theirs.keyring
        ((epoch, _, pass_key),) = ring.export(ring.seal_step)
        ring.replace(epoch, b"x" * 32, ring.seal_step, pass_key)
        other = taker[0], KeyPair.generate(system_rng).public
        secrets.readmitted(theirs.admit((), bytes(64), 0.0, other), 0.0)
        assert guest.node.view().problem == "", "not for the receive key that we have"
        secrets.readmitted(theirs.admit((), bytes(64), 0.0, taker), 0.0)
        assert guest.node.view().problem == "keys_differ"


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


async def test_who_names_a_receive_key_of_no_use_is_not_let_in() -> None:
    async with a_house() as house:
        host = await house.host("host", only="dht")
        ours, me, closed = host.session.secrets, Identity.generate(system_rng), []

        async def close() -> None:
            closed.append(True)

        line = SimpleNamespace(send=lambda _: None, close=close, tie=b"t" * 64)
        room = Room(me, ours.genesis, "me", now=0.0)
        proof = me.sign(b"join", room.room_id + me.dh + ours.identity.dh + line.tie)
        door = host.session.peers._admission
        assert await door.answer(line, me.dh, Join(room.join_op, proof)) is None
        assert closed
