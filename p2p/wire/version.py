"""Which protocol this program speaks, and how to read that from bytes of another version."""

from crypto.knock import PROTOCOL_VERSION
from p2p.errors import RemoteError

__all__ = ["PROTOCOL_VERSION", "VersionMismatchError", "require_version"]

_FIXARRAY_FIRST = 0x90
_FIXARRAY_LAST = 0x9F
_FIXINT_LAST = 0x7F


class VersionMismatchError(RemoteError):
    """The peer speaks another version. One of the two people needs a newer program.

    Attributes:
        theirs: The version the peer declared, 0 to 127.
    """

    def __init__(self, theirs: int) -> None:
        super().__init__("another protocol version")
        self.theirs = theirs


def require_version(data: bytes) -> None:
    """Look at the version in front of an encoded greeting, before its shape is trusted.

    Every version begins a greeting with a short array whose first element is a small integer
    (MessagePack fixarray, positive fixint), so even a peer from the future can be told apart
    from noise.

    Args:
        data: Hostile bytes.

    Raises:
        VersionMismatchError: A version other than ``PROTOCOL_VERSION``.
        RemoteError: Nothing that any version would send.
    """
    if len(data) < 2 or not _FIXARRAY_FIRST <= data[0] <= _FIXARRAY_LAST or data[1] > _FIXINT_LAST:
        raise RemoteError("malformed")
    if data[1] != PROTOCOL_VERSION:
        raise VersionMismatchError(data[1])
