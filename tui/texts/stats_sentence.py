"""The numbers of a run as one sentence, for the ``stats`` command."""

from typing import Any

from p2p.api.events import Stats
from tui.i18n import tr
from tui.texts.roster import Roster


def stats_sentence(event: Stats, roster: Roster) -> str:
    """Return one line: own frames, then each speaker, then each link."""
    parts = [tr("{sealed} frames sent", sealed=event.me.get("sealed", 0))]
    parts += [_speaker(speaker, roster) for speaker in event.speakers]
    parts += [_link(link, roster) for link in event.links]
    errors = event.totals.get("socket_errors", 0)
    if errors:
        parts.append(tr("{errors} errors of the network socket", errors=errors))
    return tr("stats: {parts}", parts="; ".join(parts))


def _speaker(speaker: dict[str, Any], roster: Roster) -> str:
    return tr(
        "{name}: {opened} frames heard, {rejected} refused, {concealed} % filled in, {delay} ms",
        name=roster.name(int(speaker.get("n", 0))),
        opened=speaker.get("opened", 0),
        rejected=speaker.get("rejected", 0),
        concealed=_number(speaker.get("concealed_pct")),
        delay=_number(speaker.get("delay_ms")),
    )


def _link(link: dict[str, Any], roster: Roster) -> str:
    return tr(
        "link to {name}: {path}, {rtt} ms, loss {loss} %",
        name=roster.name(int(link.get("n", 0))),
        path=link.get("path", "?"),
        rtt=_number(link.get("rtt_ms")),
        loss=_number(link.get("loss_pct")),
    )


def _number(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "?" if value is None else str(value)
