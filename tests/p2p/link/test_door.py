"""A door with a real socket; who asks at it never goes on to make a link."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from crypto.cookie import COOKIE_REPLY_BYTES
from crypto.dh import KeyPair
from crypto.ids import DhKey
from crypto.knock import (
    HELLO,
    HELLO_ACK_BYTES,
    KNOCK,
    KNOCK_BYTES,
    NO_PSK,
    Caller,
    Responder,
)
from crypto.veil import Veil
from p2p.errors import RemoteError
from p2p.link import second_seal
from p2p.link.carried import PIECE_BYTES, CarriedLine
from p2p.link.dial import Station
from p2p.link.door import Door, Through
from p2p.link.flood_guard import SOURCE_RATE
from p2p.link.link import MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.pending_links import PENDING_MAX
from p2p.link.transactions import Calls
from p2p.link.work import Work
from p2p.rng import Rng
from p2p.token_bucket import Allowance, Rate
from p2p.wire.messages import Bye
from p2p.wire.offers import Candidate, CandidateKind, Hello, HelloAck, Knock
from p2p.wire.version import PROTOCOL_VERSION
from tests.p2p.link.conftest import VEIL

SECRET = b"s" * 32


class Porch:
    def __init__(self, station: Station, work: Work) -> None:
        self.station = station
        self.answers: list[bytes] = []
        self.door = Door(
            station,
            Responder(SECRET, NO_PSK, HELLO, os.urandom),
            HELLO,
            lambda seen, offer: HelloAck(PROTOCOL_VERSION, seen, offer).encode(),
            lambda line, dh: None,
            work,
        )

    def take(self, answer: bytes, _veil: Veil | None) -> None:
        self.answers.append(answer)

    def question(self, *candidates: Candidate) -> bytes:
        mux, certificate = self.station.mux, self.station.certificate
        link = MediaLink(mux, certificate, VEIL, controlling=True, candidates=candidates)
        greeting = Hello(PROTOCOL_VERSION, link.offer).encode()
        public = KeyPair(SECRET).public
        return Caller(os.urandom(32), public, NO_PSK, HELLO, greeting, os.urandom).datagram

    def ask(self, port: int, question: bytes | None = None, ip: str = "127.0.0.1") -> None:
        self.door.asked(question or self.question(), (ip, port), self.take)


@pytest.fixture
async def porch() -> AsyncIterator[Porch]:
    mux = await Mux.open(("127.0.0.1", 0))
    calls = Calls(os.urandom(32), os.urandom)
    async with Work() as work:
        yield Porch(Station(mux, make_certificate(), calls, Whereabouts(mux)), work)
    mux.close()


async def test_a_good_question_is_answered_and_its_copy_is_not(porch: Porch) -> None:
    question = porch.question()
    porch.ask(40_000, question)
    with pytest.raises(RemoteError):
        porch.ask(40_000, question)
    assert [len(answer) for answer in porch.answers] == [512]


async def test_one_address_asks_so_often_and_no_oftener(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(porch.door._guard, "is_proven", lambda *_: True)
    question = porch.question()
    porch.ask(40_000, question)
    for _ in range(int(SOURCE_RATE.burst) - 1):
        with pytest.raises(RemoteError, match="seen before"):
            porch.ask(40_000, question)
    with pytest.raises(RemoteError, match="too many questions"):
        porch.ask(40_000)


async def test_in_a_flood_only_who_proves_its_address_is_answered(porch: Porch) -> None:
    porch.door._guard._unproven = Allowance(Rate(0.0, 0.0), 0.0)
    public = KeyPair(SECRET).public
    greeting = Hello(
        PROTOCOL_VERSION,
        MediaLink(porch.station.mux, porch.station.certificate, VEIL, controlling=True).offer,
    ).encode()
    caller = Caller(os.urandom(32), public, NO_PSK, HELLO, greeting, os.urandom)
    with pytest.raises(RemoteError, match="cookie"):
        porch.ask(4433, caller.datagram, ip="198.51.100.1")
    [cookie] = porch.answers
    assert COOKIE_REPLY_BYTES <= len(cookie) < KNOCK_BYTES / 2
    caller.take_cookie(cookie)
    with pytest.raises(RemoteError, match="cookie"):
        porch.ask(4434, caller.datagram, ip="198.51.100.1")
    porch.ask(4433, caller.datagram, ip="198.51.100.1")
    assert len(porch.answers[-1]) == HELLO_ACK_BYTES


async def test_a_question_in_anothers_name_costs_that_one_nothing(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To an address that did not ask goes one answer no longer than the question, no more."""
    sent: list[bytes] = []
    monkeypatch.setattr(porch.station.mux, "_transmit", lambda data, *_to: sent.append(data))
    porch.ask(4433, ip="198.51.100.1")
    await asyncio.sleep(1.0)
    assert [len(answer) for answer in porch.answers] == [HELLO_ACK_BYTES]
    assert sent == []


async def test_a_carried_question_has_a_third_party_checked_for_one_link_only(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = ("198.51.100.1", 4433)
    sent: list[object] = []
    monkeypatch.setattr(porch.station.mux, "_transmit", lambda _data, to, _veil: sent.append(to))
    counts = []
    for _ in range(3):
        porch.door.asked(
            porch.question(Candidate.of(victim, CandidateKind.SRFLX)), None, porch.take
        )
        await asyncio.sleep(0.3)
        counts.append(len(sent))
        for line, _ in list(porch.door._pending._lines.values()):
            await line.close()
    assert set(sent) == {victim}
    assert 0 < counts[0] == counts[1] == counts[2]


async def test_rubbish_in_the_name_of_an_address_does_not_shut_it_out(porch: Porch) -> None:
    rubbish = b"\xc2" + bytes(511)
    for _ in range(3 * int(SOURCE_RATE.burst)):
        with pytest.raises(RemoteError, match="mac1"):
            porch.ask(40_000, rubbish)
    porch.ask(40_000)
    assert len(porch.answers) == 1


async def test_an_address_no_node_can_have_is_not_answered(porch: Porch) -> None:
    with pytest.raises(RemoteError, match="no node's address"):
        porch.ask(9, ip="240.0.0.1")
    assert porch.answers == []


async def test_when_all_places_are_taken_the_oldest_set_up_gives_way(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(porch.door._guard, "allows", lambda *_: True)
    monkeypatch.setattr(porch.door._guard, "is_proven", lambda *_: True)
    for number in range(PENDING_MAX + 3):
        porch.ask(40_000 + number)
    assert len(porch.answers) == PENDING_MAX + 3
    assert porch.door.counters["gave way"] == 3
    assert len(porch.door._pending) == PENDING_MAX


def _knock(porch: Porch) -> bytes:
    greeting = Knock(PROTOCOL_VERSION, None).encode()
    public = KeyPair(SECRET).public
    return Caller(os.urandom(32), public, NO_PSK, KNOCK, greeting, os.urandom).datagram


def _member_door(
    porch: Porch, work: Work, *, lines_through: bool = True, links: bool = True
) -> tuple[Door, list[CarriedLine]]:
    lines: list[CarriedLine] = []
    responder = Responder(SECRET, NO_PSK, KNOCK, os.urandom)
    through = Through(lambda: b"come in", lambda line, _dh: lines.append(line))
    door = Door(
        porch.station,
        responder,
        KNOCK,
        lambda _s, _o: b"",
        lambda _l, _d: None,
        work,
        through=through if lines_through else None,
        links=links,
    )
    return door, lines


async def test_who_wants_no_link_gets_a_line_over_its_carrier(porch: Porch) -> None:
    async with Work() as work:
        door, lines = _member_door(porch, work)
        answers: list[bytes] = []
        door.asked(_knock(porch), None, lambda data, _veil: answers.append(data))
        assert [len(answer) for answer in answers] == [1024, PIECE_BYTES, PIECE_BYTES]
        [line] = lines
        line.send(Bye())
        assert len(answers) == 3, "it waits for the caller's ciphertext"


async def test_two_questions_of_one_name_are_one_line_and_no_error_of_ours(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the words could cut a member off its relay: an error of ours ends that link."""
    secret = os.urandom(32)

    class OtherSpelling(KeyPair):
        """The highest bit of a public key says nothing, and it is in the last byte of 32."""

        def __init__(self) -> None:
            super().__init__(secret)
            self.public = DhKey(self.public[:-1] + bytes((self.public[-1] ^ 0x80,)))

    knocks = list[bytes]()
    for ephemeral in (KeyPair(secret), OtherSpelling()):
        with monkeypatch.context() as attack:
            attack.setattr(KeyPair, "generate", lambda _rng, pair=ephemeral: pair)
            knocks.append(_knock(porch))
    async with Work() as work:
        door, lines = _member_door(porch, work)
        door.asked(knocks[0], None, porch.take)
        with pytest.raises(RemoteError, match="of this name"):
            door.asked(knocks[1], None, porch.take)
        assert len(lines) == 1
        assert lines[0].open


async def test_no_key_is_made_for_who_has_not_proved_that_it_knows_the_words(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ML-KEM costs time: only after the handshake, and of a link only when it is up."""
    made, real = [], second_seal.DecapsulationKey

    def counted(rng: Rng) -> second_seal.DecapsulationKey:
        made.append(real(rng))
        return made[-1]

    monkeypatch.setattr(second_seal, "DecapsulationKey", counted)
    async with Work() as work:
        door, lines = _member_door(porch, work)
        knock, answers = _knock(porch), list[bytes]()
        for at in (1, 40, 90, len(knock) - 1):
            forged = knock[:at] + bytes((knock[at] ^ 1,)) + knock[at + 1 :]
            with pytest.raises(RemoteError):
                door.asked(forged, None, lambda data, _veil: answers.append(data))
        link = MediaLink(porch.station.mux, porch.station.certificate, VEIL, controlling=True)
        greeting, public = Knock(PROTOCOL_VERSION, link.offer).encode(), KeyPair(SECRET).public
        caller = Caller(os.urandom(32), public, NO_PSK, KNOCK, greeting, os.urandom)
        door.asked(caller.datagram, ("127.0.0.1", 40_000), lambda data, _veil: answers.append(data))
        assert (len(made), lines) == (0, [])
        assert len(answers) == len(door._pending) == 1, "a link is in the making"
        door.asked(knock, None, lambda data, _veil: answers.append(data))
        with pytest.raises(RemoteError):
            door.asked(knock, None, lambda data, _veil: answers.append(data))
        assert len(made) == len(lines) == 1


async def test_a_line_needs_a_carrier_and_a_door_that_has_lines(porch: Porch) -> None:
    async with Work() as work:
        door, lines = _member_door(porch, work)
        with pytest.raises(RemoteError):
            door.asked(_knock(porch), ("127.0.0.1", 40_000), porch.take)
        door, _ = _member_door(porch, work, lines_through=False)
        with pytest.raises(RemoteError):
            door.asked(_knock(porch), None, porch.take)
        assert lines == []
        assert porch.answers == []


async def test_a_hidden_door_is_silent_to_who_asks_straight(porch: Porch) -> None:
    async with Work() as work:
        door, lines = _member_door(porch, work, links=False)
        link = MediaLink(porch.station.mux, porch.station.certificate, VEIL, controlling=True)
        greeting = Knock(PROTOCOL_VERSION, link.offer).encode()
        public = KeyPair(SECRET).public
        caller = Caller(os.urandom(32), public, NO_PSK, KNOCK, greeting, os.urandom)
        with pytest.raises(RemoteError):
            door.asked(caller.datagram, ("127.0.0.1", 40_000), porch.take)
        assert porch.answers == []
        caller = Caller(os.urandom(32), public, NO_PSK, KNOCK, greeting, os.urandom)
        door.asked(caller.datagram, None, porch.take)
        assert len(lines) == 1, "whatever it offers, it gets no address of ours"
