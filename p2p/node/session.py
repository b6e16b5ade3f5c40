"""A room whose key we hold: what the parts of a member in it are, and what happens when.

Everything from outside comes through one inbox (``p2p.node.inbox``), item by item, to ``take``.
Frames do not: a link gives them straight to ``p2p.node.media.routing``.
"""

import asyncio
import contextlib
import time
from typing import Protocol

from p2p.api import commands, events
from p2p.api.view import RoomView
from p2p.clock import SleepWatch
from p2p.dht.lan import LanDoor
from p2p.errors import RemoteError
from p2p.node.control.commands import CommandHandler
from p2p.node.control.counted import Counted
from p2p.node.control.events import EventReporter
from p2p.node.control.local_audio import LocalAudio
from p2p.node.control.moderators import ModeratorWatch
from p2p.node.control.relay_watch import Reachability
from p2p.node.control.reports import Reports
from p2p.node.control.snapshot import LocalSnapshot, Snapshot
from p2p.node.control.stats import StatsReader
from p2p.node.equipment import Equipment
from p2p.node.inbox import (
    CarriedLineUp,
    FirstRelayChanged,
    FloorCame,
    Foreign,
    FromChannel,
    FromNeighbour,
    GossipCame,
    Item,
    KeptOutside,
    LineUp,
    Moved,
    NeighbourGone,
    Own,
    PresenceChanged,
    RelayDeaf,
    RelayMissed,
    RelayMoved,
    RelayUp,
    RoomChanged,
    WrapAsked,
    WrapsCame,
)
from p2p.node.joining.advertise import Advertiser
from p2p.node.joining.join import Entered
from p2p.node.joining.listener import Listener
from p2p.node.joining.rediscovery import MakeSources, Rediscovery
from p2p.node.media.routing import Routing
from p2p.node.peers.glare import Dials
from p2p.node.peers.listener_line import ListenerLine
from p2p.node.peers.paths import Paths
from p2p.node.peers.peers import Peers
from p2p.node.peers.sender import FrameSender
from p2p.node.relays.own_relays import OwnRelays
from p2p.room import commands as room_commands
from p2p.room.stage import Stage
from p2p.trace import trace
from p2p.wire.messages import Wraps
from p2p.wire.relay_messages import EVERYBODY

WAITING_OUTSIDE = events.Notice("waiting_outside")
MESSAGES_TAKEN_OUT = events.Notice("messages_taken_out")
CLOCK_WRONG = events.Notice("clock_wrong")
BY_PROXY = events.Notice("by_proxy")


class FrontEnd(Protocol):
    """What a session tells."""

    def emit(self, event: events.Event) -> None:
        """Takes an event for the person."""
        ...

    def leave(self, why: str, exit_code: int = 0) -> None:
        """The room is to be left: we are in it no more."""
        ...


class Session:
    """The state of a node that is in a room.

    Args:
        ours: What we had before.
        entered: The room and its secrets.
        lan: Answers beacons on the local network, if we may and can.
        local_audio: What the person hears of changes.
        front: Told of everything.
        began_s: When we began to come in, monotonic seconds.

    Attributes:
        secrets: Ours and the room's.
        peers: The others.
        routing: Takes their frames.
        sender: Sends ours.
        reports: What is told, drawn and counted.
    """

    def __init__(
        self,
        ours: Equipment,
        entered: Entered,
        lan: LanDoor | None,
        local_audio: LocalAudio,
        front: FrontEnd,
        began_s: float,
    ) -> None:
        room, secrets, hidden = entered.room, entered.secrets, ours.settings.hidden
        self._ours = ours
        self._front = front
        self._sleep = SleepWatch()
        self.secrets = secrets
        self.routing = Routing(room, secrets, ours.sound.pipeline, ours.numbers)
        dials = Dials(secrets.identity.dh)
        self._listener = Listener(ours.endpoint, secrets, room, ours.work, dials, hidden=hidden)
        self.peers = Peers(
            room,
            secrets,
            ours.endpoint,
            ours.relay_links,
            ours.work,
            self.routing,
            self._listener.door,
            dials,
            hidden=hidden,
            newcomer=entered.via != "self",
        )
        self.sender = FrameSender(self.peers, secrets, ours.sound)
        pipeline = ours.sound.pipeline
        self._line = ListenerLine(self.peers, pipeline, ours.numbers, time.monotonic())
        self._advertiser = Advertiser(
            ours.settings,
            ours.endpoint,
            secrets,
            ours.relay_links,
            ours.work,
            ours.relays,
            self.peers.gone,
            lambda: 1 + len(self.peers.neighbours),
            lan,
        )
        own_relays = OwnRelays(
            ours.relays,
            ours.relay_links,
            self.peers.dispatch.relay_room.failover,
            hidden=hidden,
        )
        self._commands = CommandHandler(
            self.peers,
            secrets,
            ours.sound,
            ours.numbers,
            own_relays,
            self._advertiser.invite_contacts,
            front.emit,
        )
        self.reports = self._make_reports(local_audio, own_relays, began_s)

    def _make_reports(
        self, local_audio: LocalAudio, own_relays: OwnRelays, began_s: float
    ) -> Reports:
        ours, peers, secrets = self._ours, self.peers, self.secrets
        sound, numbers, mux = ours.sound, ours.numbers, ours.endpoint.station.mux
        paths = Paths(peers, self.routing)
        counted = Counted(ours, peers, secrets, self._listener.door)
        local = LocalSnapshot(ours.settings.mode, sound, mux)
        return Reports(
            peers,
            EventReporter(numbers, self._front.emit),
            Snapshot(local, peers, secrets, self.routing, paths, sound, numbers, own_relays),
            StatsReader(peers.room, secrets, self.sender, paths, sound, mux, numbers, counted),
            Reachability(
                ours.relay_links,
                expects_entry_nodes=self._advertiser.expects_entry_nodes,
                expects_mainline=self._advertiser.expects_mainline,
                hidden=ours.settings.hidden,
                now=time.monotonic(),
            ),
            ModeratorWatch(numbers),
            local_audio,
            self._front.emit,
            began_s,
        )

    def start(self, entered: Entered, make_sources: MakeSources) -> None:
        """Opens our door, tells others of it, and goes on with the links that we came in by.

        Args:
            entered: As given before.
            make_sources: Ways to find members again, as for a newcomer.
        """
        ours = self._ours
        self._listener.open()
        self._advertiser.begin()
        relay_room = self.peers.dispatch.relay_room
        if ours.settings.hidden or ours.settings.only not in ("dht", "lan"):
            relay_room.start(ours.relays)
        if not ours.settings.hidden:
            seeker = Rediscovery(self.peers, ours.relay_links, make_sources)
            ours.work.create_task(seeker.run())
        if entered.word is not None:
            with contextlib.suppress(RemoteError):  # the last door that was left may have lied
                self.peers.dispatch.group_key.hear(entered.word)
        for link in entered.links:
            self.peers.add(*link)
        self._send()

    # --- what comes -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Takes what comes, in order, until cancelled.

        A peer must not be able to end the room by tripping a bug: what fails is counted.
        """
        work = self._ours.work
        while True:
            for item in await self._ours.endpoint.inbox.take():
                try:
                    self.take(item)
                except Exception as exc:
                    work.note_failure(exc)
                    if isinstance(item, Foreign):
                        work.create_task(item.source.close())
            try:
                self.follow()
            except Exception as exc:
                work.note_failure(exc)
            await asyncio.sleep(0)

    def take(self, item: Item) -> None:
        """Takes one item; what breaks a rule is held against where it came from."""
        trace("item", kind=type(item).__name__)
        try:
            self._take(item, time.monotonic())
        except RemoteError as exc:
            if isinstance(item, Foreign):
                item.source.breach(str(exc))

    def _take(self, item: Item, now: float) -> None:
        dispatch = self.peers.dispatch
        match item:
            case FromNeighbour():
                self.peers.take(item, now)
            case FromChannel(member=member, message=message, source=line):
                dispatch.take_private(member, message, line, now)
            case GossipCame(frm=frm, to=to, blob=blob):
                dispatch.take_sayings(dispatch.relay_room.open_gossip(frm, to, blob, now), now)
            case FloorCame(ops=ops):
                dispatch.relay_room.take_floor(ops, now)
            case WrapsCame(epoch=epoch, wraps=wraps):
                dispatch.take(EVERYBODY, Wraps(epoch, tuple(wraps)), now)
            case WrapAsked(question=question):
                dispatch.take_question(question)
            case _:
                self._notice(item)

    def _notice(self, item: Own) -> None:
        """Takes what our own program has noticed."""
        work = self._ours.work
        match item:
            case NeighbourGone():
                self.peers.link_ended(item)
            case PresenceChanged():
                self.peers.attached_changed()
            case FirstRelayChanged():
                self.peers.dispatch.relay_room.first_changed(time.monotonic())
                self.peers.attached_changed()
            case RelayUp(relay=relay):
                self._advertiser.relay_up(relay)
            case RelayMissed() | RelayMoved():
                self.peers.dispatch.follow_relay(item)
            case RelayDeaf():
                self._front.emit(MESSAGES_TAKEN_OUT)
            case LineUp(line=line, dh=dh):
                work.create_task(self.peers.let_in(line, dh))
            case CarriedLineUp(line=carried, dh=dh):
                work.create_task(self.peers.let_in_through(carried, dh))
            case Moved():
                self.peers.moved()
            case KeptOutside():
                self._front.emit(WAITING_OUTSIDE)
            case RoomChanged():
                pass  # as after every item, all parts follow

    def follow(self) -> None:
        """Sends what follows from what came, and lets sound and front end follow the room."""
        try:
            self._send()
        finally:
            self.tell()

    def _send(self) -> None:
        now = time.monotonic()
        self.peers.dispatch.pump(now)
        self.peers.follow_room(now)

    def tell(self) -> None:
        """Lets our sound follow, and passes on what changed in the room."""
        self.routing.follow_room()  # first: whoever was removed is heard no more, whatever fails
        self.reports.tell_changes()
        self.sender.follow_room()
        if self.peers.room.myself.stage is Stage.REMOVED:
            self._front.leave("removed", 6)
        elif (why := self.peers.coming_back.why_not(time.monotonic())) is not None:
            self._front.leave(why, 6)

    # --- time and the person --------------------------------------------------------------------

    def tick(self) -> None:
        """Five times a second."""
        now = time.monotonic()
        self.secrets.room_time.slept(self._sleep.slept_s())
        # Also while nobody speaks: only this erases what could open the past.
        self.secrets.keyring.advance(self.secrets.room_time.at(now))
        self._ours.relay_links.observe_others(linked=bool(self.peers.neighbours))
        self.peers.tick()
        self.follow()
        self.reports.tick(self._advertiser.ways_in(), now)
        if self._ours.endpoint.dht.time.turns_wrong():
            self._front.emit(CLOCK_WRONG)
        self._line.tick(now)
        self.reports.tell_line(now, out=self.sender.shape.is_narrow, inward=self._line.is_narrow)

    def do(self, command: commands.Command) -> None:
        """Carries out a command that concerns the room; raises UserError if it can not be done."""
        if isinstance(command, commands.AskStats):
            self._front.emit(self.reports.stats.stats())
        else:
            self._commands.do(command)
        self.follow()

    def view(self) -> RoomView:
        """The room as it is now."""
        return self.reports.snapshot.view(self._advertiser.ways_in())

    def key_forms(self) -> events.KeyShown:
        """The room key in every form."""
        return self._commands.key_forms()

    def tell_ways(self) -> None:
        """Says which ways into the room work."""
        self.reports.tell_ways(self._advertiser.ways_in(), time.monotonic())

    async def close(self) -> None:
        """Says goodbye to all, and takes back what made us known."""
        self._listener.close()
        self._ours.sound.set_mic(False, None)
        if not self.peers.room.is_gone:
            self.peers.room.do(room_commands.Leave(), time.monotonic())
        self._send()
        await self.peers.leave()
        await self._ours.relay_links.close()
        await self._advertiser.close()
