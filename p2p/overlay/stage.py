"""Whose sound is whose: sealing our own frames, and opening those of others. Sans-IO.

On a link a frame travels as ``hop byte | sealed frame``. The hop byte's high bit says that the
frame goes along the tree of relays (never yet), the low bits name the profile of the payload, for
those who carry frames and cannot open them. A stream may change profile between two frames.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crypto.epoch import Keyring
from crypto.frame import FrameError, FrameOpener, FrameSealer
from p2p.errors import RemoteError

HOP_BYTES = 1
HOP_BYTE_OF = {"table": 0x00, "hall": 0x01}
"""The hop byte of each profile, outside of the tree."""
_KNOWN_HOPS = frozenset(HOP_BYTE_OF.values())


@dataclass(slots=True)
class Heard:
    """What came from one member: frames opened, and frames refused by reason."""

    opened: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """All refused frames."""
        return self.refused.total()


class Stage:
    """The sound keys of one member.

    Args:
        keyring: The room's keys.
        me: Our member id.
        rng: Source of the frames' filler.
    """

    def __init__(self, keyring: Keyring, me: bytes, rng: Callable[[int], bytes]) -> None:
        self._keyring = keyring
        self._sealer = FrameSealer(keyring, 1, me, rng)
        self._opener = FrameOpener(keyring)
        self._heard: dict[bytes, Heard] = {}

    @property
    def sealed(self) -> int:
        """Frames that we sealed in this run."""
        return self._sealer.sealed_count

    def heard(self, member: bytes) -> Heard:
        """The counts of one member; they last as long as the run."""
        return self._heard.setdefault(member, Heard())

    def seal(self, payload: bytes, slot: int, room_s: float, profile: str = "table") -> bytes:
        """Seals one payload of the framer, once for all links.

        Args:
            payload: All of one length in a profile.
            slot: Ours, from the grant.
            room_s: Room time in seconds.
            profile: In which ``payload`` was packed, a key of ``HOP_BYTE_OF``.
        """
        self._sealer.slot = slot
        return bytes((HOP_BYTE_OF[profile],)) + self._sealer.seal(payload, room_s)

    def open(
        self, data: bytes, sender: bytes, speakers: Mapping[int, bytes], room_s: float
    ) -> bytes:
        """Opens what arrived on the link of ``sender``.

        Args:
            data: Foreign bytes.
            sender: Whose link it came on; only its own frames are taken from it.
            speakers: Who may be heard now: slot to member id.
            room_s: Room time in seconds.

        Returns:
            The framer's payload.

        Raises:
            RemoteError: It stays silent; counted under ``sender``.
        """
        heard = self.heard(sender)
        if not data or data[0] not in _KNOWN_HOPS:
            heard.refused["hop"] += 1
            raise RemoteError("unknown hop byte")
        own = {slot: member for slot, member in speakers.items() if member == sender}
        try:
            _, payload = self._opener.open(data[HOP_BYTES:], own, room_s)
        except FrameError as exc:
            heard.refused[exc.reason.value] += 1
            raise
        heard.opened += 1
        return payload
