"""Which SCTP packets reach the data channel (RFC 9260). Sans-IO.

The peer is authenticated but may be hostile, and the implementation behind believes lengths: a
parameter of length 0 keeps it busy for ever, a wide gap block for seconds. Only what our own data
channel uses is let through.
"""

from p2p.errors import RemoteError

TSN_WINDOW = 2048
MAX_GAP_END = 4096
MAX_CHUNKS = 32

_HEADER_BYTES = 12
_DATA, _INIT, _INIT_ACK, _SACK, _HEARTBEAT, _HEARTBEAT_ACK, _ABORT = range(7)
_ERROR, _COOKIE_ECHO, _COOKIE_ACK = 9, 10, 11
_WITH_PARAMETERS = {
    _INIT: 16,
    _INIT_ACK: 16,
    _HEARTBEAT: 0,
    _HEARTBEAT_ACK: 0,
    _ABORT: 0,
    _ERROR: 0,
}


def check_packet(data: bytes, *, last_tsn: int | None, established: bool) -> None:
    """Looks at every chunk of a packet.

    Args:
        data: As DTLS decrypted it.
        last_tsn: Highest transmission sequence number received without gap; None before INIT.
        established: The association is up: an INIT is then a late repeat.

    Raises:
        RemoteError: The packet is to be dropped.
    """
    if len(data) < _HEADER_BYTES + 4:
        raise RemoteError("packet too short")
    at, chunks = _HEADER_BYTES, 0
    while at <= len(data) - 4:
        kind, length = data[at], int.from_bytes(data[at + 2 : at + 4], "big")
        chunks += 1
        if length < 4 or at + length > len(data) or chunks > MAX_CHUNKS:
            raise RemoteError("chunk of a wrong length")
        if kind == _INIT and (established or at != _HEADER_BYTES or at + length + 4 <= len(data)):
            raise RemoteError("INIT out of place")
        _check_chunk(kind, data[at + 4 : at + length], last_tsn)
        at += length + (-length % 4)


def _check_chunk(kind: int, body: bytes, last_tsn: int | None) -> None:
    if kind in _WITH_PARAMETERS:
        _check_parameters(body, _WITH_PARAMETERS[kind])
    elif kind == _DATA:
        _check_data(body, last_tsn)
    elif kind == _SACK:
        _check_gaps(body)
    elif kind not in (_COOKIE_ECHO, _COOKIE_ACK):
        raise RemoteError("chunk that is not used here")


def _check_parameters(body: bytes, at: int) -> None:
    if len(body) < at:
        raise RemoteError("chunk too short")
    while at <= len(body) - 4:
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        if length < 4 or at + length > len(body):
            raise RemoteError("parameter of a wrong length")
        at += length + (-length % 4)


def _check_data(body: bytes, last_tsn: int | None) -> None:
    if len(body) <= 12 or last_tsn is None:
        raise RemoteError("data without content or association")
    ahead = (int.from_bytes(body[:4], "big") - last_tsn) & 0xFFFFFFFF
    if TSN_WINDOW < ahead < 1 << 31:
        raise RemoteError("data from the far future")
    if body[4:6] != b"\x00\x00":
        raise RemoteError("data for a channel that is not there")


def _check_gaps(body: bytes) -> None:
    if len(body) < 12:
        raise RemoteError("chunk too short")
    gaps = int.from_bytes(body[8:10], "big")
    duplicates = int.from_bytes(body[10:12], "big")
    if len(body) < 12 + 4 * (gaps + duplicates):
        raise RemoteError("fewer gaps than promised")
    before = 0
    for at in range(12, 12 + 4 * gaps, 4):
        start = int.from_bytes(body[at : at + 2], "big")
        end = int.from_bytes(body[at + 2 : at + 4], "big")
        if not before < start <= end <= MAX_GAP_END:
            raise RemoteError("impossible gap")
        before = end
