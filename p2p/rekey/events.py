"""What a member learns of the room's key."""

from dataclasses import dataclass
from typing import Literal

from crypto.ids import EpochId, MemberId

HeldWhy = Literal["removed", "unchecked"]
"""Somebody was removed who holds the key that we have; or no moderator's word came for 30 s."""


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """We seal under other epochs or secrets from now on; frames that wait may open."""

    heads: tuple[EpochId, ...]


@dataclass(frozen=True, slots=True)
class KeysMissing:
    """For a second by now we lack a key that the room uses; or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class KeysDiffer:
    """A neighbour holds another secret than we do under the same epoch: somebody lied to one."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class VoiceHeld:
    """For a second by now nothing that we say is sealed, and why."""

    why: HeldWhy


@dataclass(frozen=True, slots=True)
class VoiceFreed:
    """What we say is sealed again. ``anyway``: there is reason not to, but our person wants it."""

    anyway: bool


@dataclass(frozen=True, slots=True)
class Impersonated:
    """Somebody else signs in our name: it has a copy of our keys."""


@dataclass(frozen=True, slots=True)
class TimeWrong:
    """The member that let us in told us a wrong time; by some seconds it is ``room_s``."""

    room_s: float


EpochEvent = (
    KeysChanged | KeysMissing | KeysDiffer | VoiceHeld | VoiceFreed | Impersonated | TimeWrong
)
