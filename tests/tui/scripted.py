"""A node that follows a script: what the front end is driven with in tests and previews."""

import asyncio
import dataclasses
from collections.abc import Callable

from p2p.api import commands as ask
from p2p.api import events as told
from p2p.api.settings import Settings, no_relay
from p2p.api.view import MemberView, RoomView, WaitingView
from p2p.errors import UserError
from tui.nodelike import NodeLike

WORDS = "amber otter violin maple river lamp stone cloud seven garden early paper winter tea dance"
KEY = told.KeyShown(
    words=WORDS,
    line="7K3QM-0XW4P-9TZRB-2HJ6D-V8N1C-YE5GA-4F7",
    digits="48213 90571 33864 12095 77420 65138 20946 81357 49602 71834",
    invite="TEAHOUSE:"
    + "7K3QM0XW4P9TZRB2HJ6DV8N1CYE5GA4F7ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWX2A",
)

PERSONAL = KEY.invite[:-2] + "9Z"


def member(n: int, name: str, role: str = "listener", **changes: object) -> MemberView:
    fields: dict[str, object] = {
        "n": n,
        "id": f"{n:032x}",
        "name": name,
        "role": role,
        "state": "here",
        "me": False,
        "speaking": False,
        "muted": False,
        "invited": False,
        "hand_place": None,
        "hand_since_s": None,
        "level_dbfs": -96.0,
        "path": "direct",
        "rtt_ms": 38.0,
        "loss_pct": 0.0,
        "unheard": False,
        "sends": True,
        "on_stage": role != "listener",
        "rank": {"host": 0, "co-host": 1, "moderator": 2}.get(role, 4),
    }
    return MemberView(**(fields | changes))  # type: ignore[arg-type]


def room(*members: MemberView, **changes: object) -> RoomView:
    fields: dict[str, object] = {
        "topic": "tea-house",
        "members": members,
        "mic_on": False,
        "mic_level_dbfs": -96.0,
        "mode": "open",
        "locked": False,
        "room_time_s": 3862.0,
        "devices": "USB Headset",
        "ways_in": ("lan", "invite"),
        "problem": "",
        "mask": "off",
        "up_bps": 40_000.0,
        "down_bps": 128_000.0,
    }
    return RoomView(**(fields | changes))  # type: ignore[arg-type]


def full_room(me_role: str = "listener") -> RoomView:
    """The room of the pictures: four on stage, three hands, eight in the audience."""
    return room(
        member(1, "王小明", "host", speaking=True, level_dbfs=-16.0),
        member(2, "ئايگۈل", "speaker", speaking=True, level_dbfs=-34.0, rtt_ms=21.0),
        member(3, "dolma", "speaker", muted=True, path="lan", rtt_ms=2.0),
        member(4, "kenji", "speaker", path="direct", rtt_ms=310.0, loss_pct=9.0),
        member(5, "amina", me_role, me=True, path="self", rtt_ms=None, loss_pct=None),
        member(6, "lau", hand_place=1, hand_since_s=3732.0),
        member(7, "陳美玲", hand_place=2, hand_since_s=3818.0, invited=True),
        member(8, "guest-7", hand_place=3, hand_since_s=3857.0),
        member(9, "omar"),
        member(10, "sofia", path="ipv6"),
        member(11, "བསྟན་འཛིན"),
        member(12, "guest-3", state="gone"),
    )


def run_room(me_role: str = "host", **changes: object) -> RoomView:
    """A room with all ranks, somebody who imitates a name, and two who wait outside."""
    inside = {one.n: one for one in full_room(me_role).members}
    ranks = {"host": 0, "co-host": 1, "moderator": 2, "speaker": 4, "listener": 4}
    moved = {
        1: {"role": "host", "rank": 0} if me_role != "host" else {"role": "co-host", "rank": 1},
        2: {"verified": True},
        3: {"role": "moderator", "rank": 3},
        4: {"role": "moderator", "rank": 2, "path": "relay"},
        5: {"rank": ranks[me_role]},
        9: {"role": "moderator", "rank": 2, "on_stage": False, "verified": True},
        10: {"invited_by": 6},
        11: {"invited_by": 10},
    }
    for n, change in moved.items():
        inside[n] = dataclasses.replace(inside[n], **change)  # type: ignore[arg-type]
    imitator = member(13, "Iau", imitates=6, invited_by=11)
    outside = (
        WaitingView(14, f"{14:032x}", "sofiа", imitates=10),
        WaitingView(15, f"{15:032x}", "小李"),
    )
    fields = {"entry": "ask", "waiting": outside, "key_members": 13} | changes
    return room(*inside.values(), imitator, **fields)


class ScriptedNode:
    """Answers commands as a node would, with the least behind it.

    Args:
        view: The room at the start; ``me`` is in it.
        opening: Events that come before anything is asked.
    """

    def __init__(self, view: RoomView | None = None, opening: list[told.Event] | None = None):
        self.now = view or full_room()
        self.asked: list[ask.Command] = []
        self._events: asyncio.Queue[told.Event] = asyncio.Queue()
        self._ended = asyncio.Event()
        for event in opening if opening is not None else [self.joined()]:
            self._events.put_nowait(event)

    def joined(self, via: str = "dht") -> told.Joined:
        me = next(one for one in self.now.members if one.me)
        return told.Joined(me.n, me.role, len(self.now.members), via, 812)  # type: ignore[arg-type]

    def tell(self, event: told.Event) -> None:
        self._events.put_nowait(event)

    def change(self, n: int, **changes: object) -> None:
        members = tuple(
            dataclasses.replace(one, **changes) if one.n == n else one for one in self.now.members
        )
        self.now = dataclasses.replace(self.now, members=members)

    def do(self, command: ask.Command) -> None:
        self.asked.append(command)
        me = next(one for one in self.now.members if one.me)
        match command:
            case ask.Leave(why):
                self.tell(told.Left(why, {"sealed": 0}))
                self._ended.set()
            case ask.SetMic(on) if me.role == "listener":
                self.tell(told.ErrorRaised("not_on_stage", "You are in the audience.", "`hand`"))
            case ask.SetMic(on):
                self.now = dataclasses.replace(self.now, mic_on=on, mic_level_dbfs=-20.0)
                self.tell(told.MicChanged(on, "asked"))
            case ask.RaiseHand():
                self.change(me.n, hand_place=4, hand_since_s=self.now.room_time_s)
                self.tell(told.HandChanged(me.n, 4))
            case ask.LowerHand():
                self.change(me.n, hand_place=None)
                self.tell(told.HandChanged(me.n, None))
            case ask.ShowKey():
                self.tell(KEY)
            case ask.AskStats():
                self.tell(told.Stats({"sealed": 1, "mic": False}, [], []))
            case ask.UseDevice(kind, name):
                self.now = dataclasses.replace(self.now, **{kind: name})
                self.tell(told.DeviceChanged(kind, name))
            case ask.SetVolume(n, db):
                self.change(n, volume_db=db)
                self.tell(told.VolumeChanged(n, db, False))
            case ask.SetHushed(n, hushed):
                self.change(n, hushed=hushed)
                self.tell(told.VolumeChanged(n, 0.0, hushed))
            case ask.SetCues(cues):
                self.now = dataclasses.replace(self.now, cues=cues)
                self.tell(told.CuesChanged(cues))
            case ask.SetEcho(mode):
                self.now = dataclasses.replace(self.now, echo=mode)
                self.tell(told.EchoChanged(mode))
            case ask.SetLowDelay(on):
                self.now = dataclasses.replace(self.now, low_delay=on)
                self.tell(told.DelayChanged(on))
            case ask.SetLock(locked):
                self.now = dataclasses.replace(self.now, locked=locked)
                value = "on" if locked else "off"
                self.tell(told.SettingChanged("lock", value, me.n))
            case ask.SetEntry(mode):
                self.now = dataclasses.replace(self.now, entry=mode)
                self.tell(told.SettingChanged("entry", mode, me.n))
            case ask.SetProfile(profile):
                self.now = dataclasses.replace(self.now, profile=profile)
                self.tell(told.SettingChanged("profile", profile, me.n))
            case ask.Remove(new_key=True):
                self.new_key("kick")
            case ask.Promote(n, role):
                rank = {"co-host": 1, "moderator": 2 if me.rank < 2 else 3, "speaker": 4}[role]
                self.change(n, rank=rank, role=self._role(n, rank))
                self.tell_member(n, by=me.n)
            case ask.HandOn(n):
                self.do(ask.Promote(n, "co-host" if me.rank == 0 else "moderator"))
                self.asked.pop()
            case ask.Let(n, on):
                one = next(one for one in self.now.waiting if one.n == n)
                rest = tuple(other for other in self.now.waiting if other.n != n)
                self.now = dataclasses.replace(self.now, waiting=rest)
                self.tell(told.Waiting(n, one.id, one.name, False))
                if on:
                    members = (*self.now.members, member(n, one.name))
                    self.now = dataclasses.replace(self.now, members=members)
                    self.tell_member(n)
            case ask.NewKey():
                self.new_key("asked")
            case ask.MakeInvite(uses, hours):
                self.tell(dataclasses.replace(KEY, invite=PERSONAL, uses=uses, hours=hours))
            case ask.Compare(n):
                self.tell(told.Words(n, "K7QD3M", ("river", "lamp", "tea"), "ready"))
            case ask.Confirm(n, same):
                self.change(n, verified=same)
                self.tell(told.Words(n, "", (), "verified" if same else "differ"))
            case _:
                pass

    def new_key(self, why: str) -> None:
        here = sum(one.state in ("here", "gone") for one in self.now.members)
        self.now = dataclasses.replace(self.now, key_members=here)
        self.tell(told.RoomKeyChanged(why, here))  # type: ignore[arg-type]

    def tell_member(self, n: int, by: int | None = None) -> None:
        one = next(one for one in self.now.members if one.n == n)
        who = (one.n, one.id, one.name, one.role, one.state)
        self.tell(told.MemberChanged(*who, by, one.on_stage))

    def _role(self, n: int, rank: int) -> str:
        if rank < 4:
            return "co-host" if rank == 1 else "moderator"
        one = next(one for one in self.now.members if one.n == n)
        return "speaker" if one.on_stage else "listener"

    async def next_event(self) -> told.Event:
        return await self._events.get()

    def view(self) -> RoomView:
        return self.now

    async def run(self) -> None:
        await self._ended.wait()


class ScriptedBackend:
    """Hands out one scripted node; remembers what was asked of it."""

    def __init__(self, node: Callable[[], ScriptedNode] = ScriptedNode):
        self._make = node
        self.node: ScriptedNode | None = None
        self.settings: Settings | None = None
        self.keys: list[str] = []
        self.failure: Exception | None = None

    def parse_key(self, text: str) -> object:
        self.keys.append(text)
        if "violin" not in text:
            raise UserError(
                "bad_key", "Word {n} is not in the list.", "Did you mean violin?", 4, n=7
            )
        return text

    async def create(self, settings: Settings) -> NodeLike:
        node = await self.join(settings, None)
        self.node.tell(KEY)  # type: ignore[union-attr]
        return node

    async def join(self, settings: Settings, invite: object) -> NodeLike:
        self.settings = settings
        if self.failure:
            raise self.failure
        if settings.mode == "shield" and not settings.relays:
            raise no_relay()
        self.node = self._make()
        return self.node
