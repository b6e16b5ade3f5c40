"""DTLS of a link and its data channel between two ends in memory: OpenSSL and SCTP are real."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from p2p.link.association import Association
from p2p.link.dtls import MAX_WAITING_DATAGRAMS, fingerprint_of, make_certificate
from p2p.link.errors import LinkFailed
from p2p.link.rtp import Packetizer


class End:
    """A connection that is only a role and a way to the other end, and what runs over it."""

    def __init__(self, *, controlling: bool) -> None:
        self.ice_controlling = controlling
        self.certificate = make_certificate()
        self.gone = 0
        self.progress = 0
        self.messages: list[bytes] = []
        self.sent: list[bytes] = []
        self.other: End | None = None
        self.association = Association(self, self.certificate, self.has_gone)  # type: ignore[arg-type]

    @property
    def fingerprint(self) -> bytes:
        return fingerprint_of(self.certificate)

    def has_gone(self) -> None:
        self.gone += 1

    def gets_on(self) -> None:
        self.progress += 1

    def send_dtls(self, data: bytes) -> None:
        self.sent.append(data)
        if self.other is not None:
            self.other.association.put(data)

    async def open_channel(self) -> None:
        await self.association.open_channel(self.messages.append, self.gets_on, 0.01, Counter())


Ends = tuple[End, End]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    one, two = End(controlling=True), End(controlling=False)
    one.other, two.other = two, one
    yield one, two
    await asyncio.gather(one.association.end(), two.association.end())
    for end in (one, two):
        end.association.cut()


async def test_what_one_end_seals_the_other_opens(ends: Ends) -> None:
    one, two = ends
    (seal_one, open_one), (seal_two, open_two) = await asyncio.gather(
        one.association.agree(two.fingerprint), two.association.agree(one.fingerprint)
    )
    for key, opener in ((seal_one, open_two), (seal_two, open_one)):
        packet = key.seal(b"frame", Packetizer(7))
        assert b"frame" not in packet
        assert opener.unprotect(packet).endswith(b"frame")


async def test_with_the_owner_of_another_certificate_there_are_no_keys(ends: Ends) -> None:
    one, two = ends
    stranger = fingerprint_of(make_certificate())
    told, _ = await asyncio.gather(
        one.association.agree(stranger),
        two.association.agree(one.fingerprint),
        return_exceptions=True,
    )
    assert isinstance(told, LinkFailed)
    assert told.stage == "identity"


async def test_messages_pass_once_the_channel_is_open_and_its_end_is_heard_of(ends: Ends) -> None:
    one, two = ends
    await asyncio.gather(
        one.association.agree(two.fingerprint), two.association.agree(one.fingerprint)
    )
    assert one.association.channel is None
    await asyncio.gather(one.open_channel(), two.open_channel())
    assert one.association.channel is not None
    assert one.association.channel.send_message(b"message")
    async with asyncio.timeout(3.0):
        while not two.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert two.messages == [b"message"]
        assert one.progress > 0
        await one.association.end()
        while not two.gone:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_answering_end_repeats_nothing_once_data_shows_that_keys_arrived(
    ends: Ends,
) -> None:
    one, two = ends
    await asyncio.gather(
        one.association.agree(two.fingerprint), two.association.agree(one.fingerprint)
    )
    settled = {end: end.association.pipe.settled for end in ends}
    assert sorted(settled.values()) == [False, True], "one of them spoke last"
    last = next(end for end, knows in settled.items() if not knows)
    last.association.put(b"\x16" + bytes(20))
    assert not last.association.pipe.settled, "a handshake shows nothing"
    last.association.put(b"\x17" + bytes(20))
    assert last.association.pipe.settled


async def test_a_flood_of_records_is_bounded() -> None:
    end = End(controlling=True)
    assert all(end.association.put(b"\x16") for _ in range(MAX_WAITING_DATAGRAMS))
    assert not end.association.put(b"\x16")
    end.association.cut()
