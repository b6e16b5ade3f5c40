"""How relays are, as sentences."""

from p2p.api.events import RelayChanged, RelayListed
from tui.i18n import mark, tr
from tui.texts.peer_text import peer_text

_LINE_CELLS = 200
_SENTENCES = {
    ("added", ""): mark(
        "The relay {relay} is asked too from now on. Its operator sees your address. Who hears "
        "nobody has to name it as well."
    ),
    ("dropped", ""): mark("The relay {relay} is not asked any more."),
    ("out", "alone"): mark(
        "Whoever runs the room has taken out the relay {relay}, and you use no other: you may hear "
        "nobody, and nobody you, until you name another: `relay LINE`."
    ),
    ("out", "another"): mark(
        "Whoever runs the room has taken out the relay {relay}. You go on through another; `drop "
        "relay N` keeps your address from it."
    ),
    ("out", "open"): mark(
        "Whoever runs the room has taken out the relay {relay}. `drop relay N` keeps your address "
        "from it."
    ),
    ("named", ""): mark(
        "Whoever runs the room trusts the relay {relay}. If you do too (its operator would see "
        "your address): `relay {line}`"
    ),
    ("back", ""): mark("The relay {relay} answers again."),
    ("lost", "alone"): mark(
        "The relay {relay} does not answer any more. Until one answers nobody can come in, and "
        "nobody hears anybody. `relay LINE` names another."
    ),
    ("lost", "another"): mark(
        "The relay {relay} does not answer any more. The room goes on through another relay."
    ),
    ("lost", "open"): mark(
        "The relay {relay} does not answer any more. Nobody can come in through it; links that are "
        "there go on."
    ),
    ("silent", "alone"): mark(
        "The relay {relay} does not answer. Until one answers nobody can come in, and nobody hears "
        "anybody. `relay LINE` names another."
    ),
    ("silent", "another"): mark(
        "The relay {relay} does not answer. The room goes on through another relay."
    ),
    ("silent", "open"): mark(
        "The relay {relay} does not answer. Nobody can come in through it; links that are there go "
        "on."
    ),
}


def relay_sentence(event: RelayChanged) -> str:
    """Return how the relay is, what that means, and what to do."""
    text = _SENTENCES[event.state, event.means]
    relay, line = (peer_text(part, _LINE_CELLS) for part in (event.relay, event.line))
    return tr(text, relay=relay, line=line)


def relay_row(event: RelayListed) -> str:
    """Return one relay of the list: its number, its name, what it does."""
    does = [tr("answers") if event.up else tr("does not answer")] if event.used else []
    does += [] if event.used else [tr("not used by you")]
    does += [tr("the room names it")] if event.named else []
    name = peer_text(event.relay, _LINE_CELLS)
    return tr("relay {n}: {name} ({does})", n=event.n, name=name, does=tr(", ").join(does))
