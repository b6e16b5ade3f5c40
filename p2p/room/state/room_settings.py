"""Settings of the room that several members may change: lock, entry, topic, profile, relays.

Each is a register with several writers. Of one author the newest counts; of several those that no
other replaces (``over``). Two members who change a setting at the same time leave two values, and
the stricter one is read until somebody replaces both.
"""

from collections.abc import Iterable
from typing import TypeVar

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import (
    Body,
    Carrier,
    Carriers,
    Entry,
    EntryMode,
    Let,
    Lock,
    Profile,
    Topic,
)
from p2p.room.ops.registers import age
from p2p.room.state.authority import Act, Authority
from p2p.room.text.names import TOPIC_CELLS, clean

STRICTNESS: tuple[EntryMode, ...] = ("open", "ask", "invited")

S = TypeVar("S", Lock, Entry, Topic, Profile, Carriers)


def heads_of(acts: Iterable[Act[S]]) -> list[Act[S]]:
    """Give the values of a setting that nothing replaces, the most senior author's first."""
    newest: dict[MemberId, Act[S]] = {}
    replaced: set[OpId] = set()
    for act in acts:
        replaced.update(act.body.over)
        held = newest.setdefault(act.op.author, act)
        if age(act.op) > age(held.op):
            newest[act.op.author] = act
    live = [act for act in newest.values() if act.op.id not in replaced]
    return sorted(live, key=lambda act: (act.rank, act.op.id))


class Settings:
    """The settings as everybody reads them.

    Attributes:
        locked: Nobody new is let in.
        entry: Who is let in otherwise.
        topic: Safe to show; may be empty.
        profile: 0 table, 1 hall.
        carriers: The relays, the root of the tree first.
        carriers_out: Those that were taken out.
        let: Whom a moderator said yes or no to.
        over: Of every setting the values that a new one replaces.
    """

    def __init__(self, authority: Authority, entry: EntryMode) -> None:
        self.over: dict[type[Body], tuple[OpId, ...]] = {}
        self.locked: bool = any(body.on for body in self._heads(authority, Lock))
        modes = [body.mode for body in self._heads(authority, Entry)]
        self.entry: EntryMode = max(modes, key=STRICTNESS.index, default=entry)
        topics = [body.text for body in self._heads(authority, Topic)]
        self.topic: str = clean(topics[0], TOPIC_CELLS) if topics else ""
        profiles = [body.profile for body in self._heads(authority, Profile)]
        self.profile: int = profiles[0] if profiles else 0
        relays = [body.relays for body in self._heads(authority, Carriers)]
        named: tuple[Carrier, ...] = relays[0] if relays else ()
        self.carriers = tuple(one for one in named if not one.is_out)
        self.carriers_out = tuple(one for one in named if one.is_out)
        self.let: dict[MemberId, bool] = _let(authority.acts(Let))

    @property
    def is_shut(self) -> bool:
        """The word of a plain member lets nobody in."""
        return self.locked or self.entry != "open"

    @property
    def hangs_on_invites(self) -> bool:
        """The room is shut, and yet an invite lets somebody in."""
        return self.is_shut and not self.locked

    def _heads(self, authority: Authority, kind: type[S]) -> list[S]:
        """Read a setting, and note what a new value of it replaces."""
        heads = heads_of(authority.acts(kind))
        self.over[kind] = tuple(act.op.id for act in heads)
        return [act.body for act in heads]


def _let(acts: Iterable[Act[Let]]) -> dict[MemberId, bool]:
    """The most senior word on each member; of one author the newest, of equals the no."""
    newest: dict[tuple[MemberId, MemberId], Act[Let]] = {}
    for act in acts:
        held = newest.setdefault((act.body.member, act.op.author), act)
        if age(act.op) > age(held.op):
            newest[act.body.member, act.op.author] = act
    words = [(act.rank, act.body.on, act.body.member) for act in newest.values()]
    let: dict[MemberId, bool] = {}
    for _, on, member in sorted(words):
        let.setdefault(member, on)
    return dict(sorted(let.items()))
