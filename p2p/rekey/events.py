"""What a member learns of the room's key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """We seal under other epochs or secrets from now on; frames that wait may open."""

    heads: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class KeysMissing:
    """For a second by now we lack a key that the room uses; or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class KeysDiffer:
    """A neighbour holds another secret than we do under the same epoch: somebody lied to one."""

    member: bytes


EpochEvent = KeysChanged | KeysMissing | KeysDiffer
