"""The room's key as it changes, and words compared by voice: from the cores to lines and screen."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from crypto.dh import KeyPair
from p2p.errors import RemoteError
from p2p.node.secrets import RoomSecrets
from p2p.rekey.epoch_agent import Epochs, NewKey
from p2p.rekey.events import KeysChanged, KeysDiffer, KeysMissing
from p2p.rekey.sas_exchange import (
    Begin,
    CompareFailed,
    CompareReady,
    CompareVerified,
    Comparing,
    Confirm,
)
from p2p.rng import system_rng
from p2p.room.room import Room
from p2p.wire.codec import Message
from p2p.wire.messages import AskKeys, Compare, GiveKeys, Wraps

Outgoing = tuple[bytes | None, Message]
KeyEvent = KeysChanged | KeysMissing | KeysDiffer | CompareReady | CompareVerified | CompareFailed


@dataclass(frozen=True, slots=True)
class KeyHooks:
    """What the owner does for keys.

    Attributes:
        say: Takes ``(member, message)`` to be sent; None for all.
        on_keys: Other keys are held from now on: what waited for them may open.
    """

    say: Callable[[bytes | None, Message], None]
    on_keys: Callable[[], None]


class GroupKey:
    """Epochs and comparisons of one member.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's; we are admitted.
        recv: The receive key that our join named.
        hooks: The owner's.
    """

    def __init__(self, room: Room, secrets: RoomSecrets, recv: KeyPair, hooks: KeyHooks) -> None:
        now = time.monotonic()
        keyring = secrets.the_keyring
        self._hooks = hooks
        self._epochs = Epochs(room, keyring, secrets.identity, system_rng, now, recv)
        self._comparing = Comparing(room, keyring, system_rng)
        self._secrets = secrets
        self._told: list[KeyEvent] = []

    @property
    def verified(self) -> Collection[bytes]:
        """Members whose words we have found to be the same."""
        return self._comparing.verified

    def new_key(self, *, shut_out: bool) -> None:
        """Begins a new key; raises UserError if that is not for us to do."""
        self._epochs.do(NewKey(shut_out), time.monotonic())
        self.pump()

    def compare(self, member: bytes) -> None:
        """Begins to compare words; raises UserError if it cannot be done now."""
        self._comparing.do(Begin(member), time.monotonic())
        self.pump()

    def confirm(self, member: bytes, *, same: bool) -> None:
        """Our person has heard the other's words."""
        self._comparing.do(Confirm(member, same), time.monotonic())
        self.pump()

    def observe(self, here: Collection[bytes], reachable: Collection[bytes]) -> None:
        """Who is here, and whom we can ask over a line that ends there."""
        now = time.monotonic()
        self._epochs.observe_present(here, now)
        self._epochs.observe_neighbours(reachable, now)

    def take(self, message: Message, sender: bytes) -> bool:
        """Takes a message about keys.

        Returns:
            False if it is none.

        Raises:
            RemoteError: It breaks a rule.
        """
        now = time.monotonic()
        if isinstance(message, Wraps | AskKeys | GiveKeys):
            self._epochs.receive(message, sender, now)
        elif isinstance(message, Compare):
            if sender != message.frm:
                raise RemoteError("words of somebody else")
            self._comparing.receive(message, now)
        else:
            return False
        self.pump()
        return True

    def pump(self) -> None:
        """Sends what has to go out, and notes what changed."""
        now = time.monotonic()
        self._secrets.the_keyring.advance(self._secrets.room_time.at(now))
        self._comparing.on_timer(now)
        out: list[Outgoing] = list(self._comparing.to_send(now))
        while more := self._epochs.to_send(now):
            out += more  # wraps come page by page, those of speakers first
        for to, message in out:
            self._hooks.say(to, message)
        while (event := self._next_event()) is not None:
            self._told.append(event)
            if isinstance(event, KeysChanged):
                self._hooks.on_keys()

    def news(self) -> list[KeyEvent]:
        """What changed since the last time."""
        told, self._told = self._told, []
        return told

    def _next_event(self) -> KeyEvent | None:
        return self._epochs.next_event() or self._comparing.next_event()
