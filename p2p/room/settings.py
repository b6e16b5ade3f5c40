"""Settings of the room that several members may change: lock, entry, topic, profile, relays.

Each is a register with several writers. Of one author the newest counts; of several those that no
other replaces (``over``). Two members who change a setting at the same time leave two values, and
the stricter one is read until somebody replaces both.
"""

from collections.abc import Iterable

from p2p.room.authority import Act, Authority
from p2p.room.ids import MemberId, OpId
from p2p.room.kinds import (
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
from p2p.room.names import TOPIC_CELLS, clean
from p2p.room.registers import age

STRICTNESS: tuple[EntryMode, ...] = ("open", "ask", "invited")

_Setting = Lock | Entry | Topic | Profile | Carriers


def heads_of(acts: Iterable[Act]) -> list[Act]:
    """Give the values of a setting that nothing replaces, the most senior author's first."""
    newest: dict[MemberId, Act] = {}
    replaced: set[OpId] = set()
    for act in acts:
        body = act.op.body
        if isinstance(body, _Setting):
            replaced.update(body.over)
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
        let: Whom a moderator said yes or no to.
        over: Of every setting the values that a new one replaces.
    """

    def __init__(self, authority: Authority, entry: EntryMode) -> None:
        heads = {
            kind: [act.op for act in heads_of(authority.acts(kind))]
            for kind in (Lock, Entry, Topic, Profile, Carriers)
        }
        self.over: dict[type[Body], tuple[OpId, ...]] = {
            kind: tuple(op.id for op in ops) for kind, ops in heads.items()
        }
        self.locked: bool = any(op.body.on for op in heads[Lock] if isinstance(op.body, Lock))
        modes = [op.body.mode for op in heads[Entry] if isinstance(op.body, Entry)]
        self.entry: EntryMode = max(modes, key=STRICTNESS.index, default=entry)
        topics = [op.body.text for op in heads[Topic] if isinstance(op.body, Topic)]
        self.topic: str = clean(topics[0], TOPIC_CELLS) if topics else ""
        profiles = [op.body.profile for op in heads[Profile] if isinstance(op.body, Profile)]
        self.profile: int = profiles[0] if profiles else 0
        relays = [op.body.relays for op in heads[Carriers] if isinstance(op.body, Carriers)]
        self.carriers: tuple[Carrier, ...] = relays[0] if relays else ()
        self.let: dict[MemberId, bool] = _let(authority.acts(Let))


def _let(acts: Iterable[Act]) -> dict[MemberId, bool]:
    """The most senior word on each member; of one author the newest, of equals the no."""
    newest: dict[tuple[MemberId, MemberId], tuple[Act, Let]] = {}
    for act in acts:
        if isinstance(act.op.body, Let):
            key = (act.op.body.member, act.op.author)
            if key not in newest or age(act.op) > age(newest[key][0].op):
                newest[key] = (act, act.op.body)
    words = [(act.rank, body.on, body.member) for act, body in newest.values()]
    let: dict[MemberId, bool] = {}
    for _, on, member in sorted(words):
        let.setdefault(member, on)
    return dict(sorted(let.items()))
