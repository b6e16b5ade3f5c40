"""Secrets of heads that neighbours hand to each other: asked for, given, and believed. Sans-IO.

A secret that is handed over can not be held against the record of its epoch any more. So it is on
trial (``crypto.trial``); when the others' frames do not open under it, neighbours are asked again,
and who says otherwise than the one before is believed next, until frames open. One liar among the
neighbours costs seconds, not the room.
"""

import contextlib
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence

from crypto.epoch import Keyring
from crypto.head import STEP_S
from crypto.ids import DhKey, EpochId, MemberId
from crypto.relaypass import pass_public
from p2p.errors import RemoteError
from p2p.rekey.events import EpochEvent, KeysDiffer, KeysMissing, TimeWrong
from p2p.rekey.exchanged_keys import ExchangedKeys
from p2p.rekey.mic_gate import TOLD_S
from p2p.rekey.requests import FIRST_S, SETTLE_S, SHARED_FIRST_S, Answering, Asking
from p2p.rekey.sealed_heads import open_heads, seal_heads
from p2p.rekey.shares import share_count
from p2p.rekey.time_witnesses import TimeWitnesses
from p2p.rekey.wrap_keys import RecvKeys
from p2p.rng import Rng
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.room.state.epochs import EpochInfo
from p2p.wire.messages import ASKED_MAX, AskKeys, GiveKeys, HeadSecret


class Giving:
    """What one member asks its neighbours for, and what it gives them.

    Args:
        room: What the members agree on.
        keyring: Where the secrets are.
        rng: Chooses whom to ask; source of the keys by which answers are sealed.
        counts: Of the owner: asked, given, answered, refused, replaced.
        recv: Our receive keys, for which answers are sealed.

    Attributes:
        events: What changed, for the owner to take.
        exchanged: With whom keys were exchanged.
    """

    def __init__(
        self, room: Room, keyring: Keyring, rng: Rng, counts: Counter[str], recv: RecvKeys
    ) -> None:
        self.events: deque[EpochEvent] = deque()
        self.exchanged = ExchangedKeys()
        self._room = room
        self._keyring = keyring
        self._counts = counts
        self._rng = rng
        self._recv = recv
        self._lacking = Asking(rng)
        self._doubting = Asking(rng)
        self._answering = Answering()
        self._times = TimeWitnesses()
        self._told_missing = False

    @property
    def since_s(self) -> float | None:
        """Since when we lack one of the secrets that we lack now; None if we lack nothing."""
        return self._lacking.since_s

    def is_late(self, now: float) -> bool:
        """Whether something was missing for a second, be it one secret after another."""
        late_at_s = self._late_at_s
        return late_at_s is not None and now >= late_at_s

    @property
    def _late_at_s(self) -> float | None:
        since_s = self._lacking.lacking_since_s
        return None if since_s is None else since_s + TOLD_S

    def tell_missing(self, now: float) -> None:
        """Tell our person of secrets that are late, and when they have come."""
        missing = self.is_late(now)
        if missing != self._told_missing:
            self._told_missing = missing
            self.events.append(KeysMissing(missing))

    def observe(self, now: float) -> None:
        """Take note of what we lack, and of what we have reason to doubt."""
        missing, known = self._keyring.missing, self._room.state.epochs
        shared = all(one in known and share_count(known[one]) > 1 for one in missing)
        self._lacking.observe(missing, now, first_s=SHARED_FIRST_S if shared else FIRST_S)
        self._doubting.observe(self._doubted, now)

    @property
    def _doubted(self) -> tuple[EpochId, ...]:
        """What others are asked for although we hold it: some may be of another time."""
        doubted = {*self._keyring.doubted, *self._keyring.ahead}
        if self._keyring.is_out_of_step:
            doubted |= {head for head in self._room.state.heads if self._keyring.knows(head)}
        return tuple(sorted(doubted))

    def next_timer(self, now: float) -> float:
        """When there is something to say or to tell, monotonic seconds; infinity for never."""
        at_s = min(self._lacking.next_timer, self._doubting.next_timer)
        if (late_at_s := self._late_at_s) is not None and late_at_s > now:
            at_s = min(at_s, late_at_s)
        return min(at_s, now + SETTLE_S) if self._answering.pending(now) else at_s

    def questions(
        self, neighbours: Collection[MemberId], now: float
    ) -> list[tuple[MemberId, AskKeys]]:
        """What to ask now, and whom: one who gave what we doubt is not asked again."""
        state = self._room.state
        if not (self._keyring.missing or self._doubted):
            return []
        near = {member for member in neighbours if state.in_roster(member)}
        asked: list[tuple[MemberId, AskKeys]] = []
        if missing := self._keyring.missing[:ASKED_MAX]:
            likely = {state.epochs[epoch].author for epoch in missing}
            asked += [(m, AskKeys(missing)) for m in self._lacking.due(near, likely, now)]
        if doubted := self._doubted[:ASKED_MAX]:
            trial = self._keyring.trial
            others = near - {trial.giver(epoch) for epoch in doubted}
            if self._keyring.is_out_of_step:
                others -= {trial.time_from}
            asked += [(m, AskKeys(doubted)) for m in self._doubting.due(others, (), now)]
        if asked:
            self._counts["asked"] += len(asked)
        return asked

    def take(self, answer: GiveKeys, sender: MemberId, now: float) -> None:
        """Take a neighbour's answer.

        Raises:
            RemoteError: It breaks a rule; nothing has changed.
        """
        if not any(one.was_asked(sender, now) for one in (self._lacking, self._doubting)):
            raise RemoteError("keys that nobody asked for")
        me, witness = self._room.me, self._is_witness(sender)
        if abs(answer.step - self._keyring.step) > 1 and not witness:
            raise RemoteError("keys of another time")
        heads = open_heads(answer.heads, answer.step, sender, me, self._recv.pairs)
        for head in heads:
            epoch = self._room.state.epochs.get(head.epoch_id)
            if epoch is None or pass_public(head.pass_key) != epoch.pass_public:
                raise RemoteError("keys of another room")
        if witness:
            self._times.tell(sender, answer.step - self._keyring.step, now)
            self._judge_time(now)
        if abs(answer.step - self._keyring.step) <= 1:
            before = self._taken
            self._take_heads(heads, answer.step, sender)
            if self._taken != before:
                self.exchanged.note(sender, now)

    @property
    def _taken(self) -> int:
        return self._counts["given"] + self._counts["replaced"]

    def _is_witness(self, member: MemberId) -> bool:
        """Whether its word on the time counts: ours is on trial, and is not from it.

        Nothing else need speak against ours: who lacks the newest key as well opens nothing at all.
        """
        return self._keyring.trial.time_from not in (None, member)

    def _judge_time(self, now: float) -> None:
        """Others say alike that it is another time than we were told: theirs is taken."""
        members = self._room.state.members
        ahead = self._times.verdict(
            lambda one: one in members and members[one].rank <= MODERATOR, now
        )
        if ahead is not None:
            self._keyring.trial.time_from = None
            self.events.append(TimeWrong((self._keyring.step + ahead) * STEP_S + STEP_S / 2))

    def _take_heads(self, heads: Sequence[HeadSecret], step: int, sender: MemberId) -> None:
        for head in heads:
            if head.epoch_id in self._keyring.ahead:
                self._keyring.replace(head.epoch_id, head.secret, step, head.pass_key, giver=sender)
                self._counts["replaced"] += 1
            elif self._keyring.knows(head.epoch_id):
                self._compare(step, head, sender)
            else:
                self._keyring.hold(head.epoch_id, head.secret, step, head.pass_key, giver=sender)
                self._counts["given"] += 1

    def _compare(self, step: int, head: HeadSecret, sender: MemberId) -> None:
        if step != self._keyring.step_of((head.epoch_id,)):
            return
        if self._secret(head.epoch_id) == head.secret:
            return
        self.events.append(KeysDiffer(sender))
        if head.epoch_id in self._keyring.doubted:
            self._keyring.replace(head.epoch_id, head.secret, step, head.pass_key, giver=sender)
            self._counts["replaced"] += 1

    def prove(self, epoch: EpochInfo, secret: bytearray) -> None:
        """Our wrap has come after all: what somebody gave us before is true, or goes.

        Args:
            epoch: Its secret is held, and on trial.
            secret: 32 bytes, as the record commits to them.

        Raises:
            RemoteError: Its step is far from ours; nothing has changed.
        """
        before, giver = self._secret(epoch.id), self._keyring.trial.giver(epoch.id)
        self._keyring.replace(epoch.id, secret, epoch.step)
        if self._secret(epoch.id) != before:
            self._counts["replaced"] += 1
            self.events.append(KeysDiffer(giver or MemberId(b"")))

    def _secret(self, epoch_id: EpochId) -> bytes:
        """What we hold, at the present step."""
        ids = (epoch_id,)
        ((_, secret, _),) = self._keyring.export(self._keyring.step_of(ids), ids)
        return secret

    def take_question(self, sender: MemberId, epochs: tuple[EpochId, ...], now: float) -> None:
        """Take a neighbour's question; raises RemoteError if it may not ask, or not so often."""
        if not self._room.state.in_roster(sender):
            self._counts["refused"] += 1
            raise RemoteError("keys are for the roster")
        if not self._answering.ask(sender, epochs, now):
            raise RemoteError("asks too much")

    def answers(
        self, me: MemberId, known_s: Mapping[EpochId, float], now: float
    ) -> Iterable[tuple[MemberId, GiveKeys]]:
        """Give what can be given to those who wait and are still in the roster.

        Args:
            me: Our member id.
            known_s: Since when we know which epoch.
            now: Monotonic seconds.
        """
        pending = self._answering.pending(now)
        if not pending:
            return
        state = self._room.state
        roster = {member.id: member.recv for member in self._room.roster()}
        ready = {
            epoch
            for epoch in state.heads
            if self._keyring.knows(epoch)
            and epoch not in (*self._keyring.doubted, *self._keyring.ahead)
            and (state.epochs[epoch].author == me or now - known_s[epoch] >= SETTLE_S)
        }
        for member, epochs in pending:
            ids = tuple(sorted(ready.intersection(epochs)))
            if member in roster and not ids:
                continue
            self._answering.answered(member)
            if member in roster:
                with contextlib.suppress(RemoteError):  # a receive key of no use
                    answer = self._answer(me, (member, roster[member]), ids)
                    self.exchanged.note(member, now)
                    yield member, answer

    def _answer(
        self, me: MemberId, taker: tuple[MemberId, DhKey], ids: tuple[EpochId, ...]
    ) -> GiveKeys:
        """For the newest receive key: who copied another key of the asker's can not open it."""
        step = self._keyring.step_of(ids)
        sealed = seal_heads(self._keyring.export(step, ids), step, me, taker, self._rng)
        self._counts["answered"] += 1
        return GiveKeys(step, sealed)
