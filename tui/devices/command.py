"""``teahouse devices``: what there is to speak into and to hear through, and how good it is."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from audio.device.device_errors import EXIT_AUDIO
from tui.config.sources import parse_with_config
from tui.devices.device_report import Check, list_lines
from tui.devices.measuring import Machine, Measuring, Wishes, this_machine
from tui.i18n import chosen_language, tr, use_language

METER_CELLS = 30


def main(argv: Sequence[str], machine: Machine | None = None) -> int:
    """Run the check.

    Args:
        argv: What follows ``devices`` on the command line.
        machine: Where devices come from; None for this one.

    Returns:
        0, or 7 if a device that was required is not there.
    """
    options = parse_with_config(parser(), argv, os.environ)
    if options.lang:
        use_language(chosen_language(options.lang, {}))
    machine = machine or this_machine()
    names = machine.list_devices()
    check = Check(names.inputs, names.outputs)
    say: Callable[[str], None] = _quiet if options.json else _say
    for line in list_lines(check):
        say(line)
    if not options.list:
        _measure(check, options, machine, say)
    if options.json:
        sys.stdout.write(json.dumps(_object(check), ensure_ascii=False, allow_nan=False) + "\n")
    mic_there = bool(names.inputs) if options.list else check.mic_works
    speaker_there = bool(names.outputs) if options.list else check.speaker_works
    lacking = (options.require_mic and not mic_there) or (
        options.require_speaker and not speaker_there
    )
    return EXIT_AUDIO if lacking else 0


def _measure(
    check: Check, options: argparse.Namespace, machine: Machine, say: Callable[[str], None]
) -> None:
    show = _meter if not options.json and sys.stdout.isatty() else None
    wishes = Wishes(options.mic, options.speaker, options.seconds, options.quiet)
    Measuring(wishes, machine, say, metered=show).run(check)


def _object(check: Check) -> dict[str, Any]:
    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 1)
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        return value

    whole = {"schema": 1, **asdict(check)}
    return {key: rounded(value) for key, value in whole.items()}


def _meter(level_dbfs: float) -> None:
    lit = max(0, min(METER_CELLS, round((level_dbfs + 60.0) / 2.0)))
    bar = "▮" * lit + "·" * (METER_CELLS - lit)
    sys.stdout.write(f"\r{bar} {level_dbfs:4.0f} dBFS ")
    sys.stdout.flush()


def _say(line: str) -> None:
    meter_goes = "\r" + " " * (METER_CELLS + 20) + "\r" if sys.stdout.isatty() else ""
    sys.stdout.write(meter_goes + line + "\n")
    sys.stdout.flush()


def _quiet(line: str) -> None:
    """With --json nothing is said."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse devices",
        description="Lists microphones and speakers, and measures those that a room would use: "
        "level, echo, delay, gaps. Plays a tone and, after 3 seconds of recording, your own voice.",
    )
    made.add_argument("--json", action="store_true", help="one object and nothing else")
    made.add_argument("--list", action="store_true", help="only list, open nothing")
    made.add_argument("--quiet", action="store_true", help="play nothing")
    made.add_argument("--mic", default="default", metavar="DEVICE", help="the microphone")
    made.add_argument("--speaker", default="default", metavar="DEVICE", help="the loudspeaker")
    made.add_argument(
        "--seconds", type=_seconds, default=3.0, metavar="N", help="how long to meter, 1 to 60"
    )
    made.add_argument("--require-mic", action="store_true", help="exit 7 without a microphone")
    made.add_argument("--require-speaker", action="store_true", help="exit 7 without a speaker")
    made.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    return made


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= 60.0:
        raise argparse.ArgumentTypeError(
            tr("must be a number from {low} to {high}", low=1, high=60)
        )
    return seconds
