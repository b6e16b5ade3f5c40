import os

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.link.backends import opener
from p2p.link.rtp import Packetizer, unpack
from p2p.link.srtp import MASTER_BYTES, SealKey, nonce_of

# RFC 7714 §16.1.1: session salt, source, number and the nonce that comes of them.
SALT = bytes.fromhex("517569642070726f2071756f")
SSRC = 0x5501_A0B2


def test_the_nonce_is_that_of_the_rfc():
    assert nonce_of(SALT, SSRC, 0xF17B).hex() == "51753c6580c2726f20718414"


@given(
    st.binary(min_size=MASTER_BYTES, max_size=MASTER_BYTES), st.binary(min_size=1, max_size=1200)
)
def test_libsrtp_opens_what_is_sealed_here(master, frame):
    packet = SealKey(master).seal(frame, Packetizer(SSRC))
    assert unpack(opener(master).unprotect(packet), SSRC) == (1, frame)


def test_it_goes_on_after_the_sequence_number_has_turned():
    master = os.urandom(MASTER_BYTES)
    key, packetizer, peer = SealKey(master), Packetizer(SSRC), opener(master)
    for number in range(140_000):
        packet = key.seal(b"frame", packetizer)
        if number % 1000 == 0 or number % 65_536 > 65_500 or number % 65_536 < 30:
            assert unpack(peer.unprotect(packet), SSRC) == ((number + 1) & 0xFFFF, b"frame")


def test_a_packet_with_any_bit_changed_is_not_opened():
    master = os.urandom(MASTER_BYTES)
    packet = SealKey(master).seal(b"frame", Packetizer(SSRC))
    for at in range(1, len(packet)):
        changed = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        with pytest.raises(pylibsrtp.Error):
            opener(master).unprotect(changed)
