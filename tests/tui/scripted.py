"""A node that follows a script: what the front end is driven with in tests and previews."""

import asyncio
import dataclasses
from collections.abc import Callable

from p2p import commands as ask
from p2p import events as told
from p2p.errors import UserError
from p2p.settings import Settings
from p2p.view import MemberView, RoomView
from tui.nodelike import NodeLike

WORDS = "amber otter violin maple river lamp stone cloud seven garden early paper winter tea dance"
KEY = told.KeyShown(
    words=WORDS,
    line="7K3QM-0XW4P-9TZRB-2HJ6D-V8N1C-YE5GA-4F7",
    digits="48213 90571 33864 12095 77420 65138 20946 81357 49602 71834",
    invite="TEAHOUSE:"
    + "7K3QM0XW4P9TZRB2HJ6DV8N1CYE5GA4F7ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWX2A",
)


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
            case ask.SetLock(locked):
                self.now = dataclasses.replace(self.now, locked=locked)
            case _:
                pass

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
        self.node = self._make()
        return self.node
