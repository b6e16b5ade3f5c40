"""How relays are, as sentences."""

from p2p.api.events import RelayChanged
from tui.i18n import mark, tr
from tui.texts.peer_text import peer_text

_LINE_CELLS = 200
_SENTENCES = {
    ("added", ""): mark(
        "The relay {relay} is asked too from now on. Its operator sees your address. Who hears "
        "nobody has to name it as well."
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
