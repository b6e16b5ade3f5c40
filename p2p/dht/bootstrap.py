"""The nodes to begin with: ``bootstrap_nodes.txt`` and what was given on the command line."""

from collections.abc import Callable, Iterable
from pathlib import Path

from crypto.errors import RemoteError, UserError
from crypto.ids import DhKey
from p2p.dht.contact import NodeContact

FILE_NAME = "bootstrap_nodes.txt"
MAX_CONTACTS = 500
MAX_FILE_BYTES = 256 * 1024
_USAGE = 2
_BAD_RELAY = (
    "bad_relay",
    "The line of the relay can not be right: {reason}.",
    "Copy the whole line that `teahouse relay` printed, or ask for it again.",
)
_BAD_ENTRY_NODE = (
    "bad_bootstrap",
    "The entry node is not written as ip:port#nodekey: {reason}.",
    "Copy the whole line that `teahouse relay` printed there.",
)
_HERE = Path(__file__).resolve()

Mistake = Callable[[str], None]


def _ignore(_: str) -> None:
    pass


def list_path() -> Path | None:
    """Find the list: in the installed package, else in the checkout; None if it is missing."""
    for folder in (_HERE.parents[1], _HERE.parents[2]):
        path = folder / FILE_NAME
        if path.is_file():
            return path
    return None


def parse_list(text: str, on_mistake: Mistake = _ignore) -> list[NodeContact]:
    """Read a list of entry nodes.

    Args:
        text: One ``ip:port#nodekey`` a line; comments, empty lines and any line ends pass.
        on_mistake: Told, for each line that is skipped, its number and what is wrong with it.

    Returns:
        Different nodes in the order of the list, at most 500.
    """
    contacts: dict[DhKey, NodeContact] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        entry = line.split(" #", 1)[0].split("\t#", 1)[0].strip()
        if not entry or entry.startswith("#"):
            continue
        try:
            contact = NodeContact.parse(entry)
        except RemoteError as mistake:
            on_mistake(f"{FILE_NAME}, line {number}: {mistake}")
            continue
        if len(contacts) < MAX_CONTACTS:
            contacts.setdefault(contact.key, contact)
    return list(contacts.values())


def relay_in(line: str) -> NodeContact:
    """Read what a person gave as the line of a relay; raises UserError (``bad_relay``)."""
    return _parsed(line, _BAD_RELAY)


def _parsed(line: str, wrong: tuple[str, str, str]) -> NodeContact:
    try:
        return NodeContact.parse(line)
    except RemoteError as mistake:
        raise UserError(*wrong, _USAGE, reason=str(mistake)) from None


def read_list(path: Path, on_mistake: Mistake = _ignore) -> list[NodeContact]:
    """Read a file of entry nodes.

    Args:
        path: The file; only its first 256 kB count.
        on_mistake: As in :func:`parse_list`; also told when the file can not be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES)
    except OSError:
        on_mistake(f"{FILE_NAME} can not be read")
        return []
    return parse_list(data.decode("utf-8", errors="replace"), on_mistake)


def known_contacts(
    given: Iterable[str], on_mistake: Mistake = _ignore, relays: Iterable[str] = ()
) -> list[NodeContact]:
    """Collect all nodes to begin with.

    Args:
        given: ``ip:port#nodekey`` from ``--bootstrap``.
        on_mistake: Told about bad lines of the file.
        relays: The same from ``--relay``.

    Returns:
        The relays first, then the given ones, then those of the list, without doubles.

    Raises:
        UserError: A line is malformed (``bad_relay`` or ``bad_bootstrap``).
    """
    contacts: dict[DhKey, NodeContact] = {}
    for texts, wrong in ((relays, _BAD_RELAY), (given, _BAD_ENTRY_NODE)):
        for text in texts:
            contact = _parsed(text, wrong)
            contacts.setdefault(contact.key, contact)
    path = list_path()
    for contact in read_list(path, on_mistake) if path else ():
        contacts.setdefault(contact.key, contact)
    return list(contacts.values())
