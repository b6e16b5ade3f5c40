"""Who wraps an epoch's secret for whom: the roster in shares, each with its wrappers. Sans-IO.

Its author alone would have to send half a megabyte in a room of ten thousand. So a roster larger
than one share falls into shares of about 128 members, by a hash of epoch and member id: nobody can
choose its share before the epoch is there. The author wraps for who speaks or moderates, for two
*wrappers* of each share, and for the others of its own share; the first wrapper of a share for the
rest of it. Whoever gets no wrap asks the next: see ``to_ask``.

Everybody works this out from the record, its own roster and who is here. Where two differ in that,
a member gets two wraps, which are the same bytes, or has to ask.
"""

from collections.abc import Collection, Iterable
from hashlib import blake2b

from crypto.ids import DhKey, EpochId, MemberId
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.room.state.epochs import EpochInfo

SHARE_MEMBERS = 128
"""So many are wrapped for by the author alone, and in larger rooms are about in one share."""

WRAPPERS = 2
NEXT_SHARES = 2
"""So many shares further on somebody is asked as well."""

Receiver = tuple[MemberId, DhKey]
_HASH_BYTES = 8
_Place = tuple[bool, bool, bool, bytes, MemberId]


def share_count(epoch: EpochInfo) -> int:
    """Into how many shares an epoch's roster falls; 1: its author wraps for everybody."""
    return max(1, -(-epoch.roster_count // SHARE_MEMBERS))


def share_hash(epoch_id: EpochId, member: MemberId) -> bytes:
    """What puts a member into a share, and in its place there; 8 bytes."""
    digest = blake2b(epoch_id + member, digest_size=_HASH_BYTES, person=b"teahouse/share")
    return digest.digest()


class Shares:
    """The shares of one epoch, as one member sees them.

    Args:
        epoch: Its record.
        receivers: Id and receive key of everybody in the roster.
        full: Who speaks or moderates, the first to be wrapped for in front.
        here: Who is here; None: everybody counts as here.
    """

    def __init__(
        self,
        epoch: EpochInfo,
        receivers: Iterable[Receiver],
        full: Collection[MemberId],
        here: Collection[MemberId] | None,
    ) -> None:
        self._author = epoch.author
        self._full = full
        self._recv = dict(receivers)
        self._share: dict[MemberId, int] = {}
        count = share_count(epoch)
        places: list[list[_Place]] = [[] for _ in range(count)]
        for member in self._recv:
            digest = share_hash(epoch.id, member)
            share = self._share[member] = int.from_bytes(digest, "big") % count
            absent = here is not None and member not in here
            place = member != self._author, absent, member not in full, digest, member
            places[share].append(place)
        self._members = [[place[-1] for place in sorted(one)] for one in places]

    def receivers(self, me: MemberId) -> list[Receiver]:
        """For whom a member wraps, in this order."""
        if me not in self._share:
            return []
        mine = self._members[self._share[me]]
        if me == self._author:
            firsts = [one[at] for at in range(WRAPPERS) for one in self._members if at < len(one)]
            wanted = [member for member in self._full if member in self._recv]
            wanted += [*firsts, *mine]
        elif mine[0] == me:
            wanted = [one for one in mine if one != self._author and one not in self._full]
        else:
            return []
        return [(one, self._recv[one]) for one in dict.fromkeys(wanted) if one != me]

    def to_ask(self, me: MemberId) -> list[MemberId]:
        """Whom to ask for a wrap that does not come, one after the other.

        That is the second wrapper of its own share, then the first of the next two, and then who
        should have sent it.
        """
        if me not in self._share:
            return []
        mine, count = self._share[me], len(self._members)
        near = self._members[mine][1:WRAPPERS]
        for further in range(1, NEXT_SHARES + 1):
            near += self._members[(mine + further) % count][:1]
        near += [*self._members[mine][:1], self._author]
        return [one for one in dict.fromkeys(near) if one != me]


def shares_of(epoch: EpochInfo, room: Room, here: Collection[MemberId] | None) -> Shares:
    """The shares of an epoch by one member's view of the room."""
    roster = room.roster()
    speaking = set(room.state.slots.values())
    full = [one for one in roster if one.id in speaking or one.rank <= MODERATOR]
    full.sort(key=lambda one: (one.id not in speaking, one.rank))
    return Shares(
        epoch, ((one.id, one.recv) for one in roster), dict.fromkeys(one.id for one in full), here
    )
