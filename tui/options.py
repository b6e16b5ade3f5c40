"""The command line of ``create`` and ``join``."""

import argparse
import math
import os
from collections.abc import Mapping, Sequence

from p2p.api.settings import ECHOES, MASKS, MODES, WAYS, Settings
from p2p.dht.mainline.entry_points import PUBLIC
from p2p.errors import UserError
from p2p.log import LEVELS
from tui.i18n import tr

DEFAULT_MODE = "shield"


def room_parser(command: str, *, joins: bool) -> argparse.ArgumentParser:
    """Return the parser for ``create`` or ``join``."""
    about = "Enter a room." if joins else "Open a new room and show its key."
    parser = argparse.ArgumentParser(prog=f"teahouse {command}", description=about)
    if joins:
        parser.add_argument(
            "key",
            nargs="*",
            help="the room key; better leave it out and type it when asked, "
            "or give `-` to read it from standard input",
        )
        parser.add_argument("--key-file", metavar="FILE", help="read the room key from FILE")
    else:
        parser.add_argument("--topic", default="", help="what the room is about")
    parser.add_argument("--name", default="", help="your name in the room")
    _add_network(parser)
    _add_sound(parser)
    _add_log(parser)
    parser.add_argument(
        "--ctl",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="let `teahouse ctl` on this machine open and close the microphone",
    )
    parser.add_argument(
        "--notify",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="let the terminal tell the desktop when a hand is up, somebody waits outside or you "
        "are invited to speak; without names",
    )
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="leave N s after joining")
    parser.add_argument("--plain", action="store_true", help="lines instead of a screen")
    parser.add_argument("--json", action="store_true", help="with --plain: one JSON object a line")
    parser.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    parser.add_argument(
        "--meter-hz", type=_meter_hz, metavar="HZ", help="how often meters move, 0 to 20"
    )
    return parser


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen", type=host_port, metavar="HOST:PORT", help="address of the UDP socket"
    )
    parser.add_argument(
        "--bootstrap",
        action="append",
        default=[],
        metavar="HOST:PORT#KEY",
        help="an entry node, as `teahouse relay` prints it; may be given more than once",
    )
    parser.add_argument(
        "--relay",
        action="append",
        default=[],
        metavar="LINE",
        help="a relay to send sound through, as `teahouse relay` prints it: HOST:PORT#KEY, or "
        "wss://HOST/PATH#KEY where only the web leads there; may be given more than once",
    )
    parser.add_argument(
        "--mainline",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="in open mode: find the room by the words alone in BitTorrent's network (Mainline "
        "DHT), whose nodes see your address",
    )
    parser.add_argument(
        "--mainline-entry",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="where to enter such a network, in place of the public one; may be given more than "
        "once",
    )
    parser.add_argument(
        "--proxy",
        metavar="URL",
        help="socks5://HOST:PORT or http://HOST:PORT: everything goes through it, nothing around "
        "it; else ALL_PROXY or HTTPS_PROXY of the environment; none: no proxy",
    )
    parser.add_argument(
        "--mode",
        choices=MODES,
        default=DEFAULT_MODE,
        help="shield: sound goes through relays, people in the room can not see your internet "
        "address, a relay's operator can; open: direct links, people in the room can see it",
    )
    parser.add_argument("--only", choices=WAYS, help="find the room in this one way")


def _add_sound(parser: argparse.ArgumentParser) -> None:
    from audio.choices import CUES  # here: a relay reads this file, too, and loads no sound

    parser.add_argument(
        "--mic",
        default="default",
        metavar="SOURCE",
        help="default, a device, file:PATH, tone:HZ or silence",
    )
    parser.add_argument(
        "--speaker", default="default", metavar="DEVICE", help="default, a device, or null"
    )
    parser.add_argument(
        "--mask",
        choices=MASKS,
        default="off",
        help="disguise: your voice is changed, which hides you from casual listeners only; "
        "typed: no voice at all, a machine speaks what you type",
    )
    parser.add_argument(
        "--echo",
        choices=ECHOES,
        default="auto",
        help="whether the loudspeaker is taken out of your voice; off for headphones",
    )
    parser.add_argument(
        "--cues",
        type=_cues,
        metavar="LIST",
        help=f"sounds that tell you what has changed: all, off, or some of {','.join(CUES)}",
    )


def _add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        help="with --plain: say on standard error what the program does; no names, keys, addresses",
    )
    parser.add_argument(
        "--trace", metavar="FILE", help="write all of that to FILE, to look for a fault"
    )


def settings_of(args: argparse.Namespace, guest: str) -> Settings:
    """Return what ``args`` ask for; ``guest`` is the name of someone who gave none."""
    return Settings(
        name=args.name or guest,
        topic=getattr(args, "topic", ""),
        listen=args.listen,
        bootstrap=tuple(args.bootstrap),
        relays=tuple(args.relay),
        mode=args.mode,
        mic=args.mic,
        speaker=args.speaker,
        only=args.only,
        seconds=args.seconds,
        cues=args.cues,
        mask=args.mask,
        echo=args.echo,
        mainline=(tuple(args.mainline_entry) or PUBLIC) if args.mainline else (),
        proxy=proxy_of(args.proxy, os.environ),
    )


def proxy_of(option: str | None, environ: Mapping[str, str]) -> str:
    """Return the proxy that was asked for; the environment's counts for who names none.

    Args:
        option: What ``--proxy`` says.
        environ: The environment.
    """
    names = ("all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY")
    found = next((environ[name] for name in names if environ.get(name)), "")
    chosen = found if option is None else option
    return "" if chosen == "none" else chosen


def host_port(text: str) -> tuple[str, int]:
    """Return ``HOST:PORT`` or ``[IPV6]:PORT`` as a pair.

    Raises:
        argparse.ArgumentTypeError: It is neither.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(tr("must be HOST:PORT"))
    return host, int(port)


def _cues(text: str) -> tuple[str, ...]:
    from audio.choices import CUES
    from tui.commands.own import cues_command

    try:
        return cues_command("on" if text == "all" else text).cues
    except UserError as error:
        words = ", ".join(("all", "off", *CUES))
        raise argparse.ArgumentTypeError(tr("write one of {words}", words=words)) from error


def _seconds(text: str) -> float:
    return _between(text, 0.0, 1e9)


def _meter_hz(text: str) -> float:
    return _between(text, 0.0, 20.0)


def _between(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(
            tr("must be a number from {low} to {high}", low=f"{low:g}", high=f"{high:g}")
        )
    return value


def main_parser(commands: str) -> argparse.ArgumentParser:
    """Return the parser of the whole command line.

    Args:
        commands: What is said of them at the end of the help.
    """
    parser = argparse.ArgumentParser(
        prog="teahouse",
        description="Rooms to talk in, encrypted end to end, without a server.",
        epilog=commands,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this help message and exit")
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    parser.add_argument("command", nargs="?", metavar="COMMAND")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...")
    return parser


def split_command(argv: Sequence[str], commands: str) -> argparse.Namespace:
    """Return ``argv`` taken apart into ``command``, ``rest`` and the few global options."""
    return main_parser(commands).parse_args(argv)


def language_in(argv: Sequence[str]) -> str:
    """Return what ``--lang`` says anywhere on a command line; empty: nothing."""
    for word, following in zip(argv, [*argv[1:], ""], strict=False):  # of no words: one more
        if word == "--lang" or word.startswith("--lang="):
            return word.partition("=")[2] or following
    return ""
