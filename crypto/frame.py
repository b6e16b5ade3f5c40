"""One sealed audio frame, from a speaker's encoder to every listener's decoder.

::

    SFrame header 9 (config, key id 4, counter 4) | sealed payload | sealed trailer 13 | tag 16

The key id takes four bytes because a slot is never 0, the counter because it begins at 2^24: all
frames of equal payload have equal length, the first as the last. The trailer is kept free for
TESLA source authentication (RFC 4082): 12 random bytes and a type, 0 for "filler".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from crypto.epoch import Keyring
from crypto.errors import LocalError, RemoteError
from crypto.identity import MEMBER_ID_BYTES
from crypto.ids import MemberId
from crypto.kid import MAX_SLOT, MIN_SLOT, split_kid
from crypto.replay import ReplayWindow
from crypto.sframe import Header, parse_header
from crypto.step_keys import Known

HEADER_BYTES = 9
TAG_BYTES = 16
TRAILER_BYTES = 13
OVERHEAD_BYTES = HEADER_BYTES + TRAILER_BYTES + TAG_BYTES
MAX_FRAME_BYTES = 1_200
MAX_PLAINTEXT_BYTES = MAX_FRAME_BYTES - OVERHEAD_BYTES
FIRST_COUNTER = 1 << 24
COUNTER_LIMIT = 1 << 32

_TYPE_FILLER = 0
_CONFIG_BYTE = 0xBB  # four bytes of key id, four bytes of counter (RFC 9605 §4.3)


class Reason(StrEnum):
    """Why a frame was refused."""

    LENGTH = "length"
    HEADER = "header"
    SLOT = "slot"
    FRONTIER = "frontier"
    STEP = "step"
    SEAL = "seal"
    TRAILER = "trailer"
    REPLAY = "replay"


class FrameError(RemoteError):
    """A frame that stays silent.

    Attributes:
        reason: For counting. ``Reason.FRONTIER`` may be cured by keys that are on their way.
        member_id: Who holds the slot that the frame names; None if nobody does. Whether it is
            that member's is not known.
    """

    def __init__(self, reason: Reason, member_id: MemberId | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.member_id = member_id


class FrameSealer:
    """Seals what one member says. One for the whole run of a member: its counter never resets.

    Not for use from several threads at once.
    """

    def __init__(
        self,
        keyring: Keyring,
        slot: int,
        member_id: MemberId,
        rng: Callable[[int], bytes],
    ) -> None:
        """Get ready to speak.

        Args:
            keyring: The room's keys, shared with the opener.
            slot: 1 to 63, from the grant.
            member_id: Own member id, 16 bytes.
            rng: Source of the filler in the trailer.

        Raises:
            LocalError: ``slot`` or ``member_id`` is out of range.
        """
        if len(member_id) != MEMBER_ID_BYTES:
            raise LocalError("a member id is 16 bytes")
        self._keyring = keyring
        self._member_id = member_id
        self._rng = rng
        self._next_counter = FIRST_COUNTER
        self.slot = slot

    @property
    def slot(self) -> int:
        """The speaker's place; a new grant may change it, the counter goes on."""
        return self._slot

    @slot.setter
    def slot(self, slot: int) -> None:
        if not MIN_SLOT <= slot <= MAX_SLOT:
            raise LocalError("slot is out of range")
        self._slot = slot

    @property
    def sealed_count(self) -> int:
        """How many frames were sealed."""
        return self._next_counter - FIRST_COUNTER

    def seal(self, plaintext: bytes, room_time_s: float) -> bytes:
        """Seal one frame.

        Args:
            plaintext: The framer's payload, at most 1,162 bytes, of one length in a profile.
            room_time_s: Now, in seconds since the room began.

        Returns:
            The frame, 38 bytes longer than ``plaintext``.

        Raises:
            LocalError: ``plaintext`` is too long, 2^32 is reached (a new member key is due), or
                the keyring waits for a newer key.
        """
        if len(plaintext) > MAX_PLAINTEXT_BYTES:
            raise LocalError("payload is too long for a frame")
        if self._keyring.waiting:
            raise LocalError("the key of this moment is not here yet")
        if self._next_counter >= COUNTER_LIMIT:
            raise LocalError("frame counter is used up")
        self._keyring.advance(room_time_s)
        key = self._keyring.frame_key(self._slot, self._member_id, self._keyring.seal_step)
        counter = self._next_counter
        self._next_counter += 1
        trailer = self._rng(TRAILER_BYTES - 1) + bytes((_TYPE_FILLER,))
        return key.seal(counter, plaintext + trailer)


@dataclass(slots=True)
class _Heard:
    """A speaker's replay window, and the last step it was needed at."""

    last_step: int
    window: ReplayWindow = field(default_factory=ReplayWindow)


class FrameOpener:
    """Opens what others say, each frame once."""

    def __init__(self, keyring: Keyring) -> None:
        """Share the keyring with the sealer of the same room."""
        self._keyring = keyring
        self._heard: dict[MemberId, _Heard] = {}
        self._tidied_at_step = keyring.step

    def open(
        self, frame: bytes, members: Mapping[int, MemberId], only: MemberId | None = None
    ) -> tuple[MemberId, bytes]:
        """Open one frame, at the step to which the keyring was moved last.

        Exactly one key is tried: the one that slot, frontier and step name (AES-GCM does not
        commit to its key). What a key id stands for is looked up once, until anything of it
        changes (``Keyring.keys``); who holds the slot is asked for every frame. The frame moves
        neither the keyring's step nor, unless it is authentic, the replay window.

        Args:
            frame: Foreign bytes.
            members: Who holds which slot now: slot to member id.
            only: Frames of this member alone; None: of all.

        Returns:
            The speaker's member id and the payload without its trailer.

        Raises:
            FrameError: The frame is malformed, forged, replayed, or of no live key.
        """
        header = _check_header(frame)
        known = kept = self._keyring.keys.known.get(header.kid)
        if known is None or members.get(known.slot) != known.speaker:
            known = self._look_up(header.kid, members, only)
        speaker = known.speaker
        if only is not None and speaker != only:
            raise FrameError(Reason.SLOT)
        try:
            plaintext = known.key.open(frame, header)
        except RemoteError:
            self._keyring.not_authentic(known)
            raise FrameError(Reason.SEAL, speaker) from None
        if known is not kept:
            self._keyring.opened(header.kid, known)
        heard = self._heard.get(speaker)
        if heard is None:
            heard = self._heard[speaker] = _Heard(known.step)
        if not heard.window.accept(header.ctr):
            raise FrameError(Reason.REPLAY, speaker)
        heard.last_step = max(heard.last_step, known.step)
        if plaintext[-1] != _TYPE_FILLER:
            raise FrameError(Reason.TRAILER, speaker)
        return speaker, plaintext[:-TRAILER_BYTES]

    def _look_up(self, kid: int, members: Mapping[int, MemberId], only: MemberId | None) -> Known:
        self._tidy()
        with _refusing(Reason.HEADER):
            slot, tag, step8 = split_kid(kid)
        speaker = members.get(slot)
        if speaker is None or only not in (None, speaker):
            raise FrameError(Reason.SLOT)
        with _refusing(Reason.FRONTIER, speaker):
            frontier = self._keyring.frontier_of(tag)
        with _refusing(Reason.STEP, speaker):
            step = self._keyring.live_step(step8, frontier)
        key = self._keyring.frame_key(slot, speaker, step, frontier)
        return Known(slot, speaker, frontier.ids, step, key)

    def _tidy(self) -> None:
        """Drop windows that nothing can need: all frames they saw are of steps that are over."""
        if self._keyring.oldest_step == self._tidied_at_step:
            return
        self._tidied_at_step = self._keyring.oldest_step
        self._heard = {
            member_id: heard
            for member_id, heard in self._heard.items()
            if heard.last_step >= self._tidied_at_step
        }


def _check_header(frame: bytes) -> Header:
    if not OVERHEAD_BYTES <= len(frame) <= MAX_FRAME_BYTES:
        raise FrameError(Reason.LENGTH)
    if frame[0] != _CONFIG_BYTE:
        raise FrameError(Reason.HEADER)
    with _refusing(Reason.HEADER):
        return parse_header(frame)


@contextmanager
def _refusing(reason: Reason, member_id: MemberId | None = None) -> Iterator[None]:
    """Turn any refusal inside into one with a reason to count."""
    try:
        yield
    except RemoteError:
        raise FrameError(reason, member_id) from None
