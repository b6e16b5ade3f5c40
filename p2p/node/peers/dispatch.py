"""What members say to each other, by whatever way: over a link, through a relay, for one alone."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from crypto.contact import Contact
from crypto.ids import DhKey, MemberId
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.conversation import Conversation
from p2p.link.line import Line
from p2p.node.inbox import RelayMissed, RelayMoved
from p2p.node.media.routing import Routing
from p2p.node.peers.group_key import GroupKey
from p2p.node.peers.line_proofs import LineProofs
from p2p.node.peers.private_channels import PrivateChannels
from p2p.node.peers.stranded import Stranded
from p2p.node.relays.moved_relays import ASKED_MAX, MovedRelays
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_room import RelayedRoom, Saying
from p2p.node.secrets import RoomSecrets
from p2p.rekey.commit import slice_wraps
from p2p.rng import system_rng
from p2p.room.room import Room
from p2p.token_bucket import Allowance, Rate
from p2p.wire.codec import Message, have_messages, pages
from p2p.wire.messages import (
    Admit,
    AskKeys,
    Carry,
    Fresh,
    GiveKeys,
    Have,
    Join,
    Near,
    Ops,
    Resolve,
    Resolved,
    Wraps,
)
from p2p.wire.relay_messages import EVERYBODY, AskWrap

MESSAGE_RATE = Rate(burst=256.0, per_s=60.0)
HAVE_RATE = Rate(burst=6.0, per_s=0.5)
CARRY_RATE = Rate(burst=60.0, per_s=10.0)
RATES_MAX = 1024
COMPARED_AT_ONCE = 3


@dataclass(slots=True)
class _Rates:
    """How much one member may say, over all its ways."""

    messages: Allowance
    have: Allowance
    carry: Allowance


class HasLine(Protocol):
    """A member that we have a link with."""

    @property
    def line(self) -> Line:
        """The link's line."""
        ...


class Dispatch:
    """All that one member says and hears.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's.
        neighbours: Members that have a link with us; looked at anew each time.
        routing: Told when keys have come.
        private: Channels that end at one member.
        relay_room: Our relays.
        relay_links: Links to them.

    Attributes:
        group_key: The room's key as it changes.
        relay_room: Our relays.
    """

    def __init__(
        self,
        room: Room,
        secrets: RoomSecrets,
        neighbours: Mapping[MemberId, HasLine],
        routing: Routing,
        private: PrivateChannels,
        relay_room: RelayedRoom,
        relay_links: RelayLinks,
    ) -> None:
        self.group_key = GroupKey(room, secrets)
        self.relay_room = relay_room
        self._room = room
        self._secrets = secrets
        self._neighbours = neighbours
        self._routing = routing
        self._private = private
        self._moved = MovedRelays(room, relay_links)
        self._proofs = LineProofs(secrets.identity, room.room_id)
        self._rates: dict[MemberId, _Rates] = {}
        self._stranded = Stranded()

    def say(self, to: MemberId | None, message: Message) -> None:
        """Sends a message by the best way there is.

        Args:
            to: A member; None for everybody.
            message: Keys go only over lines that end at the member.
        """
        if isinstance(message, Wraps):
            self._spread(message)
            return
        if isinstance(message, Fresh):
            self._pass_on(message, None)
            return
        if isinstance(message, AskWrap):
            self.relay_room.ask_wrap(message)
            return
        neighbour = None if to is None else self._neighbours.get(to)
        if neighbour is not None:
            neighbour.line.send(message)
        elif to is not None and isinstance(message, AskKeys | GiveKeys):
            known = self._room.state.members.get(to)
            if known is not None:
                self._private.say(to, known.dh, lambda _line: message)
        else:
            self.relay_room.say(message, to or EVERYBODY)

    def ask_in(self, door: MemberId) -> None:
        """Asks a member to let us in again, over a line that ends at it."""
        known = self._room.state.members.get(door)
        if known is None:
            return

        def wish(line: Conversation) -> Join:
            return self._proofs.join(self._room.join_op, line, known.dh)

        neighbour = self._neighbours.get(door)
        if neighbour is not None:
            neighbour.line.send(wish(neighbour.line))
        else:
            self._private.say(door, known.dh, wish)

    def ask_if_stranded(self, now: float) -> None:
        """Asks some member what happened, if no relay takes the pass that we have."""
        stranded = not self._neighbours and self.relay_room.is_shut_out
        if not self._stranded.is_due(stranded=stranded, now=now):
            return
        self._private.say_to_one_of(
            {one.dh: one.id for one in self._room.roster() if one.id != self._room.me},
            lambda dh, line: self._proofs.join(self._room.join_op, line, dh),
        )

    @property
    def reachable(self) -> set[MemberId]:
        """Whom we can ask over a line that ends there, as far as we know."""
        return {*self._neighbours, *self.relay_room.present, *self._private.told_by}

    def readmit(self, frm: MemberId, join: Join, line: Conversation, now: float) -> None:
        """Lets in again a member that fell out; raises RemoteError if it is not who it says."""
        self._proofs.check_join(join, line)
        self._room.readmit(frm, join.op, self._secrets.room_time.at(now))

    def take(self, frm: MemberId, message: Message, now: float) -> bool:
        """Takes what a member may say by any way.

        Returns:
            False if there is more to do about it.

        Raises:
            RemoteError: It breaks a rule.
        """
        rates = self._rates_of(frm, now)
        if not rates.messages.take(now):
            raise RemoteError("talks too much")
        match message:
            case Ops(ops=ops):
                for op in ops:
                    self._room.receive(op, frm, now)
            case Have(ids=ids, first=first, last=last):
                if not rates.have.take(now):
                    raise RemoteError("asks too much")
                for page in pages(self._room.missing(ids, first, last)):
                    self.say(frm, Ops(page))
            case Fresh():
                if self.group_key.hear(message):
                    self._pass_on(message, frm)
            case Resolve() | Resolved():
                self._take_where(frm, message, rates, now)
            case Join():
                return False  # it counts on its own line only
            case Near(room_time_ms=room_time_ms):
                self.group_key.hear_time(room_time_ms / 1000, frm, now)
                return False
            case _:
                return self.group_key.take(message, frm)
        return True

    def serve(self, dh: DhKey, line: CarriedLine, first: AskKeys) -> bool:
        """Answers who asks for keys over a line of its own; False if it is no member."""
        asker = [member.id for member in self._room.roster() if member.dh == dh]
        if asker:
            self._private.serve(asker[0], line, first)
        return bool(asker)

    def take_sayings(self, sayings: Iterable[Saying], now: float) -> None:
        """Takes what came through relays, sealed to the room."""
        for frm, message in sayings:
            try:
                if isinstance(message, AskKeys | GiveKeys | AskWrap | Carry | Join):
                    raise RemoteError("not for everybody's eyes")
                self.take(frm, message, now)
            except RemoteError:
                self.relay_room.refuse()

    def take_question(self, question: AskWrap) -> None:
        """Takes a question for a wrap that a relay brings.

        Nothing proves whose it is, so it uses up nobody's measure, and nobody is blamed: what
        follows is a wrap for whoever is named, which is of use to nobody else.
        """
        try:
            self.group_key.take(question, question.frm)
        except RemoteError:
            self.relay_room.refuse()

    def take_private(self, frm: MemberId, message: Message, line: Conversation, now: float) -> None:
        """Takes what came over a channel that ends at us; raises RemoteError as ``take`` does."""
        if isinstance(message, Admit):  # we have come in again by it; its keys are of before
            message = Ops(message.ops)
        if not isinstance(message, AskKeys | GiveKeys | Join | Ops):
            raise RemoteError("not on a line for keys")
        self.take(frm, message, now)
        if isinstance(message, Join):
            self.readmit(frm, message, line, now)

    def may_carry(self, frm: MemberId, now: float) -> bool:
        """Whether this member may have us carry one more datagram."""
        return self._rates_of(frm, now).carry.take(now)

    def pump(self, now: float) -> None:
        """Sends what room and keys have to say."""
        self.send_ops(now)
        said = self.group_key.to_send(now)
        for to, message in said:
            self.say(to, message)
        for _, message in said:
            if isinstance(message, Wraps):  # again, when the first relay has all of them
                self.relay_room.send_wraps(message, reserve=True)
        if differ := self.group_key.whom_to_ask(now):
            self._compare(differ)
        if self.group_key.has_new_keys():
            self._routing.keys_came()
            self.relay_room.failover.pass_changed()
            self.take_sayings(self.relay_room.retry(now), now)
        if self.group_key.was_misled(now):
            self.relay_room.make_up(now)
        for member in self.group_key.whom_to_compare_with(now):
            self._compare_with(member)
        self.send_ops(now)

    def _take_where(
        self, frm: MemberId, message: Resolve | Resolved, rates: _Rates, now: float
    ) -> None:
        """Takes a question or a word about where a relay of the room is."""
        if isinstance(message, Resolved):
            if self._moved.take(message, now):
                self._pass_on(message, frm)
            return
        answer = self._moved.answer(message) if rates.have.take(now) else None
        if answer is not None:
            self.say(frm, answer)

    def follow_relay(self, news: RelayMissed | RelayMoved) -> None:
        """Asks members where a relay of the room is now, or tells them."""
        if isinstance(news, RelayMissed):
            self._ask_where(news.relay)
        else:
            self._tell_where(news.relay)

    def _ask_where(self, relay: Contact) -> None:
        question = self._moved.question(relay)
        if question is None:
            return
        for neighbour in [*self._neighbours.values()][:ASKED_MAX]:
            neighbour.line.send(question)
        afar = sorted(
            self.relay_room.present - self._neighbours.keys(), key=lambda _: system_rng(4)
        )
        for member in afar[:ASKED_MAX]:
            self.relay_room.say(question, member)

    def _tell_where(self, relay: Contact) -> None:
        news = self._moved.news(relay)
        if news is None:
            return
        for neighbour in self._neighbours.values():
            neighbour.line.send(news)
        self.relay_room.say(news, every_way=True)  # who hangs on another relay may miss this one

    def _pass_on(self, word: Fresh | Resolved, sender: MemberId | None) -> None:
        """A word goes to all neighbours; what came by a relay is there already."""
        for member, neighbour in self._neighbours.items():
            if member != sender:
                neighbour.line.send(word)
        if sender is None or sender in self._neighbours:
            self.relay_room.say(word)

    def _compare(self, members: Collection[MemberId]) -> None:
        """Holds what we have against what others have, by other ways than before."""
        for neighbour in [*self._neighbours][:COMPARED_AT_ONCE]:
            self._compare_with(neighbour)
        self.relay_room.compare_with([m for m in members if m not in self._neighbours])

    def _compare_with(self, member: MemberId) -> None:
        neighbour = self._neighbours.get(member)
        if neighbour is None:
            self.relay_room.compare_with([member])
            return
        for have in have_messages(self._room.ids()):
            neighbour.line.send(have)

    def send_ops(self, now: float) -> None:
        """Sends new operations only."""
        new = self._room.to_send(now)
        for out in new:
            if out.to is not None:
                self.say(out.to, Ops((out.data,)))
                continue
            for member, neighbour in self._neighbours.items():
                if member != out.but:
                    neighbour.line.send(Ops((out.data,)))
        if new:
            self.relay_room.pass_on((out.data for out in new if out.to is None), now)

    def _rates_of(self, frm: MemberId, now: float) -> _Rates:
        rates = self._rates.get(frm)
        if rates is None:
            if len(self._rates) >= RATES_MAX:
                del self._rates[next(iter(self._rates))]
            kinds = (MESSAGE_RATE, HAVE_RATE, CARRY_RATE)
            rates = self._rates[frm] = _Rates(*(Allowance(rate, now) for rate in kinds))
        return rates

    def _spread(self, message: Wraps) -> None:
        """Gives every neighbour its wrap, and the relays those of the others."""
        self.send_ops(time.monotonic())  # a wrap is of use once its epoch is known
        epoch = self._room.state.epochs.get(message.epoch_id)
        if epoch is None:
            return
        for member, neighbour in self._neighbours.items():
            wraps = slice_wraps(message.wraps, epoch.ephemeral, [member])
            if wraps:
                neighbour.line.send(Wraps(message.epoch_id, wraps))
        self.relay_room.send_wraps(message)
