"""The room as a picture and in numbers: what is drawn, what ``stats`` and ``left`` report."""

import time
from typing import Any

from p2p.api import events
from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.node.control.member_numbers import ME, MemberNumbers
from p2p.node.endpoint import MemberEndpoint
from p2p.node.media.media import Sound
from p2p.node.media.routing import PROFILES
from p2p.node.peers.peers import Peers
from p2p.node.secrets import RoomSecrets
from p2p.room.stage import ON_STAGE, Stage
from p2p.room.state.evaluate import Member

SILENCE_DBFS = -96.0
NO_LINKS = "Nobody can be reached now: trying again."
KEYS_DIFFER = (
    "Someone here hands out other room keys. If you hear nobody soon, leave and join again."
)
BAD_OPS = ("forged", "wrong_room", "oversized", "malformed", "version", "flood", "full")


class Snapshot:
    """Reads all parts of a node, changes none.

    Args:
        mode: ``open`` or ``shield``.
        numbers: Numbers of members.
        net: Socket and DHT.
        sound: The pipeline.
        secrets: For room time and frame counts.
    """

    def __init__(
        self,
        mode: str,
        numbers: MemberNumbers,
        net: MemberEndpoint,
        sound: Sound,
        secrets: RoomSecrets,
    ) -> None:
        self._mode = mode
        self._numbers = numbers
        self._endpoint = net
        self._sound = sound
        self._secrets = secrets
        self._rates_at_s = time.monotonic()
        self._bytes_then = (0, 0)
        self._rates_bps = (0.0, 0.0)
        self.ways_in: tuple[str, ...] = ()
        self.problem = ""

    def view(self, members: Peers | None) -> RoomView:
        """The whole room, for drawing."""
        pipeline = self._sound.pipeline
        now = time.monotonic()
        rows: tuple[MemberView, ...] = ()
        topic, locked, room_s = "", False, 0.0
        if members is not None:
            state = members.room.state
            topic, locked = state.topic, state.locked
            room_s = self._secrets.room_time.at(now)
            levels, speaking = pipeline.levels(), pipeline.speaking()
            rows = tuple(
                self._row(members, member, levels, speaking) for member in state.members.values()
            )
        up_bps, down_bps = self._rates(now)
        return RoomView(
            topic=topic,
            members=tuple(sorted(rows, key=lambda row: row.n)),
            mic_on=pipeline.mic_on,
            mic_level_dbfs=pipeline.mic_level_dbfs,
            mode=self._mode,
            locked=locked,
            room_time_s=room_s,
            devices=f"{pipeline.capture_name} / {pipeline.playout_name}",
            ways_in=self.ways_in,
            problem=self.problem or self.trouble(members),
            mask=pipeline.treatment.mask.value,
            up_bps=up_bps,
            down_bps=down_bps,
            mic=pipeline.capture_name,
            speaker=pipeline.playout_name,
            cues=pipeline.cues,
            echo=pipeline.treatment.echo.value,
            low_delay=pipeline.low_delay,
            **({} if members is None else self._agreed(members)),
        )

    def _agreed(self, members: Peers) -> dict[str, Any]:
        """How the room is run, and under which key."""
        state = members.room.state
        waiting = [
            WaitingView(self._numbers.number(one.member), one.member.hex(), str(one.name))
            for one in state.asking
        ]
        counts = [state.epochs[head].roster_count for head in state.heads]
        return {
            "entry": state.entry,
            "profile": PROFILES[state.profile],
            "waiting": tuple(waiting),
            "no_moderator": state.no_moderator,
            # Whoever was let in since has it too, and is not counted in the record.
            "key_members": max(min(counts), len(members.room.roster())) if counts else 0,
        }

    def stats(self, members: Peers) -> events.Stats:
        """The numbers of ``stats``, totals since joining."""
        speakers = []
        for member in members.room.state.members:
            heard = self._heard(member)
            if heard is None or not heard.opened + heard.rejected:
                continue
            n = self._numbers.number(member)
            row: dict[str, Any] = {"n": n, "opened": heard.opened, "rejected": heard.rejected}
            stats = self._sound.pipeline.speaker_stats(n)
            row["concealed_pct"] = round(stats["concealed_pct"], 2)
            row["delay_ms"] = round(stats["delay_ms"])
            row["level_dbfs"] = round(stats["level_dbfs"], 1)
            speakers.append(row)
        linked = [*members.neighbours, *self._afar(members)]
        links = [self._link(members, member) for member in linked]
        sealed = 0 if self._secrets.stage is None else self._secrets.stage.sealed
        return events.Stats(
            me={"sealed": sealed, "mic": self._sound.pipeline.mic_on},
            speakers=speakers,
            links=links,
            totals=self.totals(members),
        )

    def totals(self, members: Peers) -> dict[str, Any]:
        """Everything that was counted in this run."""
        rows = []
        for member in members.room.state.members:
            heard = self._heard(member)
            if member == members.room.me or heard is None:
                continue
            rows.append(
                {
                    "n": self._numbers.number(member),
                    "sent": self._sound.sent[member],
                    "opened": heard.opened,
                    "rejected": heard.rejected,
                }
            )
        mux = self._endpoint.station.mux
        return {
            "role": members.room.myself.role,
            "sealed": 0 if self._secrets.stage is None else self._secrets.stage.sealed,
            "members": rows,
            "packet_sizes": sorted(mux.media_sizes),
            "dropped_ops": sum(members.room.counts[reason] for reason in BAD_OPS),
        }

    def _row(
        self, members: Peers, member: Member, levels: dict[int, float], speaking: set[int]
    ) -> MemberView:
        n = self._numbers.number(member.id)
        me = n == ME
        pipeline = self._sound.pipeline
        level_dbfs = levels.get(n, SILENCE_DBFS)
        is_speaking = n in speaking
        if me:
            level_dbfs = pipeline.mic_level_dbfs if pipeline.mic_on else SILENCE_DBFS
            is_speaking = pipeline.mic_on and pipeline.mic_speaking
        raised_s = members.room.hand_since(member.id)
        path, rtt_ms, loss_pct = self._way(members, member.id)
        return MemberView(
            n=n,
            id=member.id.hex(),
            name=str(member.name),
            role=member.role,
            state=self._state(members, member),
            me=me,
            speaking=is_speaking,
            muted=member.stage is Stage.MUTED,
            invited=member.stage is Stage.INVITED,
            hand_place=members.room.state.place_of(member.id),
            hand_since_s=None if raised_s is None else self._secrets.room_time.at(raised_s),
            level_dbfs=level_dbfs,
            path="self" if me else path,
            rtt_ms=rtt_ms,
            loss_pct=loss_pct,
            unheard=self._sound.unheard(member.id),
            volume_db=pipeline.volume_db(n),
            hushed=pipeline.is_muted(n),
            on_stage=member.stage in ON_STAGE,
            rank=member.rank,
            verified=members.group_key is not None and member.id in members.group_key.verified,
            imitates=None if member.imitates is None else self._numbers.number(member.imitates),
            invited_by=None
            if member.invited_by is None
            else self._numbers.number(member.invited_by),
        )

    def _way(self, members: Peers, member: bytes) -> tuple[str, float | None, float | None]:
        """By what way a member is reached, its round trip, and what we miss of its sound."""
        loss_pct = self._sound.loss_pct(member)
        neighbour = members.neighbours.get(member)
        if neighbour is not None:
            link = neighbour.line.link
            return link.path, link.rtt_ms, link.loss_pct if loss_pct is None else loss_pct
        relay_room = members.relay_room
        if relay_room is not None and member in relay_room.present:
            return "relay", relay_room.rtt_ms, loss_pct
        return "none", None, None

    def _state(self, members: Peers, member: Member) -> events.MemberState:
        if member.stage is Stage.LEFT:
            return "left"
        if member.stage is Stage.REMOVED:
            return "removed"
        here = member.id == members.room.me or members.mesh.is_here(member.id)
        return "here" if here else "gone"

    def _heard(self, member: bytes) -> Any:
        return None if self._secrets.stage is None else self._secrets.stage.heard(member)

    def _link(self, members: Peers, member: bytes) -> dict[str, Any]:
        path, rtt_ms, loss_pct = self._way(members, member)
        return {
            "n": self._numbers.number(member),
            "path": path,
            "rtt_ms": None if rtt_ms is None else round(rtt_ms, 1),
            "loss_pct": round(loss_pct or 0.0, 1),
        }

    def _afar(self, members: Peers) -> list[bytes]:
        """Members that only a relay connects us with."""
        if members.relay_room is None:
            return []
        known = members.room.state.members
        afar = members.relay_room.present - members.neighbours.keys()
        return sorted(member for member in afar if member in known)

    def trouble(self, members: Peers | None) -> str:
        """What is wrong with the room as a whole, or nothing."""
        return KEYS_DIFFER if self._secrets.keys_differ else self.lost(members)

    def lost(self, members: Peers | None) -> str:
        """That nobody can be reached, if so."""
        if members is None or members.neighbours or self._afar(members):
            return ""
        others = [m for m in members.room.state.members.values() if m.id != members.room.me]
        alone = all(m.stage in (Stage.LEFT, Stage.REMOVED) for m in others)
        return "" if alone else NO_LINKS

    def _rates(self, now: float) -> tuple[float, float]:
        counters = self._endpoint.station.mux.counters
        passed_s = now - self._rates_at_s
        if passed_s >= 1.0:
            sums = counters["bytes_out"], counters["bytes_in"]
            self._rates_bps = (
                8 * (sums[0] - self._bytes_then[0]) / passed_s,
                8 * (sums[1] - self._bytes_then[1]) / passed_s,
            )
            self._bytes_then, self._rates_at_s = sums, now
        return self._rates_bps
