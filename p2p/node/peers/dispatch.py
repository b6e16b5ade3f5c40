"""What members say to each other, by whatever way: over a link, through a relay, for one alone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crypto.dh import KeyPair
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.dial import Station
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.peers.group_key import GroupKey, KeyHooks
from p2p.node.peers.private_channels import PrivateChannels
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_room import RelayHooks, RelayRoom
from p2p.node.secrets import RoomSecrets
from p2p.rekey.commit import slice_wraps
from p2p.room.room import Room
from p2p.token_bucket import Allowance, Rate
from p2p.wire.codec import Message, pages
from p2p.wire.messages import AskKeys, Carry, GiveKeys, Have, Near, Ops, Wraps
from p2p.wire.relay_messages import EVERYBODY

MESSAGE_RATE = Rate(burst=256.0, per_s=60.0)
HAVE_RATE = Rate(burst=6.0, per_s=0.5)
RATES_MAX = 1024


@dataclass(slots=True)
class _Rates:
    """How much one member may say, over all its ways."""

    messages: Allowance
    have: Allowance


@dataclass(frozen=True, slots=True)
class DispatchHooks:
    """What the owner wants to know.

    Attributes:
        on_change: Something in the room may have changed.
        on_present: Who is attached to our relays has changed.
        on_relay_frame: ``(frame, arrival_s)`` of each frame of a relay: see ``RelayHooks``.
        on_keys: Keys have come: frames that waited for them may open.
        pump: Sends what there is to send.
        send_ops: Sends new operations only.
    """

    on_change: Callable[[], None]
    on_present: Callable[[], None]
    on_relay_frame: Callable[[bytes, float], bool]
    on_keys: Callable[[], None]
    pump: Callable[[], None]
    send_ops: Callable[[], None]


class Dispatch:
    """All that one member says and hears.

    Args:
        station: Ours.
        room: What the members agree on.
        secrets: Ours and the room's.
        relay_links: Our relays.
        work: Where lines run.
        lines: Those of our neighbours, by member; looked at anew each time.
        hooks: The owner's.

    Attributes:
        group_key: The room's key as it changes; None until ``settle``.
        relay_room: Our relays; None until ``settle``.
    """

    def __init__(
        self,
        station: Station,
        room: Room,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
        lines: Callable[[], Mapping[bytes, Line]],
        hooks: DispatchHooks,
    ) -> None:
        self.group_key: GroupKey | None = None
        self.relay_room: RelayRoom | None = None
        self._room = room
        self._secrets = secrets
        self._relay_links = relay_links
        self._work = work
        self._lines = lines
        self._hooks = hooks
        self._private = PrivateChannels(station, secrets, relay_links, work, self._take_private)
        self._rates: dict[bytes, _Rates] = {}

    def settle(self, recv: KeyPair) -> tuple[GroupKey, RelayRoom]:
        """We hold the room's key: we take part in changing it, and may go by relays.

        Args:
            recv: The receive key that our join named.
        """
        hooks = self._hooks
        key_hooks = KeyHooks(self.say, self._keys_came)
        self.group_key = GroupKey(self._room, self._secrets, recv, key_hooks)
        relay_hooks = RelayHooks(self._take_from_afar, hooks.on_relay_frame, hooks.on_present)
        self.relay_room = RelayRoom(
            self._room, self._secrets, self._relay_links, self._work, relay_hooks
        )
        return self.group_key, self.relay_room

    def say(self, to: bytes | None, message: Message) -> None:
        """Sends a message by the best way there is.

        Args:
            to: A member; None for everybody.
            message: Keys go only over lines that end at the member.
        """
        if isinstance(message, Wraps):
            self._spread(message)
            return
        line = None if to is None else self._lines().get(to)
        if line is not None:
            line.send(message)
        elif to is not None and isinstance(message, AskKeys | GiveKeys):
            known = self._room.state.members.get(to)
            if known is not None:
                self._private.say(to, known.dh, message)
        elif self.relay_room is not None:
            self.relay_room.say(message, to or EVERYBODY)

    def take(self, frm: bytes, message: Message, now: float) -> bool:
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
                self._hooks.on_change()
            case Have(ids=ids, first=first, last=last):
                if not rates.have.take(now):
                    raise RemoteError("asks too much")
                for page in pages(self._room.missing(ids, first, last)):
                    self.say(frm, Ops(page))
            case Near(room_time_ms=room_time_ms):
                self._secrets.room_time.hear(room_time_ms / 1000, now)
                return False
            case _:
                return self.group_key is not None and self.group_key.take(message, frm)
        return True

    def serve(self, dh: bytes, line: CarriedLine, first: AskKeys) -> bool:
        """Answers who asks for keys over a line of its own; False if it is no member."""
        asker = [member.id for member in self._room.roster() if member.dh == dh]
        if asker:
            self._private.serve(asker[0], line, first)
        return bool(asker)

    def _rates_of(self, frm: bytes, now: float) -> _Rates:
        rates = self._rates.get(frm)
        if rates is None:
            if len(self._rates) >= RATES_MAX:
                del self._rates[next(iter(self._rates))]
            fresh = _Rates(Allowance(MESSAGE_RATE, now), Allowance(HAVE_RATE, now))
            rates = self._rates[frm] = fresh
        return rates

    def _take_from_afar(self, frm: bytes, message: Message) -> None:
        """What came through a relay, sealed to the room; the relay names the sender."""
        if isinstance(message, AskKeys | GiveKeys | Carry):
            raise RemoteError("not for everybody's eyes")
        self.take(frm, message, time.monotonic())
        self._hooks.pump()

    def _take_private(self, frm: bytes, message: Message) -> None:
        if not isinstance(message, AskKeys | GiveKeys):
            raise RemoteError("not on a line for keys")
        self.take(frm, message, time.monotonic())
        self._hooks.pump()

    def _spread(self, message: Wraps) -> None:
        """Gives every neighbour its wrap, and the relays those of the others."""
        self._hooks.send_ops()  # a wrap is of use once its epoch is known
        epoch = self._room.state.epochs.get(message.epoch_id)
        if epoch is None:
            return
        for member, line in self._lines().items():
            wraps = slice_wraps(message.wraps, epoch.ephemeral, [member])
            if wraps:
                line.send(Wraps(message.epoch_id, wraps))
        if self.relay_room is not None:
            self.relay_room.send_wraps(message)

    def _keys_came(self) -> None:
        self._hooks.on_keys()
        if self.relay_room is not None:
            self.relay_room.retry(time.monotonic())
