import os
import socket

import pylibsrtp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.link.media import Outlet
from p2p.link.rtp import HEADER_BYTES, Packetizer, unpack
from p2p.link.sealing import SealCopies, SealInPlace
from p2p.link.sendmmsg import Batch, available

pytestmark = pytest.mark.skipif(not available(), reason="this system has no sendmmsg")
PROFILES = {
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM: 16,
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 16,
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 10,
}


def session(key, profile, kind):
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=profile))


@pytest.fixture(scope="module")
def batch():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield Batch(sock)


@pytest.mark.parametrize("way", [SealCopies, SealInPlace])
@settings(deadline=None, max_examples=25)
@given(frames=st.lists(st.binary(min_size=1, max_size=1200), min_size=1, max_size=6))
def test_every_packet_can_be_opened_by_its_peer_whatever_the_profile(batch, way, frames):
    seal, outlets, peers = way(batch), [], []
    for ssrc, profile in enumerate(PROFILES, 1):
        key = os.urandom(44)
        out = session(key, profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        outlets.append(Outlet(Packetizer(ssrc), out, ("192.0.2.1", 1)))
        peers.append(session(key, profile, pylibsrtp.Policy.SSRC_ANY_INBOUND))
    prepared = seal.prepare(outlets)
    for seq, frame in enumerate(frames, 1):
        assert seal.fill(frame, outlets, prepared) == []
        for slot, (peer, tag) in enumerate(zip(peers, PROFILES.values(), strict=True)):
            packet = batch.packet(slot)
            assert len(packet) == HEADER_BYTES + len(frame) + tag
            assert unpack(peer.unprotect(packet), slot + 1) == (seq, frame)


def test_both_ways_make_the_same_bytes(batch):
    key, profile = os.urandom(44), pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    made = []
    for way in (SealCopies, SealInPlace):
        out = session(key, profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        outlets = [Outlet(Packetizer(7), out, ("192.0.2.1", 1))] * 2
        seal = way(batch)
        seal.fill(b"frame" * 20, outlets, seal.prepare(outlets))
        made.append([batch.packet(0), batch.packet(1)])
    assert made[0] == made[1]
    assert made[0][0] != made[0][1]
