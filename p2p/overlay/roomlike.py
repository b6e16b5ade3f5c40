"""What keys need to know of a room: the part of ``p2p.room.room.Room`` that they use."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol


class MemberLike(Protocol):
    """A member: see ``p2p.room.roster.Member``."""

    @property
    def id(self) -> bytes: ...  # noqa: D102
    @property
    def sign(self) -> bytes: ...  # noqa: D102
    @property
    def dh(self) -> bytes: ...  # noqa: D102
    @property
    def recv(self) -> bytes: ...  # noqa: D102
    @property
    def rank(self) -> int: ...  # noqa: D102


class EpochLike(Protocol):
    """The signed record of an epoch."""

    @property
    def id(self) -> bytes: ...  # noqa: D102
    @property
    def author(self) -> bytes: ...  # noqa: D102
    @property
    def parents(self) -> tuple[bytes, ...]: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def ephemeral(self) -> bytes: ...  # noqa: D102
    @property
    def commit(self) -> bytes: ...  # noqa: D102
    @property
    def pass_hash(self) -> bytes: ...  # noqa: D102


class StateLike(Protocol):
    """The room's state."""

    @property
    def members(self) -> Mapping[bytes, MemberLike]: ...  # noqa: D102
    @property
    def removed(self) -> frozenset[bytes]: ...  # noqa: D102
    @property
    def heads(self) -> tuple[bytes, ...]: ...  # noqa: D102
    @property
    def epochs(self) -> Mapping[bytes, EpochLike]: ...  # noqa: D102


class WrittenLike(Protocol):
    """An operation."""

    @property
    def id(self) -> bytes: ...  # noqa: D102


class RoomLike(Protocol):
    """A member's view of its room."""

    @property
    def me(self) -> bytes: ...  # noqa: D102
    @property
    def room_id(self) -> bytes: ...  # noqa: D102
    @property
    def state(self) -> StateLike: ...  # noqa: D102

    def roster(self) -> Sequence[MemberLike]:
        """Whom a key may be given to: joined, not left, not removed, with a right to be here."""
        ...

    def write_epoch(
        self,
        parents: Collection[bytes],
        step: int,
        why: int,
        ephemeral: bytes,
        commit: bytes,
        pass_hash: bytes,
        members: Iterable[MemberLike],
    ) -> WrittenLike:
        """Sign the record of an epoch of ours."""
        ...

    def write_recv(self, public: bytes) -> object:
        """Publish our receive key."""
        ...
