import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.link.backends import opener
from p2p.link.media import Outlet
from p2p.link.rtp import CLOCK_HZ, HEADER_BYTES, Packetizer, clock_now, clock_of, unpack
from p2p.link.sealing import SealCopies, SealInPlace
from p2p.link.sendmmsg import SLOTS, Batch, available
from p2p.link.srtp import MASTER_BYTES, TAG_BYTES, SealKey
from tests.p2p.link.conftest import VEIL

pytestmark = pytest.mark.skipif(not available(), reason="this system has no sendmmsg")
ANYWHERE = ("192.0.2.1", 1)


@pytest.fixture(scope="module")
def batch():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield Batch(sock)


@pytest.mark.parametrize("way", [SealCopies, SealInPlace])
@settings(deadline=None, max_examples=25)
@given(
    frames=st.lists(st.binary(min_size=1, max_size=1200), min_size=1, max_size=6),
    links=st.integers(1, SLOTS),
)
def test_every_packet_can_be_opened_by_its_peer(batch, way, frames, links):
    masters = [os.urandom(MASTER_BYTES) for _ in range(links)]
    seal, peers = way(batch), [opener(master) for master in masters]
    outlets = [Outlet(Packetizer(n), SealKey(m), ANYWHERE, VEIL) for n, m in enumerate(masters, 1)]
    prepared = seal.prepare(outlets)
    for seq, frame in enumerate(frames, 1):
        seal.fill(frame, outlets, prepared)
        for slot, peer in enumerate(peers):
            packet = VEIL.mask(batch.packet(slot))
            assert len(packet) == HEADER_BYTES + len(frame) + TAG_BYTES
            assert unpack(peer.unprotect(packet), slot + 1) == (seq, frame)


@pytest.mark.parametrize("way", [SealCopies, SealInPlace])
def test_a_stream_goes_on_after_its_sequence_number_has_turned_whoever_seals(batch, way):
    master = os.urandom(MASTER_BYTES)
    outlet, peer = Outlet(Packetizer(5), SealKey(master), ANYWHERE, VEIL), opener(master)
    seal = way(batch)
    prepared = seal.prepare([outlet])
    for number in range(66_000):
        if number % 3:
            seal.fill(b"frame", [outlet], prepared)
            packet = VEIL.mask(batch.packet(0))
        else:
            packet = outlet.key.seal(b"frame", outlet.packetizer)
        if number % 500 == 0 or number > 65_400:
            assert unpack(peer.unprotect(packet), 5) == ((number + 1) & 0xFFFF, b"frame")


def test_both_ways_make_the_same_bytes(batch):
    master, made = os.urandom(MASTER_BYTES), []
    for way in (SealCopies, SealInPlace):
        outlets = [Outlet(Packetizer(7), SealKey(master), ANYWHERE, VEIL)] * 2
        seal = way(batch)
        seal.fill(b"frame" * 20, outlets, seal.prepare(outlets))
        made.append([batch.packet(0), batch.packet(1)])
    assert made[0] == made[1]
    assert made[0][0] != made[0][1]


@pytest.mark.parametrize("way", [SealCopies, SealInPlace])
def test_the_clock_of_a_relay_tells_when_a_packet_left_whoever_seals(batch, way):
    master = os.urandom(MASTER_BYTES)
    outlet, peer = Outlet(Packetizer(5), SealKey(master), ANYWHERE, VEIL), opener(master)
    outlet.packetizer.began = clock_now() - 2 * CLOCK_HZ
    seal = way(batch)
    prepared = seal.prepare([outlet])
    for _ in range(3):
        seal.fill(b"frame", [outlet], prepared)
        assert 2.0 <= clock_of(peer.unprotect(VEIL.mask(batch.packet(0)))) / CLOCK_HZ < 4.0
