"""The volunteer's choices: flag before environment before file before default."""

import argparse
import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from p2p.dht.mainline.entry_points import PUBLIC
from p2p.errors import UserError
from p2p.relay.limits import Limits, home_limits
from p2p.relay.options import OPTIONS, Option
from p2p.wire.addresses import Address
from p2p.wire.web_place import WebPlace

MAX_FILE_BYTES = 64 * 1024
_PREFIX = "TEAHOUSE_RELAY_"
_USAGE = 2


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How a relay takes members that come by the web.

    Attributes:
        certificate: PEM file of the operator; None: one is made in memory.
        key: PEM file with its key; None: it stands in the same file.
        behind: Where a web server hands on what it has taken; None: the relay takes TLS itself.
        address: What members reach it by, for its line.
    """

    certificate: Path | None = None
    key: Path | None = None
    behind: Address | None = None
    address: WebPlace | None = None


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What the volunteer chose.

    Attributes:
        listen: Address and port; the port goes into other people's lists.
        bootstrap: ``ip:port#nodekey`` lines of other entry nodes.
        state_dir: Where the key lives; None: a key for this run only.
        public_address: What others reach it by; None: what the socket says.
        home: Find out whether and where it is reached from outside, and do not run if not.
        mainline: Entry points of BitTorrent's DHT, in which it looks up for members; none: it does
            not.
        bootstrap_only: Carries no sound.
        status: Where health and metrics answer; None: nowhere.
        summary_interval_s: How often the log says what was done; 0: never.
        drain_timeout_s: How long members get to move.
        limits: What it gives at most.
        web: How members come that have no UDP.
    """

    listen: Address
    bootstrap: tuple[str, ...] = ()
    state_dir: Path | None = None
    public_address: Address | None = None
    home: bool = False
    mainline: tuple[str, ...] = ()
    bootstrap_only: bool = False
    status: Address | None = None
    summary_interval_s: float = 0.0
    drain_timeout_s: float = 60.0
    limits: Limits = field(default_factory=Limits)
    web: WebSettings = WebSettings()


@dataclass(frozen=True, slots=True)
class Choice:
    """One value and where it came from: ``flag``, ``default``, or the name of the source."""

    option: Option
    texts: tuple[str, ...]
    origin: str

    @property
    def value(self) -> object:
        """The value as its type; of options that may be repeated a tuple.

        Raises:
            UserError: It is not written as it should be.
        """
        try:
            values = tuple(self.option.read(text) for text in self.texts)
        except ValueError as mistake:
            raise UserError(
                "bad_option",
                "The value of {name} ({origin}) cannot be used.",
                "{advice}",
                _USAGE,
                name=self.option.name,
                origin=self.origin,
                advice=str(mistake),
            ) from None
        return values if self.option.many else values[0]


@dataclass(frozen=True, slots=True)
class Config:
    """All choices, each with its origin.

    Attributes:
        choices: By the option's name.
        print_config: Show them and end.
        check: Ask the running relay how it is and end.
    """

    choices: Mapping[str, Choice]
    print_config: bool = False
    check: bool = False

    def __getitem__(self, name: str) -> object:
        return self.choices[name].value

    def is_default(self, name: str) -> bool:
        """Whether nobody chose this one."""
        return self.choices[name].origin == "default"

    def settings(self) -> RelaySettings:
        """Give the choices as types; raises UserError for the first that is no good."""
        values = {name: choice.value for name, choice in self.choices.items()}
        if values["home"] and values["public-address"] is not None:
            raise UserError(
                "bad_option",
                "--home finds out the address by itself, --public-address says it.",
                "Leave one of the two out.",
                _USAGE,
            )
        state_dir = str(values["state-dir"])
        return RelaySettings(
            listen=values["listen"],  # type: ignore[arg-type]
            bootstrap=values["bootstrap"],  # type: ignore[arg-type]
            state_dir=Path(state_dir) if state_dir else None,
            public_address=values["public-address"],  # type: ignore[arg-type]
            home=bool(values["home"]),
            mainline=PUBLIC if values["mainline"] else (),
            bootstrap_only=bool(values["bootstrap-only"]),
            status=values["status"],  # type: ignore[arg-type]
            summary_interval_s=float(str(values["summary-interval"])),
            drain_timeout_s=float(str(values["drain-timeout"])),
            limits=self._limits(values),
            web=WebSettings(
                certificate=values["tls-cert"],  # type: ignore[arg-type]
                key=values["tls-key"],  # type: ignore[arg-type]
                behind=values["behind-proxy"],  # type: ignore[arg-type]
                address=values["web-address"],  # type: ignore[arg-type]
            ),
        )

    def _limits(self, values: Mapping[str, object]) -> Limits:
        """What was chosen; of the rest what a home line carries, or the usual."""
        usual = home_limits(int(str(values["up-kbps"]))) if values["home"] else Limits()
        names = (each.name for each in fields(Limits))
        options = {name: name.replace("_", "-") for name in names}
        chosen = {
            name: type(getattr(usual, name))(str(values[option]))
            for name, option in options.items()
            if not self.is_default(option)
        }
        return replace(usual, **chosen)

    def as_text(self) -> str:
        """Write every choice as a line of the file, with its origin behind it."""
        lines = []
        for name, choice in self.choices.items():
            quoted = [json.dumps(text, ensure_ascii=False) for text in choice.texts]
            value = f"[{', '.join(quoted)}]" if choice.option.many else quoted[0]
            lines.append(f"{f'{name} = {value}':<44} # {choice.origin}\n")
        return "".join(lines)


def load(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Collect the choices from everywhere.

    Args:
        argv: What follows ``relay`` on the command line.
        environ: Only variables that begin with ``TEAHOUSE_RELAY_`` are looked at.

    Raises:
        UserError: The file cannot be read, or something in it or in the environment has no
            meaning here.
    """
    args, unread = parser().parse_known_args(argv)
    if unread:
        raise _unknown(unread[0], [f"--{option.name}" for option in OPTIONS], "flag")
    flags = vars(args)
    environment = _environment(environ)
    path = flags["config"] or environ.get(f"{_PREFIX}CONFIG")
    filed = _read_file(Path(path)) if path else {}
    choices: dict[str, Choice] = {}
    for option in OPTIONS:
        flag = flags[option.name.replace("-", "_")]
        if flag is not None:
            texts = tuple(flag) if option.many else (flag,)
            choices[option.name] = Choice(option, texts, "flag")
        elif option.name in environment:
            choices[option.name] = environment[option.name]
        elif option.name in filed:
            choices[option.name] = filed[option.name]
        else:
            texts = () if option.many else (option.default,)
            choices[option.name] = Choice(option, texts, "default")
    config = Config(choices, bool(flags["print_config"]), bool(flags["check"]))
    config.settings()
    return config


def _environment(environ: Mapping[str, str]) -> dict[str, Choice]:
    by_variable = {option.variable: option for option in OPTIONS}
    found: dict[str, Choice] = {}
    for name, text in environ.items():
        if not name.startswith(_PREFIX) or name == f"{_PREFIX}CONFIG":
            continue
        option = by_variable.get(name)
        if option is None:
            raise _unknown(name, by_variable, "environment")
        texts = tuple(text.split()) if option.many else (text,)
        found[option.name] = Choice(option, texts, f"environment: {name}")
    return found


def _read_file(path: Path) -> dict[str, Choice]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ValueError("too long")
        table = tomllib.loads(data.decode("utf-8"))
    except OSError as exc:
        raise UserError(
            "bad_config",
            "The config file cannot be read: {reason}.",
            "Give its path with --config, or leave that out.",
            _USAGE,
            reason=exc.strerror or "unknown error",
        ) from None
    except ValueError as exc:
        raise UserError(
            "bad_config",
            "The config file is not TOML: {reason}.",
            "`teahouse relay --print-config` prints one that is.",
            _USAGE,
            reason=str(exc),
        ) from None
    by_name = {option.name: option for option in OPTIONS}
    found: dict[str, Choice] = {}
    for key, value in table.items():
        option = by_name.get(key.replace("_", "-"))
        if option is None:
            raise _unknown(key, by_name, "config file")
        found[option.name] = Choice(option, _texts(option, value), "config file")
    return found


def _texts(option: Option, value: object) -> tuple[str, ...]:
    values = value if option.many and isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) for one in values):
        raise UserError(
            "bad_option",
            "The value of {name} ({origin}) cannot be used.",
            "Write it as text in quotation marks.",
            _USAGE,
            name=option.name,
            origin="config file",
        )
    return tuple(_text(one) for one in values)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _unknown(name: str, known: Iterable[str], where: str) -> UserError:
    near = difflib.get_close_matches(name.lower(), [k.lower() for k in known], 1, 0.0)
    nearest = near[0].upper() if name.isupper() else near[0]
    return UserError(
        "unknown_option",
        "There is no option `{name}` ({origin}).",
        "Did you mean `{nearest}`? `teahouse relay --help` lists all.",
        _USAGE,
        name=name[:64],
        origin=where,
        nearest=nearest,
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse relay",
        description="Entry node, courier of sealed knocks and forwarder of sealed sound, on one "
        "port, by UDP and as a web server. It holds no room key. Every option can also stand in "
        "the environment "
        f"({_PREFIX}MAX_RATE=…) or in a TOML file (max-rate = …); a flag counts first, then the "
        "environment, then the file.",
        allow_abbrev=False,
    )
    for option in OPTIONS:
        wording = f"{option.help} (default {option.default or 'none'})".replace("%", "%%")
        if option.metavar:
            action = "append" if option.many else "store"
            made.add_argument(
                f"--{option.name}", metavar=option.metavar, help=wording, action=action
            )
        else:
            made.add_argument(
                f"--{option.name}", action="store_const", const="yes", help=option.help
            )
    made.add_argument("--config", metavar="FILE", help="a TOML file with options")
    made.add_argument(
        "--print-config", action="store_true", help="show every option and where it comes from"
    )
    made.add_argument(
        "--check", action="store_true", help="ask the running relay whether it is well"
    )
    return made
