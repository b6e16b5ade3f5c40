"""A line without a link: a Noise channel end to end through somebody who carries datagrams.

It is what a KNOCK and its WELCOME leave (``crypto.knock``), used where the two ends must not learn
each other's addresses, or cannot reach each other. The carrier sees pieces of one size::

    piece   type 1 = 0xC8 | tag 8 (of the question) | sealed(length 2 | part of a message | zeros)

The highest bit of the length says that the message goes on in the next piece. The channel needs
every piece, in order: one that is lost, repeated or forged ends the line.
"""

from collections.abc import Callable

from crypto.kem import SEAL_BYTES
from crypto.knock import CALL_TAG_BYTES
from crypto.noise import Transport
from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.link.second_seal import SecondSeal
from p2p.rng import Rng, system_rng
from p2p.wire.messages import MESSAGE_BYTES_MAX

PIECE_TYPE = 0xC8
PIECE_PLAIN_BYTES = 1_026
PIECE_BYTES = 1 + CALL_TAG_BYTES + PIECE_PLAIN_BYTES + 16
LINES_MAX = 256

_LENGTH_BYTES = 2
_PART_BYTES = PIECE_PLAIN_BYTES - _LENGTH_BYTES
_MORE = 0x8000


class CarriedLine(Conversation):
    """One such line.

    Args:
        transport: What the handshake left. Secret.
        tag: 8 bytes that name the handshake.
        carry: Takes each piece towards the peer.
        dialled: Whether this node asked.
        second: The second seal.
        on_close: Told once when the line ends.
    """

    def __init__(
        self,
        transport: Transport,
        tag: bytes,
        carry: Callable[[bytes], None],
        *,
        dialled: bool,
        second: SecondSeal,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(dialled=dialled, second=second)
        self._transport = transport
        self._head = bytes((PIECE_TYPE,)) + tag
        self._carry = carry
        self._on_close = on_close
        self._parts = bytearray()

    @property
    def tie(self) -> bytes:
        """The hash of the handshake, 32 bytes."""
        return self._transport.handshake_hash

    def take(self, piece: bytes) -> None:
        """Takes a piece that was carried to us.

        Raises:
            RemoteError: It is not the peer's next one: the line is over.
        """
        try:
            plain = self._transport.decrypt(piece[len(self._head) :])
            self._take_part(plain)
        except RemoteError:
            self._ended()
            raise

    async def close(self) -> None:
        """Ends the line on this side."""
        self._ended()

    def _take_part(self, plain: bytes) -> None:
        head = int.from_bytes(plain[:_LENGTH_BYTES], "big")
        more, length = head & _MORE, head & ~_MORE
        if len(plain) != PIECE_PLAIN_BYTES or length > _PART_BYTES:
            raise RemoteError("malformed piece")
        if len(self._parts) + length > MESSAGE_BYTES_MAX + SEAL_BYTES:
            raise RemoteError("message too long")
        self._parts += plain[_LENGTH_BYTES : _LENGTH_BYTES + length]
        if not more:
            data = bytes(self._parts)
            self._parts.clear()
            self._arrived(data)

    def _transmit(self, data: bytes) -> None:
        for at in range(0, len(data), _PART_BYTES):
            part = data[at : at + _PART_BYTES]
            more = _MORE if at + len(part) < len(data) else 0
            plain = (len(part) | more).to_bytes(_LENGTH_BYTES, "big") + part
            sealed = self._transport.encrypt(plain.ljust(PIECE_PLAIN_BYTES, b"\0"))
            self._carry(self._head + sealed)

    def _ended(self) -> None:
        if self._open:
            super()._ended()
            self._on_close()


class CarriedLines:
    """All such lines of one node, by the tag of their handshake.

    Args:
        rng: Source of keys.
    """

    def __init__(self, rng: Rng = system_rng) -> None:
        self._rng = rng
        self._lines: dict[bytes, CarriedLine] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def open(
        self, transport: Transport, tag: bytes, carry: Callable[[bytes], None], *, dialled: bool
    ) -> CarriedLine:
        """Begins a line, and greets the caller; with too many the oldest ends.

        Raises:
            RemoteError: There is one of this name: whoever asks chooses the tag, and X25519 has two
                spellings of each key (RFC 7748 §5), so it can ask twice under one.
        """
        if tag in self._lines:
            raise RemoteError("a line of this name is there")
        if len(self._lines) >= LINES_MAX:
            self._lines[next(iter(self._lines))]._ended()  # noqa: SLF001  its owner is we
        line = self._lines[tag] = CarriedLine(
            transport,
            tag,
            carry,
            dialled=dialled,
            second=SecondSeal(asked=not dialled, rng=self._rng),
            on_close=lambda: self._forget(tag),
        )
        if not dialled:
            line.greet()
        return line

    def receive(self, piece: bytes) -> None:
        """Takes a carried piece to its line.

        Raises:
            RemoteError: There is none, or the piece is not its next one.
        """
        line = self._lines.get(piece[1 : 1 + CALL_TAG_BYTES])
        if len(piece) != PIECE_BYTES or line is None:
            raise RemoteError("piece of no line")
        line.take(piece)

    def _forget(self, tag: bytes) -> None:
        self._lines.pop(tag, None)
