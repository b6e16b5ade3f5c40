"""What a person asks of the room: translated, carried out, and what belongs to it done as well."""

import time
from collections.abc import Callable, Iterable

from crypto.contact import Contact
from crypto.invite import MAX_CONTACTS, SEED_BYTES, Invite, Ticket, invite_key
from crypto.record import HOUR_S
from p2p.api import commands, events
from p2p.api.commands import HOURS_MAX, USES_MAX
from p2p.errors import UserError
from p2p.node.control.events import VOICE_HELD
from p2p.node.control.key_forms import key_forms
from p2p.node.control.room_commands import all_mutes, member_named, room_command, wants_new_key
from p2p.node.media.media import Sound
from p2p.node.member_numbers import MemberNumbers
from p2p.node.peers.peers import Peers
from p2p.node.relays.own_relays import OwnRelays, relay_name
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.room import commands as room_commands
from p2p.room.ops.ids import NO_MEMBER
from p2p.room.ops.powers import MODERATOR


class CommandHandler:
    """Carries out commands that concern the room.

    Args:
        peers: The others, and what we agree on with them.
        secrets: Ours and the room's.
        sound: The pipeline.
        numbers: Numbers of members.
        relays: Those that our person trusts.
        contacts: Gives what an invite names.
        emit: Takes the answers.
    """

    def __init__(
        self,
        peers: Peers,
        secrets: RoomSecrets,
        sound: Sound,
        numbers: MemberNumbers,
        relays: OwnRelays,
        contacts: Callable[[], Iterable[Contact]],
        emit: Callable[[events.Event], None],
    ) -> None:
        self._room = peers.room
        self._group_key = peers.dispatch.group_key
        self._relay_room = peers.dispatch.relay_room
        self._secrets = secrets
        self._sound = sound
        self._numbers = numbers
        self._relays = relays
        self._contacts = contacts
        self._emit = emit

    def do(self, command: commands.Command) -> None:
        """Carries out one command.

        Raises:
            UserError: It cannot be done, or is not for us to do.
        """
        match command:
            case commands.SetMic(on=on):
                self._set_mic(on)
            case commands.SpeakAnyway():
                self._group_key.speak_anyway()
            case commands.ShowKey():
                self._emit(self.key_forms())
            case commands.MuteAll():
                self._mute_all()
            case commands.NewKey():
                self._group_key.new_key(shut_out=False)
            case commands.MakeInvite(uses=uses, hours=hours):
                self._make_invite(uses, hours)
            case commands.UseRelay(line=line):
                self._use_relay(line)
            case commands.DropRelay(n=n, anyway=anyway):
                self._drop_relay(n, anyway=anyway)
            case commands.Compare(n=n):
                self._group_key.compare(member_named(n, self._numbers))
            case commands.Confirm(n=n, same=same):
                self._group_key.confirm(member_named(n, self._numbers), same=same)
            case (
                commands.RaiseHand()
                | commands.LowerHand()
                | commands.Decline()
                | commands.GoToAudience()
            ):
                self._room.do(command, time.monotonic())
            case _:
                self._ask_room(command)

    def key_forms(self) -> events.KeyShown:
        """The room key in every form."""
        return key_forms(self._secrets.room_key, self._contacts())

    def _ask_room(self, command: commands.Command) -> None:
        room = self._room
        asked = room_command(command, self._numbers, room.myself)
        if asked is None:
            return
        member = room.state.members.get(getattr(asked, "member", NO_MEMBER))
        had_powers = member is not None and member.rank <= MODERATOR
        room.do(asked, time.monotonic())
        if wants_new_key(command, had_powers=had_powers):
            self._group_key.new_key(shut_out=True)

    def _use_relay(self, line: str) -> None:
        added = self._relays.use(line)
        self._relay_room.relay_list.ask(added.dh)
        self._emit(events.RelayChanged(relay_name(added), "added"))

    def _drop_relay(self, n: int, *, anyway: bool) -> None:
        dropped = self._relays.that_may_go(n, self._room.state.carriers, anyway=anyway)
        self._relay_room.relay_list.take_out(dropped, time.monotonic())
        self._relays.drop(dropped)
        self._emit(events.RelayChanged(relay_name(dropped), "dropped"))

    def _mute_all(self) -> None:
        room = self._room
        for mute in all_mutes(room.state, room.myself):
            room.do(mute, time.monotonic())

    def _set_mic(self, on: bool) -> None:
        room = self._room
        if on:
            if (problem := self._sound.missing.get("no_microphone")) is not None:
                raise problem
            room.do(room_commands.TakeFloor(), time.monotonic())
        self._sound.set_mic(on, room.myself.slot if on else None)
        self._relay_room.failover.set_slot(room.myself.slot)
        self._emit(events.MicChanged(on, "asked"))
        if on and (held := self._group_key.held) is not None:
            self._emit(VOICE_HELD[held])

    def _make_invite(self, uses: int, hours: float) -> None:
        if not 0 <= uses <= USES_MAX or not 0 < hours <= HOURS_MAX:
            raise UserError(
                "bad_invite",
                "An invite is for a number of people and of hours.",
                "For instance: invite 1 24",
                exit_code=2,
            )
        seed = system_rng(SEED_BYTES)
        room_s = self._secrets.room_time.at(time.monotonic())
        expires_s = int(room_s + hours * HOUR_S)
        room = self._room
        before = set(room.state.invites)
        room.do(room_commands.MakeInvite(invite_key(seed), uses, expires_s), time.monotonic())
        (made,) = room.state.invites.keys() - before
        forms = self.key_forms()
        contacts = tuple(self._contacts())[:MAX_CONTACTS]
        line = Invite(self._secrets.room_key, contacts, Ticket(seed, made)).to_line()
        self._emit(
            events.KeyShown(forms.words, forms.line, forms.digits, line, uses=uses, hours=hours)
        )
