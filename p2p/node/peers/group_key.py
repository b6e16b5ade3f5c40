"""The room's key as it changes, and words compared by voice: from the cores to lines and screen."""

import time
from collections import Counter
from collections.abc import Collection

from crypto.ids import MemberId
from p2p.errors import RemoteError
from p2p.node.secrets import RoomSecrets
from p2p.rekey.epoch_agent import Epochs, NewKey, SpeakAnyway
from p2p.rekey.events import EpochEvent, HeldWhy, KeysChanged, KeysMissing, TimeWrong
from p2p.rekey.fresh_words import FreshWords
from p2p.rekey.sas_exchange import (
    Begin,
    CompareAsked,
    CompareFailed,
    CompareReady,
    CompareVerified,
    Comparing,
    Confirm,
)
from p2p.rekey.told_time import ToldTime
from p2p.rng import system_rng
from p2p.room.room import Room
from p2p.wire.codec import Message
from p2p.wire.messages import AskKeys, Compare, Fresh, GiveKeys, Wraps
from p2p.wire.relay_messages import AskWrap

MAKE_UP_EVERY_S = 2.0

Outgoing = tuple[MemberId | None, Message]
CompareEvent = CompareAsked | CompareReady | CompareVerified | CompareFailed
KeyEvent = EpochEvent | CompareEvent


class GroupKey:
    """Epochs and comparisons of one member.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's.
    """

    def __init__(self, room: Room, secrets: RoomSecrets) -> None:
        now = time.monotonic()
        keyring = secrets.keyring
        self._epochs = Epochs(
            room, keyring, secrets.members_secret, system_rng, now, secrets.recv[0]
        )
        self._comparing = Comparing(room, keyring, system_rng)
        self._words = FreshWords(room, secrets.identity, now)
        self._secrets = secrets
        self._room = room
        self._told_time = ToldTime(keyring.trial.time_from)
        self._told: list[KeyEvent] = []
        self._new_keys = False
        self._mended = self._made_up = 0
        self._made_up_s = -MAKE_UP_EVERY_S

    @property
    def counts(self) -> Counter[str]:
        """What happened to keys, by reason."""
        return self._epochs.counts

    @property
    def verified(self) -> Collection[MemberId]:
        """Members whose words we have found to be the same."""
        return self._comparing.verified

    @property
    def held(self) -> HeldWhy | None:
        """Why nothing that we say is sealed now; None: it is."""
        return self._epochs.held

    def speak_anyway(self) -> None:
        """Our person wants to be heard; raises UserError if nothing is in its way."""
        self._epochs.do(SpeakAnyway(), time.monotonic())

    def new_key(self, *, shut_out: bool) -> None:
        """Begins a new key; raises UserError if that is not for us to do."""
        self._epochs.do(NewKey(shut_out), time.monotonic())

    def compare(self, member: MemberId) -> None:
        """Begins to compare words; raises UserError if it cannot be done now."""
        self._comparing.do(Begin(member), time.monotonic())

    def confirm(self, member: MemberId, *, same: bool) -> None:
        """Our person has heard the other's words."""
        self._comparing.do(Confirm(member, same), time.monotonic())

    def observe(self, here: Collection[MemberId], reachable: Collection[MemberId]) -> None:
        """Who is here, and whom we can ask over a line that ends there."""
        now = time.monotonic()
        self._epochs.observe_present(here, now)
        self._epochs.observe_neighbours(reachable, now)
        self._words.observe(here, now)

    @property
    def unchecked(self) -> bool:
        """For 30 s nobody has confirmed what we know, though somebody here should."""
        return self._words.is_unchecked(time.monotonic())

    def word(self) -> Fresh | None:
        """A moderator's word on the room as it is now, to be shown to newcomers."""
        now = time.monotonic()
        return self._words.to_show(self._secrets.room_time.at(now), now)

    def hear(self, word: Fresh) -> bool:
        """Takes a moderator's word; whether others may lack it. Raises RemoteError if forged."""
        now = time.monotonic()
        return self._words.receive(word, self._secrets.room_time.at(now), now)

    def hear_time(self, room_s: float, frm: MemberId, now: float) -> None:
        """Takes what a member says the time is."""
        room_time, members = self._secrets.room_time, self._room.state.members
        by_s = self._told_time.tell(
            frm,
            room_s - room_time.at(now),
            now,
            moderates=frm in members and members[frm].moderates,
        )
        if by_s is None:
            room_time.hear(room_s, now)
            return
        self._mended += 1
        room_time.put_forward(by_s)
        self._secrets.keyring.correct(room_time.at(now))

    def whom_to_ask(self, now: float) -> list[MemberId]:
        """Whose words differ from what we know, when it is time to compare; else nobody."""
        return self._words.whom_to_ask(now)

    def whom_to_compare_with(self, now: float) -> list[MemberId]:
        """Those with whom we exchanged keys: one of us could not read what the other said."""
        return self._epochs.whom_to_compare_with(now)

    def take(self, message: Message, sender: MemberId) -> bool:
        """Takes a message about keys.

        Returns:
            False if it is none.

        Raises:
            RemoteError: It breaks a rule.
        """
        now = time.monotonic()
        if isinstance(message, Wraps | AskWrap | AskKeys | GiveKeys):
            self._epochs.receive(message, sender, now)
            self._note(now)  # the next answer is held against our time as it is then
        elif isinstance(message, Compare):
            if sender != message.frm:
                raise RemoteError("words of somebody else")
            self._comparing.receive(message, now)
        else:
            return False
        return True

    def to_send(self, now: float) -> list[Outgoing]:
        """What has to go out now, in order; None as the member: to all."""
        self._secrets.keyring.advance(self._secrets.room_time.at(now))
        self._comparing.on_timer(now)
        self._epochs.observe_words(unchecked=self._words.is_unchecked(now), now=now)
        out: list[Outgoing] = list(self._comparing.to_send(now))
        word = self._words.to_say(self._secrets.room_time.at(now), now)
        if word is not None:
            out.append((None, word))
        while more := self._epochs.to_send(now):
            out += more  # wraps come page by page, those of speakers first
        self._secrets.recv = self._epochs.recv_pairs
        self._secrets.frames.held = self._epochs.held is not None
        return out

    def has_new_keys(self) -> bool:
        """Notes what changed; whether other keys are held: what waited for them may open."""
        self._note(time.monotonic())
        new, self._new_keys = self._new_keys, False
        return new

    def was_misled(self, now: float) -> bool:
        """Whether a late key has come, or a false one or the time was put right: asked once each.

        What was said before is lost. Who lies to us again and again has us say so now and then.
        """
        mended = self._mended + self._epochs.counts["replaced"]
        if mended == self._made_up or now < self._made_up_s + MAKE_UP_EVERY_S:
            return False
        self._made_up, self._made_up_s = mended, now
        return True

    def _note(self, now: float) -> None:
        while (event := self._epochs.next_event() or self._comparing.next_event()) is not None:
            self._told.append(event)
            self._new_keys |= isinstance(event, KeysChanged)
            self._mended += isinstance(event, TimeWrong) or event == KeysMissing(on=False)
            if isinstance(event, TimeWrong):
                self._secrets.room_time.correct(event.room_s, now)
                self._secrets.keyring.correct(event.room_s)

    def news(self) -> list[KeyEvent]:
        """What changed since the last time."""
        told, self._told = self._told, []
        return told
