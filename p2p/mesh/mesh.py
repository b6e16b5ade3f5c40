"""Who has a link with whom, whom to dial next, and who is here.

In open mode a small room is a full mesh: every member wants one link with every other. This core
decides when to dial and believes a member to be *here* while it has a link with it, while a
neighbour said so within the last seconds, or while a relay that we share says that it is attached.
It sends nothing itself. Who hides from the room links with nobody and only keeps count.

Theory of operation, per other member::

    idle --(time to dial)--> dialling --(link_up)--> linked
      ^                          |                      |
      +------(dial_failed)-------+------(link_down)-----+

- The newcomer dials everybody it was told of. Whoever only hears of the other waits a little, the
  larger member id a second longer, so two nodes seldom dial each other at the same time.
- After a link broke, the smaller member id dials at once and the larger one a second later.
- Somebody of whom no neighbour has said yet that it can be reached is dialled a second later.
- A failed dial is repeated after 1, 2, 4 … ``BACKOFF_MAX_S`` seconds, but every second while there
  is no link at all: then it is our own network that was gone, and people are waiting. Whom a relay
  connects us with is dialled ever more seldom instead: a direct way is only the shorter one.
- Whom nobody has seen for ``FORGET_AFTER_S`` is dialled no more, unless we are alone.
- Any link that comes up makes all other waiting dials due at once, for the same reason.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from crypto.ids import MemberId
from p2p.mesh.roster_watch import RosterWatch
from p2p.room.state.member_map import MemberMap

HEARSAY_WAIT_S = 0.7
LARGER_WAIT_S = 1.0
UNREPORTED_WAIT_S = 1.0
BACKOFF_MAX_S = 8.0
BACKOFF_ATTACHED_MAX_S = 120.0
ALONE_RETRY_S = 1.0
REPORT_EVERY_S = 2.0
REPORT_FRESH_S = 6.0
FORGET_AFTER_S = 600.0
ROOM_LIMIT = 16
LARGE = 256
"""Beyond so many others it is not looked at each call who is to be dialled, but less often."""
LOOK_EACH_S = 5e-5

Scope = int  # 0 loopback, 1 private, 2 global: the width of what a link runs over


@dataclass(frozen=True, slots=True)
class MemberAppeared:
    """A member of the roster is here (again)."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class MemberVanished:
    """Nobody we hear from has a link with this member any more."""

    member: MemberId


@dataclass(slots=True)
class _Other:
    dial_at_s: float
    seen_s: float
    dialling: bool = False
    tried: bool = False
    fails: int = 0
    scope: Scope | None = None  # of our own link; None while there is none
    here: bool = False


@dataclass(slots=True)
class _Report:
    at_s: float
    near: dict[MemberId, Scope] = field(default_factory=dict)


class Mesh:
    """The links of one member.

    Args:
        me: Our own member id.
        dials: Whether we want links with members at all.
    """

    def __init__(self, me: MemberId, *, dials: bool = True) -> None:
        self._me = me
        self._dials = dials
        self._attached: frozenset[MemberId] = frozenset()
        self._others: dict[MemberId, _Other] = {}
        self._reports: dict[MemberId, _Report] = {}
        self._report_at_s = 0.0
        self._look_at_s = 0.0
        self._here: set[MemberId] = set()
        self._links: dict[MemberId, Scope] = {}
        self._roster = RosterWatch()
        self._events: deque[MemberAppeared | MemberVanished] = deque()

    def set_roster(
        self, members: Iterable[MemberId], now: float, *, newcomer: bool = False
    ) -> None:
        """Says who belongs to the room now, ourselves not counted.

        Args:
            members: Ids of all members that have neither left nor been removed.
            now: Monotonic seconds.
            newcomer: True when we have just been admitted, so that dialling is up to us.
        """
        wanted = set(members) - {self._me}
        others = self._others.keys()
        self.change_roster(wanted - others, others - wanted, now, newcomer=newcomer)

    def change_roster(
        self, came: Set[MemberId], gone: Set[MemberId], now: float, *, newcomer: bool = False
    ) -> None:
        """The same, told by what is other than before.

        Args:
            came: Who belongs to the room now; maybe it did before.
            gone: Who does not; maybe it did not before.
            now: Monotonic seconds.
            newcomer: As above.
        """
        new = sorted(one for one in came if one not in self._others and one != self._me)
        for member in new:
            wait_s = 0.0 if newcomer else HEARSAY_WAIT_S + self._turn_s(member)
            self._others[member] = _Other(dial_at_s=now + wait_s, seen_s=now)
        lost = sorted(one for one in gone if one in self._others)
        for member in lost:
            del self._others[member]
            self._here.discard(member)
            self._links.pop(member, None)
        said_something = [self._reports.pop(member, None) for member in lost]
        self._judge(now, None if any(said_something) else new)

    def follow_room(self, members: MemberMap, now: float, *, newcomer: bool = False) -> None:
        """The same, told by the room; what it takes depends on what is other than before."""
        came, gone = self._roster.look(members)
        if came or gone:
            self.change_roster(came, gone, now, newcomer=newcomer)

    def set_attached(self, members: Iterable[MemberId], now: float) -> None:
        """Says who is attached to the relays that we are attached to."""
        self._attached = frozenset(members)
        self._judge(now)

    def link_up(self, member: MemberId, scope: Scope, now: float) -> None:
        """A link with a member of the roster works."""
        other = self._others.setdefault(member, _Other(dial_at_s=now, seen_s=now))
        if not self._links:
            for each in self._others.values():
                each.seen_s = now  # while we were alone, that nobody was seen said nothing
        other.scope, other.dialling, other.tried, other.fails = scope, False, False, 0
        self._links[member] = scope
        for waiting in self._others.values():
            if waiting.scope is None and waiting.fails:
                waiting.fails, waiting.dial_at_s = 0, min(waiting.dial_at_s, now)
        self._report_at_s = now
        self._judge(now)

    def link_down(self, member: MemberId, now: float) -> None:
        """The link with a member broke or was closed."""
        self._reports.pop(member, None)
        other = self._others.get(member)
        if other is None or other.scope is None:
            return
        other.scope = None
        del self._links[member]
        other.dial_at_s = now + self._turn_s(member)
        self._report_at_s = now
        self._judge(now)

    def dial_failed(self, member: MemberId, now: float) -> None:
        """A dial that ``to_dial`` asked for came to nothing."""
        other = self._others.get(member)
        if other is None or not other.dialling:
            return
        other.dialling = False
        other.fails += 1
        wait_s = 2.0 ** min(other.fails - 1, 8)
        if member in self._attached:
            other.dial_at_s = now + min(BACKOFF_ATTACHED_MAX_S, wait_s)
        else:
            wait_s = min(BACKOFF_MAX_S, wait_s)
            other.dial_at_s = now + (ALONE_RETRY_S if not self.links else wait_s)

    def dial_now(self, member: MemberId, now: float) -> None:
        """There is a new reason to dial this member: does not wait any longer."""
        other = self._others.get(member)
        if other is not None and other.scope is None:
            other.dial_at_s, other.tried = min(other.dial_at_s, now), True

    def receive(self, near: Iterable[tuple[MemberId, Scope]], sender: MemberId, now: float) -> None:
        """A neighbour says whom it has links with; reports of others are ignored."""
        other = self._others.get(sender)
        if other is None or other.scope is None:
            return
        known = {member: scope for member, scope in near if member in self._others}
        self._reports[sender] = _Report(now, known)
        self._judge(now)

    def to_dial(self, now: float) -> list[MemberId]:
        """Members to dial now; each counts as dialling until its link is up or the dial failed."""
        free = ROOM_LIMIT - 1 - len(self._links)
        many = len(self._others)
        if not self._dials or free <= 0 or (many > LARGE and now < self._look_at_s):
            return []
        self._look_at_s = now + many * LOOK_EACH_S
        due = [
            member
            for member, other in self._others.items()
            if other.scope is None and not other.dialling and self._due_s(other) <= now
        ]
        due.sort(key=lambda member: member not in self._here)
        del due[free:]
        for member in due:
            self._others[member].dialling = self._others[member].tried = True
        return due

    def to_send(self, now: float) -> list[tuple[MemberId, list[tuple[MemberId, Scope]]]]:
        """Reports that are due: ``(neighbour, whom we have links with)``."""
        if now < self._report_at_s or not self.links:
            return []
        self._report_at_s = now + REPORT_EVERY_S
        mine = self.links
        return [(to, [pair for pair in mine.items() if pair[0] != to]) for to in mine]

    def on_timer(self, now: float) -> None:
        """Lets old reports lapse and forgets members that nobody has seen for long."""
        lapsed = [m for m, r in self._reports.items() if now - r.at_s > REPORT_FRESH_S]
        for member in lapsed:
            del self._reports[member]
        self._judge(now, None if lapsed else ())
        if not self._links:
            return  # it may be our own network that is gone, for however long
        for other in self._others.values():
            if not other.here and now - other.seen_s > FORGET_AFTER_S:
                other.dial_at_s = float("inf")

    def next_timer(self) -> float | None:
        """When ``on_timer``, ``to_dial`` or ``to_send`` has something to do; None: nothing ever."""
        times = [
            self._due_s(other)
            for other in self._others.values()
            if self._dials and other.scope is None and not other.dialling
        ]
        times += [r.at_s + REPORT_FRESH_S for r in self._reports.values()]
        if self.links:
            times.append(self._report_at_s)
        return min(times, default=None)

    def next_event(self) -> MemberAppeared | MemberVanished | None:
        """The next change of who is here, oldest first."""
        return self._events.popleft() if self._events else None

    @property
    def links(self) -> Mapping[MemberId, Scope]:
        """Members we have a link with, and the scope each runs over."""
        return self._links

    @property
    def here(self) -> Set[MemberId]:
        """Members of whom ``is_here`` says so."""
        return self._here

    def missing(self) -> list[MemberId]:
        """Members that we dialled in vain, or cannot even dial, and have not given up."""
        return [
            member
            for member, other in self._others.items()
            if other.scope is None
            and other.fails
            and other.dial_at_s < float("inf")
            and member not in self._attached
        ]

    def is_here(self, member: MemberId) -> bool:
        """Whether the member can be reached by anybody we hear from."""
        return member in self._here

    def unseen_s(self, member: MemberId, now: float) -> float:
        """For how many seconds nobody has seen the member, or since we came in; 0: unknown."""
        other = self._others.get(member)
        return 0.0 if other is None or other.here else now - other.seen_s

    def carriers(self, member: MemberId) -> list[tuple[MemberId, Scope]]:
        """Neighbours that have a link with ``member``, and the width of the path through each.

        The width is the wider of the two links: an address of a narrower scope must not be
        handed along it.
        """
        links = self.links
        found = [
            (neighbour, max(links[neighbour], report.near[member]))
            for neighbour, report in self._reports.items()
            if member in report.near and neighbour in links
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _turn_s(self, member: MemberId) -> float:
        return 0.0 if self._me < member else LARGER_WAIT_S

    def _due_s(self, other: _Other) -> float:
        waits = bool(self.links) and not other.here and not other.tried
        return other.dial_at_s + (UNREPORTED_WAIT_S if waits else 0.0)

    def _judge(self, now: float, members: Iterable[MemberId] | None = None) -> None:
        """Finds who appeared and who vanished, of all or of some."""
        reported = {m for report in self._reports.values() for m in report.near}
        for member in list(self._others) if members is None else members:
            other = self._others[member]
            here = other.scope is not None or member in reported or member in self._attached
            if here == other.here:
                continue
            other.here, other.seen_s = here, now
            (self._here.add if here else self._here.discard)(member)
            self._events.append(MemberAppeared(member) if here else MemberVanished(member))
