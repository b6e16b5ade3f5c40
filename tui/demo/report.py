"""What the demo counted: built from the members' own events, nothing else."""

from dataclasses import dataclass, field
from typing import Any

from tui.demo.child import Event

ENOUGH_OPENED = 0.97


@dataclass(slots=True)
class MemberLog:
    """Everything one member reported about itself.

    ``joined``, ``first_sound`` and ``left`` are its events as they came; ``links`` is the longest
    list of links seen in its ``stats``, because a link that closes at the end was real too.
    """

    name: str
    names: dict[int, str] = field(default_factory=dict)
    joined: Event | None = None
    first_sound: Event | None = None
    left: Event | None = None
    links: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Notes one event."""
        kind = event.get("event")
        if kind == "member":
            self.names[event["n"]] = event["name"]
        elif kind == "joined":
            self.joined = event
        elif kind == "first_sound":
            self.first_sound = event
        elif kind == "left":
            self.left = event
        elif kind == "stats" and len(event["links"]) >= len(self.links):
            self.links = event["links"]

    def total(self, key: str, other: str) -> int:
        """A per-member total out of ``left``: frames ``sent`` to, ``opened`` or ``rejected``."""
        rows = (self.left or {}).get("totals", {}).get("members", [])
        return sum(int(row[key]) for row in rows if self.names.get(row["n"]) == other)


def build(logs: list[MemberLog], speakers: list[str], hands: list[dict[str, Any]]) -> Event:
    """The demo's one object.

    Args:
        logs: One log per member, names unique.
        speakers: Names of the members that were meant to be heard by all others.
        hands: ``name``, ``raised_ms``, ``granted_ms`` of each hand that went up.
    """
    by_name = {log.name: log for log in logs}
    pairs = [
        {
            "speaker": speaker,
            "listener": log.name,
            "sealed": by_name.get(speaker, MemberLog(speaker)).total("sent", log.name),
            "opened": log.total("opened", speaker),
            "rejected": log.total("rejected", speaker),
        }
        for speaker in speakers
        for log in logs
        if log.name != speaker
    ]
    sizes = sorted(
        {
            int(size)
            for log in logs
            for size in (log.left or {}).get("totals", {}).get("packet_sizes", [])
        }
    )
    report: Event = {
        "schema": 1,
        "ok": False,
        "members": [_member(log) for log in logs],
        "links": _links(logs),
        "pairs": pairs,
        "packet_sizes": sizes,
        "hands": hands,
    }
    report["ok"] = (
        all(log.joined and log.left for log in logs)
        and all(_heard(pair) for pair in pairs)
        and len(sizes) == 1
        and bool(hands)
        and all(hand["granted_ms"] is not None for hand in hands)
    )
    return report


def _heard(pair: dict[str, Any]) -> bool:
    sealed, opened = int(pair["sealed"]), int(pair["opened"])
    return sealed > 0 and opened >= ENOUGH_OPENED * sealed and pair["rejected"] == 0


def _member(log: MemberLog) -> Event:
    joined, sound, left = log.joined or {}, log.first_sound or {}, log.left or {}
    return {
        "name": log.name,
        "role": left.get("totals", {}).get("role", joined.get("role")),
        "via": joined.get("via"),
        "join_ms": joined.get("admitted_ms"),
        "first_sound_ms": sound.get("ms"),
    }


def _links(logs: list[MemberLog]) -> list[Event]:
    found: dict[tuple[str, str], str] = {}
    for log in logs:
        for link in log.links:
            other = log.names.get(link["n"])
            if other is not None and link["path"] != "none":
                a, b = sorted((log.name, other))
                found[a, b] = link["path"]
    return [{"a": a, "b": b, "path": path} for (a, b), path in sorted(found.items())]
