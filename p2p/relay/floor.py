"""What a relay knows of a room: its floor operations, evaluated by the rules of the members."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from p2p.errors import RemoteError
from p2p.room.ids import MemberId, OpId


class EpochInfo(Protocol):
    """Of an epoch what a relay uses."""

    @property
    def author(self) -> MemberId:
        """Who made it."""
        ...

    @property
    def ephemeral(self) -> bytes:
        """Public key of its wraps, 32 bytes."""
        ...

    @property
    def pass_hash(self) -> bytes:
        """Hash of its pass, 32 bytes."""
        ...


class CarrierInfo(Protocol):
    """A relay as the room names it."""

    @property
    def dh(self) -> bytes:
        """Its public key, 32 bytes."""
        ...

    @property
    def ip(self) -> bytes:
        """4 or 16 bytes."""
        ...

    @property
    def port(self) -> int:
        """Its UDP port."""
        ...


class FloorState(Protocol):
    """Of a room's state what a relay uses."""

    @property
    def slots(self) -> Mapping[int, MemberId]:
        """Who may be heard in which slot."""
        ...

    @property
    def removed(self) -> frozenset[MemberId]:
        """Who is out for ever."""
        ...

    @property
    def heads(self) -> tuple[OpId, ...]:
        """The epochs in force."""
        ...

    @property
    def epochs(self) -> Mapping[OpId, EpochInfo]:
        """All epochs that are known."""
        ...

    @property
    def carriers(self) -> Sequence[CarrierInfo]:
        """The room's relays in their order."""
        ...


class FloorLog(Protocol):
    """The floor operations of one room."""

    @property
    def state(self) -> FloorState:
        """What follows from them."""
        ...

    def receive(self, data: bytes, sender: MemberId, now: float) -> bool:
        """Takes one operation; says whether it is new. Raises RemoteError."""
        ...

    def ops(self) -> list[bytes]:
        """All that are held."""
        ...


MakeFloor = Callable[[bytes], FloorLog]
"""From the bytes of a genesis; raises RemoteError."""


def no_floor(_genesis: bytes) -> FloorLog:
    """For relays that carry no sound."""
    raise RemoteError("no rooms here")
