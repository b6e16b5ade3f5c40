"""The room as it is drawn: before we are in it, only our own side; then all of it."""

import time
from typing import Any

from crypto.ids import MemberId
from p2p.api.events import MemberState
from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.link.mux import Mux
from p2p.node.control.events import KEYS_DIFFER
from p2p.node.control.hands import places_here
from p2p.node.control.likenesses import Likenesses
from p2p.node.control.rows import Rows
from p2p.node.media.media import Sound
from p2p.node.media.routing import Routing
from p2p.node.member_numbers import ME, MemberNumbers
from p2p.node.peers.paths import Paths
from p2p.node.peers.peers import Peers
from p2p.node.relays.own_relays import OwnRelays
from p2p.node.secrets import RoomSecrets
from p2p.room.ops.kinds import PROFILES
from p2p.room.room import Room
from p2p.room.stage import GONE, ON_STAGE, Stage
from p2p.room.state.model import Member

SILENCE_DBFS = -96.0
LISTED_S = 180.0
"""So long somebody whom nobody reaches stays in everybody's list."""
NO_LINKS = "Nobody can be reached now: trying again."


class LocalSnapshot:
    """Our own side: devices, microphone, how much passes the socket.

    Args:
        mode: ``open`` or ``shield``.
        sound: The pipeline.
        mux: The socket.
    """

    def __init__(self, mode: str, sound: Sound, mux: Mux) -> None:
        self._mode = mode
        self._pipeline = sound.pipeline
        self._mux = mux
        self._rates_at_s = time.monotonic()
        self._bytes_then = (0, 0)
        self._rates_bps = (0.0, 0.0)

    def view(self, now: float, **room: Any) -> RoomView:
        """What is drawn.

        Args:
            now: Monotonic seconds.
            room: More fields of ``RoomView``, once there is a room.
        """
        pipeline = self._pipeline
        up_bps, down_bps = self._rates(now)
        outside: dict[str, Any] = {
            "topic": "",
            "members": (),
            "locked": False,
            "room_time_s": 0.0,
            "ways_in": (),
            "problem": "",
        }
        return RoomView(
            mic_on=pipeline.mic_on,
            mic_level_dbfs=pipeline.mic_level_dbfs,
            mode=self._mode,
            devices=f"{pipeline.capture_name} / {pipeline.playout_name}",
            mask=pipeline.treatment.mask.value,
            up_bps=up_bps,
            down_bps=down_bps,
            mic=pipeline.capture_name,
            speaker=pipeline.playout_name,
            cues=pipeline.cues,
            echo=pipeline.treatment.echo.value,
            low_delay=pipeline.low_delay,
            **(outside | room),
        )

    def _rates(self, now: float) -> tuple[float, float]:
        counters = self._mux.counters
        passed_s = now - self._rates_at_s
        if passed_s >= 1.0:
            sums = counters["bytes_out"], counters["bytes_in"]
            self._rates_bps = (
                8 * (sums[0] - self._bytes_then[0]) / passed_s,
                8 * (sums[1] - self._bytes_then[1]) / passed_s,
            )
            self._bytes_then, self._rates_at_s = sums, now
        return self._rates_bps


class Snapshot:
    """Reads all parts of a session, changes none.

    Args:
        local: Our own side.
        peers: The others.
        secrets: For room time.
        routing: Knows whose sound can not be opened.
        paths: The ways to members.
        sound: The pipeline.
        numbers: Numbers of members.
        relays: Those that our person trusts.

    Attributes:
        problem: What is wrong with the relays, if anything.
        no_moderator: Nobody who is here can run the room.
    """

    def __init__(
        self,
        local: LocalSnapshot,
        peers: Peers,
        secrets: RoomSecrets,
        routing: Routing,
        paths: Paths,
        sound: Sound,
        numbers: MemberNumbers,
        relays: OwnRelays,
    ) -> None:
        self.problem = ""
        self.no_moderator = False
        self._local = local
        self._peers = peers
        self._secrets = secrets
        self._routing = routing
        self._paths = paths
        self._pipeline = sound.pipeline
        self._numbers = numbers
        self._relays = relays
        self._rows = Rows(numbers)
        self._alike = Likenesses()

    @property
    def _room(self) -> Room:
        return self._peers.room

    def view(self, ways_in: tuple[str, ...]) -> RoomView:
        """The whole room, for drawing.

        Args:
            ways_in: Which ways into the room work now.
        """
        now = time.monotonic()
        state = self._room.state
        return self._local.view(
            now,
            topic=state.topic,
            locked=state.locked,
            members=self._members(now),
            room_time_s=self._secrets.room_time.at(now),
            ways_in=ways_in,
            problem=self._problem(),
            **self._agreed(),
        )

    def _members(self, now: float) -> tuple[MemberView, ...]:
        state, me, pipeline = self._room.state, self._room.me, self._pipeline
        here = self._peers.mesh.here | {me}
        places = places_here(state.queue, here.__contains__)
        levels, speaking = pipeline.levels(), pipeline.speaking()
        changed = self._rows.changed(state.members, here, places)
        changed |= self._alike.look(changed, state.members, here)
        verified = self._peers.dispatch.group_key.verified
        busy = {me, *self._peers.neighbours, *state.live, *state.slots.values(), *verified}

        def make(member: Member) -> MemberView:
            return self._row(member, levels, speaking, places.get(member.id))

        return self._rows.look(changed, busy & state.members.keys(), make, now)

    def _problem(self) -> str:
        """What the person has to know before all else, if anything."""
        if self._secrets.keys_differ:
            return KEYS_DIFFER.code
        return self.problem or self.lost()

    def lost(self) -> str:
        """That nobody can be reached, if so."""
        if self._paths.reaches_anybody():
            return ""
        me = self._room.me
        there = (m for m in self._room.state.members.values() if m.stage not in GONE)
        return NO_LINKS if any(m.id != me for m in there) else ""

    def _agreed(self) -> dict[str, Any]:
        """How the room is run, and under which key."""
        state = self._room.state
        waiting = [
            WaitingView(self._numbers.number(one.member), one.member.hex(), str(one.name))
            for one in state.asking
        ]
        counts = [state.epochs[head].roster_count for head in state.heads]
        return {
            "entry": state.entry,
            "profile": PROFILES[state.profile],
            "waiting": tuple(waiting),
            "held": self._peers.dispatch.group_key.held or "",
            "no_moderator": self.no_moderator,
            "relays": self._relays.listed(state.carriers),
            # Whoever was let in since has it too, and is not counted in the record.
            "key_members": max(min(counts), len(self._room.roster())) if counts else 0,
        }

    def _row(
        self,
        member: Member,
        levels: dict[int, float],
        speaking: set[int],
        place: int | None,
    ) -> MemberView:
        n, pipeline = self._numbers.number(member.id), self._pipeline
        level_dbfs, is_speaking = levels.get(n, SILENCE_DBFS), n in speaking
        if n == ME:
            level_dbfs = pipeline.mic_level_dbfs if pipeline.mic_on else SILENCE_DBFS
            is_speaking = pipeline.mic_on and pipeline.mic_speaking
        raised_s = self._room.hand_since(member.id)
        path = self._paths.to(member.id)
        return MemberView(
            n=n,
            id=member.id.hex(),
            name=str(member.name),
            role=member.role,
            state=self._state(member),
            me=n == ME,
            speaking=is_speaking,
            muted=member.stage is Stage.MUTED,
            invited=member.stage is Stage.INVITED,
            hand_place=place,
            hand_since_s=None if raised_s is None else self._secrets.room_time.at(raised_s),
            level_dbfs=level_dbfs,
            path="self" if n == ME else path.kind,
            rtt_ms=path.rtt_ms,
            loss_pct=path.loss_pct,
            unheard=self._routing.unheard(member.id),
            sends=pipeline.mic_on if n == ME else self._routing.sends(member.id),
            volume_db=pipeline.volume_db(n),
            hushed=pipeline.is_muted(n),
            on_stage=member.stage in ON_STAGE,
            rank=member.rank,
            verified=member.id in self._peers.dispatch.group_key.verified,
            imitates=self._number(self._alike.imitates(member.id)),
            namesake=self._number(self._alike.namesake(member)),
            faded=self._peers.mesh.unseen_s(member.id, time.monotonic()) > LISTED_S,
            invited_by=self._number(member.invited_by),
            let_in_by=tuple(self._numbers.number(door) for door in member.doors),
        )

    def _number(self, member: MemberId | None) -> int | None:
        return None if member is None else self._numbers.number(member)

    def _state(self, member: Member) -> MemberState:
        if member.stage is Stage.LEFT:
            return "left"
        if member.stage is Stage.REMOVED:
            return "removed"
        return "here" if self._is_here(member.id) else "gone"

    def _is_here(self, member: MemberId) -> bool:
        return member == self._room.me or self._peers.mesh.is_here(member)
