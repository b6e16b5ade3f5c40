"""What can be started with ``teahouse COMMAND``: what each is for, and where it is."""

import argparse
from dataclasses import dataclass
from importlib import import_module

from tui.i18n import mark, tr
from tui.options import room_parser


@dataclass(frozen=True, slots=True)
class Program:
    """One of them.

    Attributes:
        name: As it is typed.
        about: One line.
        module: Its ``main`` runs it; None: ``tui.cli`` itself does.
        parser_module: Its ``parser`` returns what it understands; None: that of a room.
    """

    name: str
    about: str
    module: str | None = None
    parser_module: str | None = None

    def parser(self) -> argparse.ArgumentParser:
        """Return what takes the command's line apart."""
        if self.parser_module is None:
            return room_parser(self.name, joins=self.name == "join")
        made: argparse.ArgumentParser = import_module(self.parser_module).parser()
        return made


def _own(name: str, about: str, module: str) -> Program:
    return Program(name, about, module, module)


PROGRAMS = (
    Program("create", "open a new room and show its key"),
    Program("join", "enter a room"),
    Program(
        "relay",
        "run an entry node that helps others find their rooms",
        "tui.relay",
        "p2p.relay.config",
    ),
    _own("demo", "a whole room on this machine", "tui.demo.cli"),
    _own("devices", "list and measure microphones and speakers", "tui.devices.command"),
    _own("doctor", "look at network, sound and machine, and say what to do", "tui.doctor.command"),
    _own("config", "show and change what holds for every run", "tui.config.command"),
    _own("ctl", "open and close the microphone of a member that runs here", "tui.ctl.command"),
    _own("completions", "print completions for bash, zsh or fish", "tui.manual.completions"),
    _own("help", "show what a command understands", "tui.manual.help"),
)
BY_NAME = {one.name: one for one in PROGRAMS}


def listing() -> str:
    """Return all commands, one a line."""
    lines = [("(none)", mark("the start screen")), *((one.name, one.about) for one in PROGRAMS)]
    return tr("commands:") + "\n" + "".join(f"  {name:<12}{tr(about)}\n" for name, about in lines)
