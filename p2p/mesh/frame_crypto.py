"""Whose sound is whose: sealing our own frames, and opening those of others. Sans-IO.

On a link a frame travels as ``hop byte | sealed frame``. The hop byte's high bit says that the
frame goes along the tree of relays, the low bits name the profile that it is packed in.

A frame sealed under epochs that we do not know yet is held for a second: the key is on its way,
and a word would be lost otherwise.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crypto.epoch import Keyring
from crypto.frame import FrameError, FrameOpener, FrameSealer, Reason
from crypto.ids import MemberId
from p2p.errors import RemoteError
from p2p.mesh.arrivals import Arrivals
from p2p.wire.hop import COUNTER_BITS, HOP_BYTES, PROFILE_COUNT, TREE_FLAG, counter_of

HOLD_S = 1.0
HELD_MAX = 512
HELD_PER_SPEAKER_MAX = 64

RELAY: MemberId = MemberId(bytes(16))
"""Counts of what came by a relay and is nobody's."""


@dataclass(slots=True)
class Heard:
    """What came from one member, by whatever way.

    Attributes:
        refused: Frames refused, by reason.
        arrivals: How the frames that were opened came: what is missing is a hole in what is heard.
    """

    refused: Counter[str] = field(default_factory=Counter)
    arrivals: Arrivals = field(default_factory=lambda: Arrivals(COUNTER_BITS))

    @property
    def opened(self) -> int:
        """Frames opened."""
        return self.arrivals.received

    @property
    def rejected(self) -> int:
        """All refused frames."""
        return self.refused.total()


class Opened(NamedTuple):
    """A frame that could be opened.

    Attributes:
        member: Who said it.
        payload: The framer's.
        arrival_s: When the frame arrived, monotonic seconds.
    """

    member: MemberId
    payload: bytes
    arrival_s: float


class _Held(NamedTuple):
    speaker: MemberId
    data: bytes
    sender: MemberId | None
    arrival_s: float


class FrameCrypto:
    """The sound keys of one member.

    Args:
        keyring: The room's keys.
        me: Our member id.
        rng: Source of the frames' filler.

    Attributes:
        held: Nothing that we say is to be sealed now.
    """

    def __init__(self, keyring: Keyring, me: MemberId, rng: Callable[[int], bytes]) -> None:
        self.held = False
        self._keyring = keyring
        self._sealer = FrameSealer(keyring, 1, me, rng)
        self._opener = FrameOpener(keyring)
        self._heard: dict[MemberId, Heard] = {}
        self._held: deque[_Held] = deque()
        self._held_of: Counter[MemberId] = Counter()
        self._speakers: Mapping[int, MemberId] = {}

    @property
    def sealed(self) -> int:
        """Frames that we sealed in this run."""
        return self._sealer.sealed_count

    def heard(self, member: MemberId) -> Heard:
        """The counts of one member; they last as long as the run."""
        if member not in self._heard:
            self._heard[member] = Heard()
        return self._heard[member]

    def has_heard(self, member: MemberId) -> bool:
        """Tell whether anything is counted of a member: of thousands that listen nothing is."""
        return member in self._heard

    def keep_only(self, speakers: Collection[MemberId]) -> None:
        """Nobody else may be heard now: what others seal until then next time is not missing."""
        for member in self._heard.keys() - speakers:
            self._heard[member].arrivals.pause()

    def seal(self, payload: bytes, slot: int, room_s: float, profile: int = 0) -> bytes | None:
        """Seals one payload of the framer, once for all links.

        Args:
            payload: All of one length in a profile.
            slot: Ours, from the grant.
            room_s: Room time in seconds.
            profile: Of the payload, by its number in the hop byte.

        Returns:
            What to send. None while what we say is held back: see ``rekey.mic_gate``.
        """
        if self.held or self._keyring.waiting:
            return None
        self._sealer.slot = slot
        return bytes((profile,)) + self._sealer.seal(payload, room_s)

    def open(
        self,
        data: bytes,
        sender: MemberId | None,
        speakers: Mapping[int, MemberId],
        arrival_s: float,
        *,
        doubles: bool = False,
    ) -> Opened | None:
        """Opens what arrived on a link, at the step to which the keyring was moved last.

        Args:
            data: Foreign bytes.
            sender: The member whose link it came on, from which only its own frames are taken;
                None for a relay's, which brings those of all.
            speakers: Who may be heard now, slot to member id: not the muted, not the removed.
                The frames of others are dropped before any key is used.
            arrival_s: Monotonic seconds.
            doubles: Frames may come by two ways: a second one is refused and not held against
                anybody.

        Returns:
            The frame, or None: it is held, and ``retry`` gives it when its key has come.

        Raises:
            RemoteError: It stays silent; counted under the sender, or at a relay's frame under
                the holder of its slot.
        """
        self._speakers = speakers
        if not data or not _known_hop(data[0], from_relay=sender is None):
            self._refuse(sender, "hop")
            raise RemoteError("unknown hop byte")
        try:
            return self._open(data, sender, arrival_s)
        except FrameError as error:
            if error.reason is Reason.FRONTIER and error.member_id is not None:
                self._hold(_Held(error.member_id, data, sender, arrival_s))
                return None
            if not (doubles and error.reason is Reason.REPLAY):
                self._refuse(sender or error.member_id, error.reason.value)
            raise

    def retry(self, now: float, speakers: Mapping[int, MemberId] | None = None) -> list[Opened]:
        """Opens what is held and can be opened now. To be called when keys have come.

        Args:
            now: Monotonic seconds; what is older than a second is given up.
            speakers: Who may be heard now; by default as ``open`` was last told.
        """
        if speakers is not None:
            self._speakers = speakers
        waiting, self._held = self._held, deque()
        self._held_of.clear()
        opened = []
        for held in waiting:
            try:
                opened.append(self._open(held.data, held.sender, held.arrival_s))
            except FrameError as error:
                if error.reason is Reason.FRONTIER and now - held.arrival_s < HOLD_S:
                    self._hold(held)
                else:
                    self._refuse(held.sender or held.speaker, error.reason.value)
        return opened

    def _open(self, data: bytes, sender: MemberId | None, arrival_s: float) -> Opened:
        member, payload = self._opener.open(data[HOP_BYTES:], self._speakers, sender)
        heard = self.heard(member)
        heard.arrivals.came(counter_of(data), arrival_s)
        return Opened(member, payload, arrival_s)

    def _hold(self, frame: _Held) -> None:
        while self._held and frame.arrival_s - self._held[0].arrival_s >= HOLD_S:
            self._give_up()
        if len(self._held) >= HELD_MAX or self._held_of[frame.speaker] >= HELD_PER_SPEAKER_MAX:
            self._refuse(frame.sender or frame.speaker, Reason.FRONTIER.value)
            return
        self._held.append(frame)
        self._held_of[frame.speaker] += 1

    def _give_up(self) -> None:
        oldest = self._held.popleft()
        self._held_of[oldest.speaker] -= 1
        self._refuse(oldest.sender or oldest.speaker, Reason.FRONTIER.value)

    def _refuse(self, member: MemberId | None, reason: str) -> None:
        self.heard(member or RELAY).refused[reason] += 1


def _known_hop(hop: int, *, from_relay: bool) -> bool:
    return (hop & ~TREE_FLAG if from_relay else hop) < PROFILE_COUNT
