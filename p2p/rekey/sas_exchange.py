"""Two members compare words by voice, to be sure of each other's keys. Sans-IO.

Both people ask for each other; then both see the same six characters and the same three words, or
else somebody stands between them. What they say to each other's ears is the proof; what their
programs say travels by any way, trusted or not.

Theory of operation, one comparison per pair at a time, drawn in ``docs/diagrams/compare.md``::

    both begin:  commit >      < nonce      reveal >      both show the code

Whoever waits repeats what it said last every 3 s. A commit names step and epochs of the key that
the code is bound to; if the other is not there yet it says nothing, and the commit is made anew.
The commit of whom our person has not asked for is told to it and not answered. The smaller member
id goes first. Each nonce that we say, and each that we take, is one guess for somebody who wants to
meet our code, under however many ids: so there is one small budget for all of them together.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from crypto.epoch import Keyring
from crypto.ids import MemberId
from crypto.sas import Code, Party, code_of, commit_to, is_committed
from p2p.errors import RemoteError, UserError
from p2p.rng import Rng
from p2p.room.room import Room
from p2p.wire.messages import Compare

LIMIT_S = 120.0
REPEAT_S = 3.0
CODES_MAX = 4
"""Codes that can come of what we say within ``LIMIT_S``, whoever is at the other end."""
ASKS_MAX = 4
"""Members that are told to our person at once to be asking."""

COMMIT, NONCE, REVEAL = 0, 1, 2
_NONCE_BYTES = 32
_REF_BYTES = 16
_STEP_BYTES = 4


class State(StrEnum):
    """Where a comparison with one member stands."""

    IDLE = "idle"
    ASKED = "asked"
    COMMITTED = "committed"
    ANSWERED = "answered"
    SHOWN = "shown"
    VERIFIED = "verified"


class Act(StrEnum):
    """What moves it: our person, the other's messages, time."""

    BEGIN = "begin"
    COMMIT = "commit"
    NONCE = "nonce"
    REVEAL = "reveal"
    SAME = "same"
    DIFFER = "differ"
    LAPSE = "lapse"


NEXT: Mapping[tuple[State, Act], State] = {
    (State.IDLE, Act.BEGIN): State.COMMITTED,
    (State.IDLE, Act.COMMIT): State.ASKED,
    (State.ASKED, Act.BEGIN): State.COMMITTED,
    (State.ASKED, Act.LAPSE): State.IDLE,
    (State.COMMITTED, Act.NONCE): State.SHOWN,
    (State.COMMITTED, Act.COMMIT): State.ANSWERED,
    (State.COMMITTED, Act.LAPSE): State.IDLE,
    (State.ANSWERED, Act.COMMIT): State.ANSWERED,
    (State.ANSWERED, Act.REVEAL): State.SHOWN,
    (State.ANSWERED, Act.LAPSE): State.IDLE,
    (State.SHOWN, Act.SAME): State.VERIFIED,
    (State.SHOWN, Act.DIFFER): State.IDLE,
    (State.SHOWN, Act.LAPSE): State.IDLE,
    (State.VERIFIED, Act.BEGIN): State.COMMITTED,
    (State.VERIFIED, Act.COMMIT): State.ASKED,
}


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, for the documents."""
    rows = [f"    {start} --> {end}: {act}" for (start, act), end in NEXT.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.IDLE}", *rows])


@dataclass(frozen=True, slots=True)
class Begin:
    """Our person wants to compare words with a member."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Confirm:
    """Our person has heard the other's code: it is the ``same``, or not."""

    member: MemberId
    same: bool


@dataclass(frozen=True, slots=True)
class CompareAsked:
    """The other's person, or somebody in its name, asks: it is for ours to begin, or not."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class CompareReady:
    """Show this code. ``words``: numbers in a BIP39 list, 0 to 2,047."""

    member: MemberId
    code: str
    words: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CompareVerified:
    """The person said that both codes are the same: this member's keys are its own."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class CompareFailed:
    """The codes differ, or nothing came of it within two minutes."""

    member: MemberId


CompareEvent = CompareAsked | CompareReady | CompareVerified | CompareFailed


@dataclass(slots=True)
class _Pair:
    """A comparison with one member, from its first message on."""

    state: State
    ends_s: float
    first: bool
    step: int
    epochs: bytes
    authenticator: bytearray
    nonce: bytes
    commit: bytes
    theirs: bytes = b""
    say_at_s: float = float("inf")


class Comparing:
    """All comparisons of one member.

    Args:
        room: Who is who.
        keyring: What the codes are bound to.
        rng: Source of nonces.

    Attributes:
        verified: Members whose keys our person has compared; known to us alone.
    """

    def __init__(self, room: Room, keyring: Keyring, rng: Rng) -> None:
        self.verified: set[MemberId] = set()
        self._room = room
        self._keyring = keyring
        self._rng = rng
        self._pairs: dict[MemberId, _Pair] = {}
        self._asked: dict[MemberId, float] = {}
        self._codes: deque[float] = deque()
        self._events: deque[CompareEvent] = deque()

    def state(self, member: MemberId) -> State:
        """Where the comparison with a member stands."""
        pair = self._pairs.get(member)
        if pair is not None:
            return pair.state
        if member in self._asked:
            return State.ASKED
        return State.VERIFIED if member in self.verified else State.IDLE

    def do(self, command: Begin | Confirm, now: float) -> None:
        """Carry out what our person wants; to begin again while a code is shown does nothing.

        Raises:
            UserError: The member is not here, there is no code to confirm, or there were too many.
        """
        member = command.member
        if isinstance(command, Begin):
            if member not in self._present():
                raise UserError("is_gone", "This member is no longer in the room.")
            if (self.state(member), Act.BEGIN) in NEXT:
                self._require_budget(now)
                self._commit(member, now, now + LIMIT_S)
            return
        act = Act.SAME if command.same else Act.DIFFER
        if (self.state(member), act) not in NEXT:
            raise UserError("nothing_to_compare", "There are no words to compare now.")
        self._end(member)
        if command.same:
            self.verified.add(member)
            self._events.append(CompareVerified(member))
        else:
            self.verified.discard(member)
            self._events.append(CompareFailed(member))

    def receive(self, message: Compare, now: float) -> None:
        """Take in what a member says, or somebody in its name.

        Raises:
            RemoteError: It is not for us, not of a member, or not what comes next.
        """
        member = message.frm
        if message.to != self._room.me or member not in self._present():
            raise RemoteError("compare of a stranger")
        if message.kind == COMMIT:
            self._on_commit(member, message.data, now)
        elif message.kind == NONCE:
            self._on_nonce(member, message.data, now)
        else:
            self._on_reveal(member, message.data)

    def to_send(self, now: float) -> list[tuple[MemberId, Compare]]:
        """What has to be said now: to whom, and what."""
        out = []
        for member, pair in list(self._pairs.items()):
            if pair.say_at_s > now:
                continue
            if pair.state is State.COMMITTED and not self._is_present_key(pair):
                self._commit(member, now, pair.ends_s)
                pair = self._pairs[member]
            pair.say_at_s = float("inf") if pair.state is State.SHOWN else now + REPEAT_S
            out.append((member, Compare(member, self._room.me, *self._words_of(pair))))
        return out

    def next_timer(self) -> float | None:
        """When ``on_timer`` or ``to_send`` has something to do; None for never."""
        times = [min(pair.ends_s, pair.say_at_s) for pair in self._pairs.values()]
        return min([*times, *self._asked.values()], default=None)

    def on_timer(self, now: float) -> None:
        """Give up what took too long, or whose other side is gone."""
        present = self._present() if self._pairs else set()
        for member, pair in list(self._pairs.items()):
            if now >= pair.ends_s or member not in present:
                self._end(member)
                self._events.append(CompareFailed(member))
        self._asked = {member: at for member, at in self._asked.items() if now < at}
        self._forget_codes(now)

    def next_event(self) -> CompareEvent | None:
        """The next thing to tell our person, oldest first."""
        return self._events.popleft() if self._events else None

    # --- what comes in --------------------------------------------------------------------------

    def _on_commit(self, member: MemberId, data: bytes, now: float) -> None:
        if len(data) != _NONCE_BYTES + _STEP_BYTES + _REF_BYTES:
            raise RemoteError("malformed commit")
        commit, step = data[:_NONCE_BYTES], int.from_bytes(data[_NONCE_BYTES:-_REF_BYTES], "big")
        pair = self._pairs.get(member)
        if pair is not None and not pair.first and pair.commit == commit:
            if pair.state is State.ANSWERED:
                pair.say_at_s = now
            return
        if pair is None:
            self._note_asking(member, now)
            return
        if pair.state is State.SHOWN:
            return
        if pair.state is State.COMMITTED and self._room.me < member:
            pair.say_at_s = now  # ours goes first, and the other may not have been ready for it
            return
        if data[-_REF_BYTES:] != self._epochs():
            return  # one of us does not know of the newest key yet
        authenticator = self._keyring.authenticator(step)
        self._spend(now)
        self._end(member)
        nonce = self._rng(_NONCE_BYTES)
        self._pairs[member] = _Pair(
            State.ANSWERED, pair.ends_s, False, step, data[-_REF_BYTES:], authenticator, nonce,
            commit, say_at_s=now,
        )  # fmt: skip

    def _on_nonce(self, member: MemberId, data: bytes, now: float) -> None:
        pair = self._pairs.get(member)
        if pair is None or not pair.first or data[_NONCE_BYTES:] != pair.commit[:_REF_BYTES]:
            raise RemoteError("nonce out of turn")
        nonce = data[:_NONCE_BYTES]
        if pair.state is State.SHOWN and nonce != pair.theirs:
            raise RemoteError("nonce out of turn")
        if pair.state is not State.SHOWN:
            self._spend(now)
        pair.theirs = nonce
        pair.say_at_s = now
        if pair.state is not State.SHOWN:
            self._show(member, pair, Act.NONCE)

    def _on_reveal(self, member: MemberId, data: bytes) -> None:
        pair = self._pairs.get(member)
        if pair is None or pair.first or len(data) != _NONCE_BYTES:
            raise RemoteError("reveal out of turn")
        if not is_committed(pair.commit, data):
            raise RemoteError("reveal of another nonce")
        if pair.state is not State.SHOWN:
            pair.theirs = data
            pair.say_at_s = float("inf")
            self._show(member, pair, Act.REVEAL)

    def _note_asking(self, member: MemberId, now: float) -> None:
        """Tell our person once who asks."""
        if member in self._asked:
            return
        if len(self._asked) >= ASKS_MAX:
            raise RemoteError("too many ask")
        self._asked[member] = now + LIMIT_S
        self._events.append(CompareAsked(member))

    def _spend(self, now: float) -> None:
        """Count a code that can be known from here on, to us or to the other."""
        self._forget_codes(now)
        if len(self._codes) >= CODES_MAX:
            raise RemoteError("too many codes")
        self._codes.append(now)

    def _require_budget(self, now: float) -> None:
        self._forget_codes(now)
        if len(self._codes) >= CODES_MAX:
            raise UserError(
                "too_many_codes",
                "You have compared safety words often in the last two minutes.",
                "Wait two minutes: every try is also one for somebody in between.",
            )

    def _forget_codes(self, now: float) -> None:
        while self._codes and now - self._codes[0] >= LIMIT_S:
            self._codes.popleft()

    # --- what goes out --------------------------------------------------------------------------

    def _commit(self, member: MemberId, now: float, ends_s: float) -> None:
        step, nonce = self._keyring.seal_step, self._rng(_NONCE_BYTES)
        authenticator = self._keyring.authenticator(step)
        self._end(member)
        self._asked.pop(member, None)
        self._pairs[member] = _Pair(
            State.COMMITTED, ends_s, True, step, self._epochs(), authenticator, nonce,
            commit_to(nonce), say_at_s=now,
        )  # fmt: skip

    def _words_of(self, pair: _Pair) -> tuple[int, bytes]:
        if pair.state is State.COMMITTED:
            return COMMIT, pair.commit + pair.step.to_bytes(_STEP_BYTES, "big") + pair.epochs
        if pair.state is State.ANSWERED:
            return NONCE, pair.nonce + pair.commit[:_REF_BYTES]
        return REVEAL, pair.nonce

    def _show(self, member: MemberId, pair: _Pair, act: Act) -> None:
        mine, other = self._party(self._room.me), self._party(member)
        parties, nonces = (mine, other), (pair.nonce, pair.theirs)
        if not pair.first:
            parties, nonces = parties[::-1], nonces[::-1]
        code: Code = code_of(*parties, nonces, self._room.room_id, pair.authenticator)
        pair.state = NEXT[pair.state, act]
        self._events.append(CompareReady(member, code.text, code.words))

    def _end(self, member: MemberId) -> None:
        pair = self._pairs.pop(member, None)
        if pair is not None:
            pair.authenticator[:] = bytes(len(pair.authenticator))

    def _present(self) -> set[MemberId]:
        return {member.id for member in self._room.roster()} - {self._room.me}

    def _party(self, member: MemberId) -> Party:
        entry = self._room.state.members[member]
        return Party(entry.id, entry.sign, entry.dh)

    def _epochs(self) -> bytes:
        return blake2b(b"".join(self._keyring.frontier.ids), digest_size=_REF_BYTES).digest()

    def _is_present_key(self, pair: _Pair) -> bool:
        return pair.step == self._keyring.seal_step and pair.epochs == self._epochs()
