"""What links use of aioice and aiortc, loaded without what those bring along for other uses.

``import aiortc`` loads its media half, and with it FFmpeg: thirty libraries of codecs, 17 MB in
every member and relay, none of which has any work here. aioice resolves names by multicast DNS
with a library of 3 MB; candidates here are addresses. While the parts below are loaded, a
stand-in of a few lines takes the place of each; afterwards it is gone, so that whoever imports
aiortc or PyAV as usual gets all of it. Every other file of this package imports from here.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

__all__ = [
    "SRTP_AEAD_AES_256_GCM",
    "Chunk",
    "DataReceiver",
    "HeartbeatAckChunk",
    "HeartbeatChunk",
    "IceCandidate",
    "RTCCertificate",
    "RTCDataChannel",
    "RTCDataChannelParameters",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "RTCDtlsTransport",
    "RTCIceTransport",
    "RTCSctpCapabilities",
    "RTCSctpTransport",
    "SackChunk",
    "candidate_foundation",
    "candidate_priority",
    "ice",
    "rtcsctptransport",
    "stun",
]


def _without_contents(package: str) -> ModuleType:
    """A package whose modules can be loaded, though nothing of its own has run."""
    spec = importlib.util.find_spec(package)
    bare = ModuleType(package)
    bare.__path__ = list(spec.submodule_search_locations or ()) if spec else []
    return bare


def _av() -> ModuleType:
    """PyAV, as far as aiortc's parser of RTP names it."""
    stand_in = ModuleType("av")
    stand_in.__dict__["AudioFrame"] = object
    return stand_in


def _mdns() -> ModuleType:
    """Multicast DNS as aioice calls it, for candidates that are addresses."""
    stand_in = ModuleType("aioice.mdns")
    stand_in.__dict__.update(MDnsProtocol=object, is_mdns_hostname=lambda _: False)
    return stand_in


@contextlib.contextmanager
def _in_place_of(stand_ins: dict[str, ModuleType]) -> Iterator[None]:
    absent = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


with _in_place_of({"aiortc": _without_contents("aiortc"), "av": _av(), "aioice.mdns": _mdns()}):
    from aioice import ice, stun
    from aioice.candidate import Candidate as IceCandidate
    from aioice.candidate import candidate_foundation, candidate_priority
    from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
    from aiortc.rtcdtlstransport import (
        SRTP_AEAD_AES_256_GCM,
        DataReceiver,
        RTCCertificate,
        RTCDtlsFingerprint,
        RTCDtlsParameters,
        RTCDtlsTransport,
    )
    from aiortc.rtcicetransport import RTCIceTransport

    # isort: split
    from aiortc import rtcsctptransport
    from aiortc.rtcsctptransport import (
        Chunk,
        HeartbeatAckChunk,
        HeartbeatChunk,
        RTCSctpCapabilities,
        RTCSctpTransport,
        SackChunk,
    )
