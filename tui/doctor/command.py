"""``teahouse doctor``: looks at everything a talk needs, within ten seconds; writes nothing."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

from p2p.dht.bootstrap import known_contacts
from p2p.dht.contact import NodeContact
from p2p.link.web.proxy import Proxy
from p2p.process import shut_memory
from tui.config.sources import parse_with_config
from tui.doctor.findings import Finding, as_object, exit_code
from tui.doctor.kept import kept_findings, system_registry
from tui.doctor.machine import clock_finding, memory_findings, terminal_finding, version_finding
from tui.doctor.network import look
from tui.doctor.network_findings import network_findings
from tui.doctor.sound import Listing
from tui.i18n import chosen_language, use_language
from tui.options import proxy_of
from tui.version import version
from tui.windows import with_language

SOUND_LIMIT_S = 6.0
"""From the start; the network is looked at meanwhile."""


def main(argv: Sequence[str]) -> int:
    """Look, and say what was found.

    Args:
        argv: What follows ``doctor`` on the command line.

    Returns:
        0 if nothing hinders a talk; else 3 for the network, 7 for sound, 1 for something else.

    Raises:
        UserError: A line of ``--relay`` or ``--bootstrap`` is no good.
    """
    options = parse_with_config(parser(), argv, os.environ)
    if options.lang:
        use_language(chosen_language(options.lang, with_language(os.environ)))
    known = known_contacts(options.bootstrap, relays=options.relay)
    began_s = time.monotonic()
    listing = Listing()
    findings = _look(
        [NodeContact.parse(line) for line in options.relay],
        known,
        proxy_of(options.proxy, os.environ),
    )
    findings += listing.findings(max(0.0, began_s + SOUND_LIMIT_S - time.monotonic()))
    findings += [clock_finding(), *_memory(), terminal_finding()]
    _say(findings, as_json=options.json)
    code = exit_code(findings)
    if listing.hangs:  # C code that does not return would hold up the end of the program, too
        sys.stdout.flush()
        os._exit(code)
    return code


def _memory() -> list[Finding]:
    core, swap = memory_findings(shut_memory())
    return [core, *(kept_findings(system_registry) if sys.platform == "win32" else [swap])]


def _look(named: Sequence[NodeContact], known: Sequence[NodeContact], proxy: str) -> list[Finding]:
    through = Proxy.parse(proxy) if proxy else None
    return [version_finding(version()), *network_findings(asyncio.run(look(named, known, through)))]


def _say(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        text = json.dumps(as_object(findings), ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = "".join(f"{line}\n" for one in findings for line in one.lines())
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse doctor",
        description="Looks at what a talk needs: network, relays, sound, clock, memory, terminal. "
        "Writes nothing, opens no microphone, shows no address. Takes at most 10 seconds.",
    )
    made.add_argument(
        "--relay",
        action="append",
        default=[],
        metavar="LINE",
        help="a relay to ask, as `teahouse relay` prints it; may be given more than once",
    )
    made.add_argument(
        "--proxy",
        metavar="URL",
        help="as for a room: everything goes through it, else ALL_PROXY or HTTPS_PROXY of the "
        "environment; none: no proxy",
    )
    made.add_argument(
        "--bootstrap",
        action="append",
        default=[],
        metavar="HOST:PORT#KEY",
        help="an entry node to ask; may be given more than once",
    )
    made.add_argument("--json", action="store_true", help="one object and nothing else")
    made.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    return made
