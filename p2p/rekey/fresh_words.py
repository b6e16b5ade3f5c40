"""Signed words of moderators: which epochs are heads, and who is removed, as of now. Sans-IO.

A relay that withholds a removal, an epoch or all gossip can not invent these words, only keep them
from us; so how old the newest is says how long we may have been misled. The two most senior who may
begin epochs and are here speak every ten seconds, others if nobody has for a while, or if a word
shows that its author lacks something. Two, so that the most senior hears a word as well.

A word *agrees* with us if we know its heads and had counted the same removals when it was said, or
had a moment before. Whatever else it says, we or its author lack something, and both compare what
they hold.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from crypto.identity import Identity, verify
from crypto.ids import MemberId, RoomId
from p2p.errors import RemoteError
from p2p.room.ops.canonical import pack
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.room.state.model import Member
from p2p.wire.messages import HEADS_MAX, Fresh

CONTEXT = b"fresh"
EVERY_S = 10.0
SPEAKERS = 2
TAKE_OVER_S = 15.0
OLD_S = 30.0
AHEAD_S = 5.0
"""A word from later than that is none."""
ASK_AFTER_S = 0.5
ASK_EVERY_S = 5.0
ANSWER_AFTER_S = 3.0
BEHIND_S = 3.0
"""So long its author may not have counted what we have."""
DIGESTS_MAX = 32
KEPT_MAX = 64


def is_missing(word: Fresh | None, room: Room, room_s: float) -> bool:
    """Whether a door shows no good word though the room has somebody who could speak one."""
    return not room.state.no_moderator and (word is None or check(word, room, room_s) != "")


def removals_digest(removed: Iterable[MemberId]) -> bytes:
    """Hash the ids of all who are removed: BLAKE2b-256, person "teahouse/removed", ascending."""
    joined = b"".join(sorted(removed))
    return hashlib.blake2b(joined, digest_size=32, person=b"teahouse/removed").digest()


def check(word: Fresh, room: Room, room_s: float) -> str:
    """Say why a word counts for nothing; empty if it counts.

    Args:
        word: Foreign.
        room: As we know it.
        room_s: Room time in seconds.

    Returns:
        ``powerless``, ``ended`` (of a power that its author has no more), ``future``, ``old`` or
        ``forged``.
    """
    author = room.state.members.get(word.author)
    if author is None or not _may_speak(author, room):
        return "powerless"
    if word.auth != author.auth:
        return "ended"
    age_s = room_s - word.room_time_ms / 1000
    if not -AHEAD_S <= age_s <= OLD_S:
        return "future" if age_s < 0 else "old"
    try:
        verify(author.sign, CONTEXT, _signed(room.room_id, word), word.signature)
    except RemoteError:
        return "forged"
    return ""


def _may_speak(member: Member, room: Room) -> bool:
    return member.rank <= MODERATOR and room.state.in_roster(member.id)


def _signed(room_id: RoomId, word: Fresh) -> bytes:
    heads = list(word.heads)
    return pack([room_id, word.author, word.auth, word.room_time_ms, heads, word.removals])


@dataclass(frozen=True, slots=True)
class _Kept:
    word: Fresh
    said_s: float  # by our monotonic clock


class FreshWords:
    """What one member hears and says of the room as it is now.

    Args:
        room: What the members agree on.
        identity: Ours.
        now: Monotonic seconds; we have just come in, or made the room.

    Attributes:
        counts: Words that counted for nothing, by why: see ``check``; ``replayed`` is older than
            one that we have.
    """

    def __init__(self, room: Room, identity: Identity, now: float) -> None:
        self.counts: Counter[str] = Counter()
        self._room = room
        self._identity = identity
        self._kept: dict[MemberId, _Kept] = {}
        self._digests: dict[bytes, float] = {}
        self._others: list[MemberId] = []
        self._place: int | None = None
        self._agreed_s = self._due_s = now
        self._differs_s: float | None = None
        self._asked_s = -ASK_EVERY_S
        self._said_s = -EVERY_S

    def receive(self, word: Fresh, room_s: float, now: float) -> bool:
        """Take in a word.

        Returns:
            Whether it is new and counts: others may lack it.

        Raises:
            RemoteError: It is forged.
        """
        kept = self._kept.get(word.author)
        if kept is not None and word.room_time_ms <= kept.word.room_time_ms:
            self.counts["known" if word == kept.word else "replayed"] += 1
            return False
        why = "own" if word.author == self._room.me else check(word, self._room, room_s)
        if why:
            self.counts[why] += 1
            if why == "forged":
                raise RemoteError("a word that its author did not say")
            return False
        age_s = max(0.0, room_s - word.room_time_ms / 1000)
        self._kept[word.author] = _Kept(word, now - age_s)
        return True

    def observe(self, here: Collection[MemberId], now: float) -> None:
        """Take note of the room, and who of it is here; ourselves not counted."""
        state = self._room.state
        self._note_digest(removals_digest(state.removed), now)
        seniors = [m.id for m in state.seniors() if _may_speak(m, self._room)]
        near = [m for m in seniors if m in here or m == self._room.me]
        self._place = near.index(self._room.me) if self._room.me in near else None
        self._others = [m for m in near if m != self._room.me]
        in_force = seniors[:KEPT_MAX]
        self._kept = {m: kept for m, kept in self._kept.items() if m in in_force}
        fresh = [kept for kept in self._kept.values() if now - kept.said_s <= OLD_S]
        agreed = [kept.said_s for kept in fresh if self._agrees(kept)]
        self._agreed_s = max([self._agreed_s, *agreed])
        if not self._others:
            self._due_s = now
        if len(agreed) == len(fresh):
            self._differs_s = None
        elif self._differs_s is None:
            self._differs_s = now

    def _note_digest(self, digest: bytes, now: float) -> None:
        self._digests.pop(digest, None)
        self._digests[digest] = now
        if len(self._digests) > DIGESTS_MAX:
            del self._digests[next(iter(self._digests))]

    def _agrees(self, kept: _Kept) -> bool:
        until_s = self._digests.get(kept.word.removals, float("-inf")) + BEHIND_S
        return kept.said_s <= until_s and self._room.state.epochs.keys() >= {*kept.word.heads}

    def is_unchecked(self, now: float) -> bool:
        """Whether nobody has confirmed for 30 s what we know, though somebody here should."""
        return now - max(self._agreed_s, self._due_s) > OLD_S

    def whom_to_ask(self, now: float) -> list[MemberId]:
        """Whose words differ from what we know, when it is time to compare; else nobody."""
        since_s = self._differs_s
        if since_s is None or now < max(since_s + ASK_AFTER_S, self._asked_s + ASK_EVERY_S):
            return []
        self._asked_s = now
        return [m for m, kept in self._kept.items() if not self._agrees(kept)]

    def to_say(self, room_s: float, now: float) -> Fresh | None:
        """Give our own word if it is due."""
        place = self._place
        if place is None or now < self._said_s + EVERY_S or not self._is_wanted(place, now):
            return None
        self._said_s = now
        return self.word(room_s)

    def _is_wanted(self, place: int, now: float) -> bool:
        heard_s = max((kept.said_s for kept in self._kept.values()), default=self._due_s)
        corrects = self._differs_s is not None and now >= self._differs_s + ANSWER_AFTER_S
        return place < SPEAKERS or corrects or now > heard_s + TAKE_OVER_S + place

    def word(self, room_s: float) -> Fresh | None:
        """Sign what we know now; None if we have no power to, or there is no head."""
        me, state = self._room.myself, self._room.state
        if not _may_speak(me, self._room) or not state.heads:
            return None
        unsigned = Fresh(
            me.id,
            me.auth,
            int(room_s * 1000),
            state.heads[:HEADS_MAX],
            removals_digest(state.removed),
            bytes(64),
        )
        signature = self._identity.sign(CONTEXT, _signed(self._room.room_id, unsigned))
        return replace(unsigned, signature=signature)

    def to_show(self, room_s: float, now: float) -> Fresh | None:
        """Give the word that a newcomer is shown: ours, or the newest that agrees with us."""
        if (own := self.word(room_s)) is not None:
            return own
        good = [
            kept
            for kept in self._kept.values()
            if now - kept.said_s <= OLD_S and self._agrees(kept)
        ]
        return max(good, key=lambda kept: kept.said_s).word if good else None
