"""Nobody who recorded everything, and was never a member, reads it when X25519 is broken.

Real nodes, links and relays, over real sockets; the one who reads is in ``quantum``.
"""

import asyncio

import pytest

from crypto.dh import KeyPair
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.link import media, second_seal
from p2p.link.carried import CarriedLine
from p2p.link.line import Line
from tests.p2p.node.quantum import Found, Recorder

FRAMES = 60
NAMES = {"Scheherazade", "Dunyazad", "Sinbad"}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Everything of this process is recorded: of members and of relays."""
    made = Recorder()
    for line in (Line, CarriedLine):
        monkeypatch.setattr(line, "_transmit", _tapped(made, line._transmit))  # type: ignore[attr-defined]
    begin, unpack = KeyPair.__init__, media.unpack

    def begun(pair: KeyPair, secret: bytes) -> None:
        made.x25519.append(bytes(secret))
        begin(pair, secret)

    def unpacked(packet: bytes, ssrc: int) -> tuple[int, bytes]:
        seq, frame = unpack(packet, ssrc)
        if len(frame) > 100:
            made.frames.append(frame)
        return seq, frame

    monkeypatch.setattr(KeyPair, "__init__", begun)
    monkeypatch.setattr(media, "unpack", unpacked)
    return made


def _tapped(recorder: Recorder, transmit):
    def tapped(line, data: bytes) -> None:
        recorder.heard(line.tie, line.dialled, data)
        transmit(line, data)

    return tapped


def break_ml_kem(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the recorder has the secret half of every encapsulation key."""
    real = second_seal.DecapsulationKey

    def watched(rng):
        seed = rng(64)
        key = real(lambda _size: seed)
        recorder.kem[key.public] = seed
        return key

    monkeypatch.setattr(second_seal, "DecapsulationKey", watched)


async def direct(house: House) -> list[Person]:
    host = await house.host("Scheherazade", only="lan")
    invite = (await host.key()).invite
    return [host, *[await house.guest(name, invite) for name in ("Dunyazad", "Sinbad")]]


async def by_relay(house: House) -> list[Person]:
    ways = {"mode": "shield", "relays": (await house.relay(),)}
    house.entry_nodes.clear()
    host = await house.host("Scheherazade", **ways)
    words = (await host.key()).words
    return [host, *[await house.guest(name, words, **ways) for name in ("Dunyazad", "Sinbad")]]


async def an_evening(recorder: Recorder, house: House, people: list[Person]) -> None:
    """Three come together, one speaks; there is a new key, and it goes on."""
    host, *guests = people
    for guest in guests:
        await guest.until(e.Joined)
    host.node.do(c.SetMic(True))
    await frames(recorder, FRAMES)
    epochs = host.session.secrets.keyring.frontier.ids
    host.node.do(c.NewKey())
    async with asyncio.timeout(10.0):
        while any(  # noqa: ASYNC110  what is waited for has no event
            person.session.secrets.keyring.frontier.ids == epochs for person in people
        ):
            await asyncio.sleep(0.05)
    await frames(recorder, FRAMES)
    await house.close()


async def frames(recorder: Recorder, count: int) -> None:
    count += len(recorder.frames)
    async with asyncio.timeout(20.0):
        while len(recorder.frames) < count:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.05)


async def what_is_read(recorder: Recorder, room) -> Found:
    async with a_house() as house:
        await an_evening(recorder, house, await room(house))
    return await asyncio.to_thread(recorder.read)


@pytest.mark.parametrize("room", [direct, by_relay], ids=["direct", "relay"])
async def test_who_broke_every_curve_reads_no_name_no_key_and_no_frame(
    recorder: Recorder, room
) -> None:
    found = await what_is_read(recorder, room)
    assert len(recorder.frames) >= 2 * FRAMES
    assert found == Found(set(), set(), 0)
    said = b"".join(data for line in recorder.lines.values() for data in line)
    assert not any(name.encode() in said for name in NAMES)


@pytest.mark.parametrize("room", [direct, by_relay], ids=["direct", "relay"])
async def test_the_same_one_reads_everything_when_it_has_broken_ml_kem_too(
    recorder: Recorder, room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is ML-KEM that keeps it out, and it knows how to read."""
    break_ml_kem(recorder, monkeypatch)
    found = await what_is_read(recorder, room)
    assert found.names == NAMES
    assert len(found.epochs) == 2
    assert found.frames == len(recorder.frames)
