"""Three ways to send one frame to many links, and which of them work on this machine.

A way counts as working when a packet made and sent by it arrived and could be opened.
"""

import contextlib
import os
import socket
from enum import Enum
from functools import cache

import pylibsrtp

from crypto.dh import DH_BYTES
from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.media import Outlet
from p2p.link.rtp import Packetizer, unpack
from p2p.link.sealing import SealCopies, SealInPlace
from p2p.link.sendmmsg import Batch, available, socket_address
from p2p.link.srtp import MASTER_BYTES, SealKey

_FRAME = b"does this work here?"
_TRIAL_LIMIT_S = 0.5
_SSRC = 1
_LOOPBACK = {socket.AF_INET: ("127.0.0.1",), socket.AF_INET6: ("::1", "::ffff:127.0.0.1")}


class Backend(Enum):
    """The ways, from the slowest to the quickest.

    Attributes:
        PORTABLE: ``Media.send`` for one link after the other.
        SENDMMSG: Sealed one after the other, sent in batches.
        IN_PLACE: Sealed where the kernel reads it, sent in batches.
    """

    PORTABLE = "portable"
    SENDMMSG = "sendmmsg"
    IN_PLACE = "in_place"


@cache
def best_backend(family: int) -> Backend:
    """The quickest way that works, tried once a run.

    Args:
        family: ``AF_INET`` or ``AF_INET6``, of the socket that is to send.
    """
    quick = (b for b in (Backend.IN_PLACE, Backend.SENDMMSG) if works(b, family))
    return next(quick, Backend.PORTABLE)


def works(backend: Backend, family: int) -> bool:
    """Whether packets arrive that are made and sent this way, from here to here."""
    if backend is Backend.PORTABLE:
        return True
    if not available():
        return False
    for ip in _LOOPBACK[socket.AddressFamily(family)]:
        # Private names, another C library, a sandbox: whatever it is, there is another way.
        with contextlib.suppress(Exception):
            return _arrives(backend, family, ip)
    return False


def _arrives(backend: Backend, family: int, ip: str) -> bool:
    with (
        socket.socket(family, socket.SOCK_DGRAM) as sender,
        socket.socket(family, socket.SOCK_DGRAM) as receiver,
    ):
        if family == socket.AF_INET6:
            for sock in (sender, receiver):
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        receiver.bind((ip, 0))
        receiver.settimeout(_TRIAL_LIMIT_S)
        target = receiver.getsockname()[:2]
        master = os.urandom(MASTER_BYTES)
        veil = Veil(DhKey(os.urandom(DH_BYTES)))
        outlets = [Outlet(Packetizer(_SSRC), SealKey(master), target, veil)] * 2
        batch = Batch(sender)
        seal = SealInPlace(batch) if backend is Backend.IN_PLACE else SealCopies(batch)
        seal.fill(_FRAME, outlets, seal.prepare(outlets))
        batch.address(socket_address(family, target) * 2)
        if batch.flush(2) != (2, []):
            return False
        inward = opener(master)
        packets = [veil.mask(receiver.recv(2048)) for _ in range(2)]
        arrived = [unpack(inward.unprotect(packet), _SSRC) for packet in packets]
        return arrived == [(1, _FRAME), (2, _FRAME)]


def opener(master: bytes) -> pylibsrtp.Session:
    """What opens the packets of one direction: libsrtp, with the keys that DTLS agreed on."""
    policy = pylibsrtp.Policy
    return pylibsrtp.Session(
        policy(
            key=master,
            ssrc_type=policy.SSRC_ANY_INBOUND,
            srtp_profile=policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        )
    )
