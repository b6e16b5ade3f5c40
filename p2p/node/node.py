"""One member's node: puts the parts together and runs them until it has left the room.

No state lives outside of a ``Node``; several can run in one process.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from audio.capture.mask import LABELS
from crypto.contact import Contact
from crypto.dh import KeyPair
from crypto.genesis import room_id_of
from crypto.invite import Invite
from p2p.api import commands, events
from p2p.api.settings import Settings
from p2p.api.view import RoomView
from p2p.clock import SleepWatch
from p2p.errors import UserError
from p2p.link.work import Work
from p2p.node.control.commands import CommandHandler
from p2p.node.control.events import EventReporter
from p2p.node.control.key_forms import key_forms
from p2p.node.control.local_audio import LocalAudio
from p2p.node.control.member_numbers import ME, MemberNumbers
from p2p.node.control.notices import WayNotices
from p2p.node.control.snapshot import Snapshot
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.advertise import Advertiser
from p2p.node.joining.discovery import sources
from p2p.node.joining.failure import explained
from p2p.node.joining.join import JoinAttempt
from p2p.node.joining.listener import Listener
from p2p.node.joining.rediscovery import Rediscovery
from p2p.node.media.media import Devices, Sound
from p2p.node.media.routing import Routing
from p2p.node.peers.peers import Hooks, Peers
from p2p.node.relays.relay_links import RelayLink, RelayLinks
from p2p.node.relays.trusted import trusted_relays
from p2p.node.secrets import RoomSecrets
from p2p.rekey.commit import first_epoch
from p2p.rng import system_rng
from p2p.room import commands as room_commands
from p2p.room.room import Room
from p2p.room.stage import GONE, Stage

TICK_S = 0.2
STATS_EVERY_S = 5.0
EVENTS_MAX = 4096
WAITING_OUTSIDE = events.Notice(
    "waiting_outside", "You wait outside: a moderator has to let you in."
)


class Node:
    """See the module; made by ``create_room`` and ``join_room``.

    Args:
        settings: What the person chose.
        net: Our socket and DHT.
        secrets: Ours and the room's.
        devices: Microphone and loudspeaker.
        invite: What we were given; None for the room's maker.
    """

    def __init__(
        self,
        settings: Settings,
        net: MemberEndpoint,
        secrets: RoomSecrets,
        devices: Devices,
        invite: Invite | None,
    ) -> None:
        self._settings, self._endpoint, self._secrets = settings, net, secrets
        self._invite = invite
        self._began_s = time.monotonic()
        self._events: asyncio.Queue[events.Event] = asyncio.Queue(EVENTS_MAX)
        self._left: asyncio.Future[events.Left] = asyncio.get_running_loop().create_future()
        self._numbers = MemberNumbers(secrets.identity.member_id)
        self._work = Work()
        self._relays = trusted_relays(settings, net.contacts, invite)
        self._listener = Listener(net, secrets, self._work, hidden=settings.hidden)
        self._relay_links = RelayLinks(
            net.station, self._work, self._listener.carried, self._relay_up, self._alone
        )
        net.station.whereabouts.on_moved = self._moved
        self._routing = Routing()
        self._sound = Sound(
            devices,
            secrets,
            self._routing.links,
            self._complain,
            settings.mask,
            settings.echo,
            afar=self._routing.send_afar,
            number=self._numbers.number,
        )
        self._recv = KeyPair.generate(system_rng)
        self._members: Peers | None = None
        self._commands: CommandHandler | None = None
        self._advertiser: Advertiser | None = None
        self._ways: WayNotices | None = None
        self._local_audio = LocalAudio(self._sound, self._numbers, self._work, self._emit)
        self._local_audio.choose_cues(settings.cues)
        self._reporter = EventReporter(self._numbers, self._emit)
        self._snapshot = Snapshot(settings.mode, self._numbers, net, self._sound, secrets)
        self._sleep = SleepWatch()
        self._stats_s, self._end_s = 0.0, float("inf")
        self._joined = False

    # --- the front end's side -----------------------------------------------------------------

    def do(self, command: commands.Command) -> None:
        """Asks for something; the answer is an event. Before ``Joined`` only Leave works."""
        try:
            self._do(command)
        except UserError as error:
            self._complain(error)

    async def next_event(self) -> events.Event:
        """The next event, the last one being ``Left``."""
        return await self._events.get()

    def view(self) -> RoomView:
        """The room as it is now."""
        return self._snapshot.view(self._members)

    @property
    def port(self) -> int:
        """Our UDP port."""
        return self._endpoint.station.mux.local_port

    def key_forms(self) -> events.KeyShown:
        """The room key in every form."""
        return key_forms(self._secrets.room_key, self._invite_contacts())

    async def run(self) -> None:
        """Enters the room and stays until it is left.

        Raises:
            UserError: We could not get in.
        """
        try:
            async with self._work:
                self._sound.start()
                via = await self._enter_or_leave()
                if via is not None:
                    await self._settle_in(via)
                    await self._live()
                    await self._go()
        finally:
            self._listener.close()
            await self._sound.stop()
            await self._endpoint.close()
        left = self._left.result() if self._left.done() else events.Left("asked", {})
        self._emit(left)

    # --- coming in ------------------------------------------------------------------------------

    async def _enter_or_leave(self) -> events.Via | None:
        """Gets into the room; None if we were told to leave before."""
        entering = asyncio.ensure_future(self._enter())
        try:
            both: list[asyncio.Future[Any]] = [entering, self._left]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return await entering if entering.done() else None
        finally:
            entering.cancel()
            with contextlib.suppress(asyncio.CancelledError, UserError):
                await entering

    async def _enter(self) -> events.Via:
        if not self._settings.hidden:
            self._work.create_task(self._endpoint.dht.start(self._endpoint.contacts))
        if self._invite is None:
            self._members = self._make_members()
            self._secrets.hold(first_epoch(self._members.room, system_rng))
            return "self"
        entry = JoinAttempt(
            self._endpoint.station,
            self._secrets,
            self._relay_links,
            self._make_members,
            hidden=self._settings.hidden,
        )
        try:
            self._members, via = await entry.run(self._sources())
        except UserError as exc:
            raise explained(exc, self._settings, self._endpoint) from exc
        return via

    def _sources(self) -> list[tuple[events.Via, AsyncIterator[Contact]]]:
        invite = self._invite or Invite(self._secrets.room_key)
        return sources(self._settings, self._endpoint, self._secrets.room_key, invite, self._relays)

    def _make_members(self) -> Peers:
        now = time.monotonic()
        creating = self._invite is None
        identity, genesis = self._secrets.identity, self._secrets.genesis
        ticket = None if self._invite is None else self._invite.ticket
        by_invite = {}
        if ticket is not None:
            proof = ticket.prove(room_id_of(genesis), identity.member_id)
            by_invite = {"invite": ticket.invite, "proof": proof}
        room = Room(
            identity,
            genesis,
            self._settings.name,
            now=now,
            topic=self._settings.topic if creating else "",
            recv=self._recv.public,
            **by_invite,
        )
        hooks = Hooks(
            self._tell,
            self._routing.frame,
            self._listener.sealed,
            self._routing.relay_frame,
            self._routing.keys_came,
            self._outside,
        )
        return Peers(
            self._endpoint.station,
            room,
            self._secrets,
            self._relay_links,
            self._work,
            hooks,
            newcomer=not creating,
            hidden=self._settings.hidden,
        )

    async def _settle_in(self, via: events.Via) -> None:
        """Opens our own door, tells others of it, and says that we are in."""
        members, secrets = self._the_members(), self._secrets
        self._routing.settle(members, self._sound)
        group_key, relay_room = members.dispatch.settle(self._recv)
        self._listener.open(members)
        self._advertiser = Advertiser(
            self._settings,
            self._endpoint,
            secrets,
            self._relay_links,
            self._work,
            self._relays,
            members.gone,
        )
        await self._advertiser.begin()
        if self._settings.hidden or self._settings.only not in ("dht", "lan"):
            relay_room.start(self._relays)
        if not self._settings.hidden:
            seeker = Rediscovery(members, self._relay_links, self._sources)
            self._work.create_task(seeker.run())
        self._commands = CommandHandler(
            members,
            group_key,
            relay_room,
            secrets,
            self._sound,
            self._numbers,
            self._invite_contacts,
            self._emit,
        )
        state = members.room.state
        count = len([m for m in state.members.values() if m.stage not in GONE])
        admitted_ms = round((time.monotonic() - self._began_s) * 1000)
        if via == "self":
            self._emit(self.key_forms())
        self._joined = True
        self._emit(events.Joined(ME, members.room.myself.role, count, via, admitted_ms))
        self._ways = WayNotices(
            expects_entry_nodes=self._advertiser.expects_entry_nodes, now=time.monotonic()
        )
        self._tell_ways()
        label = LABELS.get(self._sound.pipeline.treatment.mask)
        if label is not None:
            self._emit(events.Notice("mask", label))
        self._tell()
        now = time.monotonic()
        self._stats_s = now + STATS_EVERY_S
        if self._settings.seconds is not None:
            self._end_s = now + self._settings.seconds

    # --- staying --------------------------------------------------------------------------------

    async def _live(self) -> None:
        members = self._the_members()
        while not self._left.done():
            await asyncio.wait([self._left], timeout=TICK_S)
            now = time.monotonic()
            self._secrets.room_time.slept(self._sleep.slept_s())
            # Also while nobody speaks: only this erases what could open the past.
            self._secrets.the_keyring.advance(self._secrets.room_time.at(now))
            members.tick()
            self._tell()
            self._reporter.tell_sound(self._sound, self._began_s)
            self._local_audio.connection(now, lost=bool(self._snapshot.lost(members)))
            self._tell_ways()
            if now >= self._stats_s:
                self._stats_s = now + STATS_EVERY_S
                self._emit(self._snapshot.stats(members))
            if now >= self._end_s:
                self._leave("time")

    async def _go(self) -> None:
        members = self._the_members()
        self._joined = False
        self._listener.close()
        self._sound.set_mic(False, None)
        left = self._left.result()
        totals = self._snapshot.totals(members)
        if not members.room.is_gone:
            members.room.do(room_commands.Leave(), time.monotonic())
        await members.leave()
        await self._relay_links.close()
        if self._advertiser is not None:
            await self._advertiser.close()
        self._left = asyncio.get_running_loop().create_future()
        self._left.set_result(events.Left(left.why, totals, left.exit_code))

    def _leave(self, why: str, exit_code: int = 0) -> None:
        if not self._left.done():
            self._left.set_result(events.Left(why, {}, exit_code))

    def _tell(self) -> None:
        """Passes on what changed in the room, and lets our microphone follow."""
        members = self._members
        if members is None or not self._joined:
            return
        self._reporter.tell_room(members.room, members.mesh)
        if members.group_key is not None:
            self._reporter.tell_keys(members.group_key.news(), members.room)
        self._routing.follow_room()
        me = members.room.myself
        if me.stage is Stage.REMOVED:
            self._leave("removed", 6)

    def _tell_ways(self) -> None:
        if self._advertiser is not None and self._ways is not None:
            self._snapshot.ways_in = self._advertiser.ways_in()
            for notice in self._ways.news(self._snapshot.ways_in, time.monotonic()):
                self._emit(notice)

    # --- commands -------------------------------------------------------------------------------

    def _do(self, command: commands.Command) -> None:
        if isinstance(command, commands.Leave):
            self._leave(command.why)
            return
        if not self._joined:
            raise UserError("not_joined", "You are not in the room yet.", "Wait for it.")
        members = self._the_members()
        if isinstance(command, commands.AskStats):
            self._emit(self._snapshot.stats(members))
        elif self._local_audio.do(command):
            return
        elif self._commands is not None:
            self._commands.do(command)
        members.pump()
        self._tell()

    # --- what the parts report ------------------------------------------------------------------

    def _relay_up(self, link: RelayLink) -> None:
        if self._advertiser is not None:
            self._advertiser.relay_up(link)

    def _alone(self) -> bool:
        linked = self._members is not None and self._members.neighbours
        return not linked and not self._routing.attached

    def _moved(self) -> None:
        """Our router gave us another address, or we are on another network."""
        self._endpoint.dht.address_changed()
        if self._members is not None:
            self._members.moved()

    def _outside(self) -> None:
        self._emit(WAITING_OUTSIDE)

    def _invite_contacts(self) -> tuple[Contact, ...]:
        return () if self._advertiser is None else self._advertiser.invite_contacts()

    def _complain(self, error: UserError) -> None:
        self._emit(events.ErrorRaised(error.code, error.message, error.hint))

    def _the_members(self) -> Peers:
        if self._members is None:
            raise UserError("not_joined", "You are not in the room yet.")
        return self._members

    def _emit(self, event: events.Event) -> None:
        self._local_audio.heed(event)
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)
