"""What the demo tells a person."""

from collections.abc import Mapping

from tui.demo.child import Event
from tui.i18n import mark, tr

_MIC = {True: mark("{name}: microphone on"), False: mark("{name}: microphone off")}


def sentence_of(name: str, names: Mapping[int, str], event: Event, *, host: str) -> str:
    """Return what an event of one member means; empty if it is not worth a line.

    Args:
        name: The member's.
        names: Whom it knows, by number.
        event: As its program wrote it.
        host: The member that is believed about hands.
    """
    match event["event"]:
        case "joined":
            ms = event["admitted_ms"]
            return tr("{name} is in, via {way}, after {ms} ms", name=name, way=event["via"], ms=ms)
        case "first_sound":
            who = names.get(event["from"], tr("somebody"))
            return tr(
                "{name} hears {who}, {ms} ms after its start", name=name, who=who, ms=event["ms"]
            )
        case "hand" if name == host:
            who, place = names.get(event["n"], tr("somebody")), event["place"]
            return tr("hand: {name}, place {place}", name=who, place=place) if place else ""
        case "mic" if event["why"] == "granted" and not event["on"]:
            return tr("{name} is invited to speak", name=name)
        case "mic":
            return tr(_MIC[bool(event["on"])], name=name)
        case "error":
            return f"{name}: {event['message']}"
        case "left":
            return tr("left: {name}", name=name)
    return ""


def verdict(report: Event) -> str:
    """Return what was counted, in one line."""
    return tr(
        "{members} members, {links} links, {pairs} encrypted streams, {heard} frames heard, "
        "{rejected} rejected: {verdict}",
        members=len(report["members"]),
        links=len(report["links"]),
        pairs=len(report["pairs"]),
        heard=sum(pair["opened"] for pair in report["pairs"]),
        rejected=sum(pair["rejected"] for pair in report["pairs"]),
        verdict=tr("all is well") if report["ok"] else tr("something is wrong"),
    )
