"""One member's node: runs what it is made of until it has left the room.

It is ``Joining`` a room, or in a ``Session`` of one. No state lives outside of a ``Node``; several
can run in one process.
"""

import asyncio
import contextlib
import time
from typing import Any

from audio.capture.mask import LABELS
from crypto.invite import Invite
from p2p.api import commands, events
from p2p.api.settings import Settings
from p2p.api.view import RoomView
from p2p.clock import BEAT_S, to_beat
from p2p.errors import UserError
from p2p.link.work import Work
from p2p.node.control.key_forms import key_forms
from p2p.node.control.local_audio import LocalAudio
from p2p.node.control.snapshot import LocalSnapshot
from p2p.node.control.traced import trace_event
from p2p.node.endpoint import MemberEndpoint
from p2p.node.equipment import Equipment
from p2p.node.inbox import KeptOutside
from p2p.node.joining.join import Entered
from p2p.node.joining.joining import Joining
from p2p.node.joining.local_network import open_lan_door
from p2p.node.media.devices import Devices
from p2p.node.media.media import Sound
from p2p.node.member_numbers import ME, MemberNumbers
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.trusted import TrustedRelays
from p2p.node.secrets import Credentials, NewRoom
from p2p.node.session import BY_PROXY, WAITING_OUTSIDE, Session
from p2p.room.stage import GONE

EVENTS_MAX = 4096


class Node:
    """See the module; made by ``create_room`` and ``join_room``.

    Args:
        settings: What the person chose.
        endpoint: Our socket and DHT.
        credentials: Our keys and the room's.
        devices: Microphone and loudspeaker.
        goal: What we were given; or a new room.
        relays: Those that the person trusts.

    Attributes:
        state: What it is now.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: MemberEndpoint,
        credentials: Credentials,
        devices: Devices,
        goal: Invite | NewRoom,
        relays: TrustedRelays,
    ) -> None:
        self._events: asyncio.Queue[events.Event] = asyncio.Queue(EVENTS_MAX)
        self._left: asyncio.Future[events.Left] = asyncio.get_running_loop().create_future()
        work = Work()
        self._ours = ours = Equipment(
            settings,
            endpoint,
            credentials,
            work,
            RelayLinks(endpoint, work, relays.places),
            relays.contacts,
            Sound(devices, self._payload, self._complain, settings.mask, settings.echo),
            MemberNumbers(credentials.identity.member_id),
        )
        self._local_audio = LocalAudio(ours.sound, ours.numbers, work, self.emit)
        self._local_audio.choose_cues(settings.cues)
        self._local = LocalSnapshot(settings.mode, ours.sound, endpoint.station.mux)
        self.state: Joining | Session = Joining(ours, goal)

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
        if isinstance(self.state, Session):
            return self.state.view()
        return self._local.view(time.monotonic())

    @property
    def port(self) -> int:
        """Our UDP port."""
        return self._ours.endpoint.station.mux.local_port

    def key_forms(self) -> events.KeyShown:
        """The room key in every form."""
        if isinstance(self.state, Session):
            return self.state.key_forms()
        return key_forms(self._ours.credentials.room_key, ())

    async def run(self) -> None:
        """Enters the room and stays until it is left.

        Raises:
            UserError: We could not get in.
        """
        left = None
        try:
            async with self._ours.work:
                self._ours.sound.start()
                if isinstance(self.state, Joining):
                    entered = await self._enter_or_leave(self.state)
                    if entered is not None:
                        left = await self._stay(self.state, entered)
        finally:
            self._ours.endpoint.close_door()
            await self._ours.sound.stop()
            await self._ours.endpoint.close()
        if left is None:
            left = self._left.result() if self._left.done() else events.Left("asked", {})
        self.emit(left)

    # --- coming in ------------------------------------------------------------------------------

    async def _enter_or_leave(self, joining: Joining) -> Entered | None:
        """Gets into the room; None if we were told to leave before."""
        entering = asyncio.ensure_future(joining.run())
        heeding = asyncio.ensure_future(self._heed_outside())
        try:
            both: list[asyncio.Future[Any]] = [entering, self._left]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return await entering if entering.done() else None
        finally:
            entering.cancel()
            heeding.cancel()
            with contextlib.suppress(asyncio.CancelledError, UserError):
                await entering

    async def _heed_outside(self) -> None:
        """While we come in: there is no session yet that any other item concerns."""
        told = False  # several doors may say so
        while True:
            for item in await self._ours.endpoint.inbox.take():
                if isinstance(item, KeptOutside) and not told:
                    told = True
                    self.emit(WAITING_OUTSIDE)

    async def _settle_in(self, joining: Joining, entered: Entered) -> Session:
        """Opens our own door, tells others of it, and says that we are in."""
        ours, room = self._ours, entered.room
        lan = await open_lan_door(ours.settings, ours.endpoint, entered.secrets)
        session = Session(ours, entered, lan, self._local_audio, self, joining.began_s)
        session.start(entered, joining.sources)
        self.state = session
        count = len([m for m in room.state.members.values() if m.stage not in GONE])
        admitted_ms = round((time.monotonic() - joining.began_s) * 1000)
        if entered.via == "self":
            self.emit(session.key_forms())
        self.emit(events.Joined(ME, room.myself.role, count, entered.via, admitted_ms))
        session.tell_ways()
        if ours.settings.proxy:
            self.emit(BY_PROXY)
        label = LABELS.get(ours.sound.pipeline.treatment.mask)
        if label is not None:
            self.emit(events.Notice("mask", label))
        session.tell()
        if ours.settings.seconds is not None:
            asyncio.get_running_loop().call_later(ours.settings.seconds, self.leave, "time")
        return session

    # --- staying --------------------------------------------------------------------------------

    async def _stay(self, joining: Joining, entered: Entered) -> events.Left:
        """Is in the room until it is left; says how that came."""
        session = await self._settle_in(joining, entered)
        taking = self._ours.work.create_task(session.run())
        while not self._left.done():
            beat_s = to_beat(time.monotonic(), BEAT_S / 2)
            await asyncio.wait([self._left], timeout=beat_s)
            session.tick()
        taking.cancel()
        left, totals = self._left.result(), session.reports.stats.totals()
        await session.close()
        return events.Left(left.why, totals, left.exit_code)

    def leave(self, why: str, exit_code: int = 0) -> None:
        """The room is to be left, if it is not being left already."""
        if not self._left.done():
            self._left.set_result(events.Left(why, {}, exit_code))

    def _do(self, command: commands.Command) -> None:
        if isinstance(command, commands.Leave):
            self.leave(command.why)
        elif not isinstance(self.state, Session) or self._left.done():
            raise UserError("not_joined", "You are not in the room yet.", "Wait for it.")
        elif isinstance(command, commands.OwnSound):
            self._local_audio.do(command)
        else:
            self.state.do(command)

    # --- what the parts report ------------------------------------------------------------------

    def emit(self, event: events.Event) -> None:
        """Takes an event for the front end; the oldest gives way where nobody reads."""
        trace_event(event)
        self._local_audio.heed(event, time.monotonic())
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)

    def _payload(self, payload: bytes) -> None:
        """Sound of ours, from the audio thread."""
        if isinstance(self.state, Session):
            self.state.sender.send(payload)

    def _complain(self, error: UserError) -> None:
        self.emit(events.ErrorRaised.of(error))
