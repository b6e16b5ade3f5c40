"""Epochs of the room's key: when they begin, how their secrets reach everybody. Sans-IO.

Theory of operation. The room's operations say which epochs there are and which of them nothing has
replaced: the *heads*. This core sees to it that the keyring holds the secrets of all heads, and
turns it to them; it begins epochs when it is our turn (``beginning``), wraps their secrets for our
share of the roster (``sharing``), and asks and answers for what did not arrive (``recovery``)::

    record seen --(our wrap comes)--> held ----(replaced)---> old --(20 s)--> erased
         |                             ^
         +--(0.3 s)--> neighbours asked+

From when a record is seen until its secret is held we seal under the key before, so that nobody
becomes mute by a lost datagram, and after a second under those heads that we hold; but nothing at
all, however long it takes, under a key that somebody holds whom the new one shuts out
(``exposure``), unless our person says so (``mic_gate``).
"""

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.head import SECRET_BYTES
from crypto.ids import EpochId, MemberId
from p2p.errors import RemoteError, UserError
from p2p.rekey.beginning import Beginning
from p2p.rekey.commit import slice_wraps
from p2p.rekey.events import EpochEvent, HeldWhy, Impersonated, KeysChanged
from p2p.rekey.mic_gate import MicGate
from p2p.rekey.records import Records
from p2p.rekey.recovery import Giving
from p2p.rekey.sharing import Sharing
from p2p.rekey.wrap_keys import RecvKeys
from p2p.rng import Rng
from p2p.room.agent.refusals import history_full
from p2p.room.room import Room
from p2p.room.state.epochs import EpochInfo
from p2p.wire.messages import AskKeys, GiveKeys, Wraps
from p2p.wire.relay_messages import AskWrap

POLL_S = 5.0

KeyMessage = Wraps | AskWrap | AskKeys | GiveKeys
Outgoing = tuple[MemberId | None, KeyMessage]


@dataclass(frozen=True, slots=True)
class SpeakAnyway:
    """Our person wants to be heard under a key that somebody who was removed may hold."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """Our person wants a new key; ``shut_out``: because somebody was removed."""

    shut_out: bool = False


class Epochs:
    """The epochs of one member's room.

    Args:
        room: What the members agree on.
        keyring: Where the secrets are.
        members_secret: 32 secret bytes that all members hold: what wraps are bound to.
        rng: Source of secrets.
        now: Monotonic seconds.
        recv: The receive key that our join named; None to publish one now.

    Attributes:
        counts: What happened: made, wrapped, asked_wrap, asked, given, refused.
    """

    def __init__(
        self,
        room: Room,
        keyring: Keyring,
        members_secret: bytes,
        rng: Rng,
        now: float,
        recv: KeyPair | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._room = room
        self._keyring = keyring
        self._now = now
        self._recv = RecvKeys(room.me, room.write_recv, rng, keyring.step, members_secret, recv)
        self._sharing = Sharing(room, keyring, members_secret, self.counts)
        self._beginning = Beginning(room, keyring, self._sharing, rng)
        self._giving = Giving(room, keyring, rng, self.counts, self._recv)
        self._neighbours: frozenset[MemberId] = frozenset()
        self._records = Records()
        self._gate = MicGate()
        self._out: deque[Outgoing] = deque()
        self._follow()

    @property
    def recv_pairs(self) -> tuple[KeyPair, ...]:
        """The keys by which we can be given something, the newest first."""
        return self._recv.pairs

    @property
    def held(self) -> HeldWhy | None:
        """Why nothing that we say is sealed now; None: it is."""
        return self._gate.why

    # --- what others tell us --------------------------------------------------------------------

    def observe_present(self, members: Collection[MemberId], now: float) -> None:
        """Say who is here; until then everybody in the roster counts as here."""
        self._now = max(self._now, now)
        self._beginning.observe_present(members)
        self._sharing.observe_present(members)

    def observe_neighbours(self, members: Collection[MemberId], now: float) -> None:
        """Say whom we can ask over a line that ends at them."""
        self._now = max(self._now, now)
        self._neighbours = frozenset(members) - {self._room.me}

    def observe_words(self, *, unchecked: bool, now: float) -> None:
        """Say whether no moderator's word has come for long: see ``fresh_words``."""
        self._now = max(self._now, now)
        self._gate.unchecked = unchecked

    def do(self, command: NewKey | SpeakAnyway, now: float) -> None:
        """Begin an epoch at once, or seal what we say until the reason not to has gone.

        Raises:
            UserError: We may not, or nothing keeps us from being heard.
        """
        self._now = max(self._now, now)
        if isinstance(command, SpeakAnyway):
            if not self._gate.speak_anyway():
                raise UserError("not_held", "Nothing holds your voice back.")
            self._follow()
            return
        if not self._beginning.is_allowed:
            raise UserError("not_moderator", "Only moderators can make a new room key.")
        if not self._room.takes_epochs:
            raise history_full()
        self._beginning.ask("kick" if command.shut_out else "asked", self._now)
        self._begin_if_due()

    def receive(self, message: KeyMessage, sender: MemberId, now: float) -> None:
        """Take in a message of a neighbour.

        Args:
            message: Of a line that ends at ``sender``.
            sender: A member.
            now: Monotonic seconds.

        Raises:
            RemoteError: It breaks a rule; nothing has changed.
        """
        self._now = max(self._now, now)
        if not self._is_here():
            return
        self._follow()
        if isinstance(message, Wraps):
            self._take_wraps(message.epoch_id, message.wraps)
        elif isinstance(message, AskWrap):
            self._sharing.asked(message, sender, self._now)
        elif isinstance(message, AskKeys):
            self._giving.take_question(sender, message.epochs, self._now)
            self._answer()
        else:
            self._giving.take(message, sender, self._now)
        self._follow()

    # --- time -----------------------------------------------------------------------------------

    def to_send(self, now: float) -> list[Outgoing]:
        """What has to go out: to one member, or with None to all neighbours.

        Each neighbour needs only its own wraps and those of members behind it: ``slice_wraps``.
        Call it again until it gives nothing, sound in between: a new key is wrapped for some
        members at a time.
        """
        self.on_timer(now)
        if (wraps := self._sharing.wraps(self._now)) is not None:
            self._out.append((None, wraps))
        out = list(self._out)
        self._out.clear()
        return out

    def next_timer(self) -> float:
        """When ``on_timer`` wants to be called, monotonic seconds."""
        if self._out or self._sharing.is_wrapping:
            return self._now
        times = [self._now + POLL_S, self._giving.next_timer(self._now), self._sharing.next_timer]
        times.append(self._beginning.next_timer(self._giving.since_s))
        if (recv_at_s := self._recv.next_timer()) is not None:
            times.append(recv_at_s)
        return min(*times, self._gate.next_timer())

    def on_timer(self, now: float) -> None:
        """Follow the room, and do what is due. Also to be called when the room has changed."""
        self._now = max(self._now, now)
        self._follow()
        if not self._is_here():
            return
        self._begin_if_due()
        self._sharing.on_timer(self._now)
        self._recv.on_timer(self._keyring.step, self._now)
        self._out += self._sharing.questions(self._keyring.missing, self._now)
        self._out += self._giving.questions(self._neighbours, self._now)
        self._answer()

    def whom_to_compare_with(self, now: float) -> list[MemberId]:
        """Give those to tell what we hold, as one of us lacked a key that the other has."""
        return self._giving.exchanged.due(now)

    def next_event(self) -> EpochEvent | None:
        """What changed, oldest first; None when all is told."""
        return self._giving.events.popleft() if self._giving.events else None

    # --- following the room ---------------------------------------------------------------------

    def _follow(self) -> None:
        """Turn the keyring to the room's heads, as far as their secrets are here."""
        state = self._room.state
        if not state.heads or not self._is_here():
            return
        for epoch_id, wraps in self._records.observe(state.epochs.keys(), self._now):
            self._open(state.epochs[epoch_id], wraps)
        before = self._keyring.frontier
        self._gate.exposure.observe(state.shut_out, state.removed, before.ids)
        exposed = self._gate.exposure.exposes(before.ids)
        self._keyring.set_heads(state.heads, part=self._takes_part(), shut=exposed)
        self._giving.observe(self._now)
        if self._keyring.frontier != before:
            self._recv.epoch_began(self._keyring.step, len(self._room.roster()), self._now)
            self._giving.events.append(KeysChanged(self._keyring.frontier.ids))
        self._hold_back()
        self._watch_own_name()
        self._giving.tell_missing(self._now)

    def _takes_part(self) -> bool:
        """Whether we go on with those heads that we hold: for a second others did not come."""
        held = [head for head in self._room.state.heads if self._keyring.knows(head)]
        return self._giving.is_late(self._now) and not self._gate.exposure.exposes(held)

    def _hold_back(self) -> None:
        """Seal nothing under what we hold if somebody who was shut out holds it as well.

        Nor what our person says while nobody confirms who is in the room; but other members
        have to hear of us, or nobody would ever be confirmed.
        """
        self._gate.observe(self._keyring.frontier.ids, self._now)
        self._keyring.waiting = self._gate.why == "removed" or bool(self._keyring.ahead)
        if (news := self._gate.news(self._now)) is not None:
            self._giving.events.append(news)

    def _watch_own_name(self) -> None:
        """A receive key in our name that is none of ours: somebody else has our keys."""
        if self._recv.is_forged(self._room.state.members[self._room.me].recv):
            self._giving.events.append(Impersonated())

    # --- beginning epochs -----------------------------------------------------------------------

    def _begin_if_due(self) -> None:
        spoilt = self._gate.exposure.exposes(self._room.state.heads)
        if self._beginning.begin_if_due(self._giving.since_s, self._now, spoilt=spoilt):
            self.counts["made"] += 1
            self._follow()

    def _is_here(self) -> bool:
        return self._room.state.in_roster(self._room.me)

    # --- secrets that come ----------------------------------------------------------------------

    def _take_wraps(self, epoch_id: EpochId, wraps: tuple[bytes, ...]) -> None:
        epoch = self._room.state.epochs.get(epoch_id)
        if epoch is not None:
            self._open(epoch, wraps)
        else:
            self._records.keep(epoch_id, wraps)

    def _open(self, epoch: EpochInfo, wraps: tuple[bytes, ...]) -> None:
        known = self._keyring.knows(epoch.id)
        if known and self._keyring.trial.giver(epoch.id) is None:
            return
        if not slice_wraps(wraps, epoch.ephemeral, [self._room.me]):
            return  # others' wraps, to be passed on
        try:
            secret = self._recv.open(wraps, epoch)
            if known:
                self._giving.prove(epoch, secret)
            else:
                self._keyring.hold(epoch.id, secret, epoch.step)
        except RemoteError:
            self.counts["unopened"] += 1
            return
        self._sharing.take(epoch.id, secret, self._now)
        secret[:] = bytes(SECRET_BYTES)
        self.counts["wrapped"] += 1

    def _answer(self) -> None:
        self._out += self._giving.answers(self._room.me, self._records.known_s, self._now)
