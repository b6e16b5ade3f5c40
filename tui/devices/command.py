"""``teahouse devices``: what there is to speak into and to hear through, and how good it is.

Nothing is kept: the echo test lives in memory and is erased when it has been played.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from audio.device.device_errors import EXIT_AUDIO
from tui.config.sources import parse_with_config
from tui.devices.device_report import Check, DeviceProblem, check_lines, list_lines
from tui.i18n import chosen_language, tr, use_language
from tui.texts.sound_sentences import device_name

if TYPE_CHECKING:
    from audio.capture.capture import Capture
    from audio.device.sound_card import DeviceNames
    from audio.playout.playout import Playout
    from audio.sound_check import SoundCheck

TONE_S = 1.5
ECHO_S = 3.0
AFTER_S = 0.7
"""How much longer than its sound a recording lasts: longer than any loop."""
METER_CELLS = 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where devices come from; tests have one of their own."""

    list_devices: Callable[[], "DeviceNames"]
    capture_from: Callable[[str], "Capture"]
    playout_to: Callable[[str], "Playout"]
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] | None = None


@dataclass(slots=True)
class _Opened:
    capture: "Capture | None" = None
    playout: "Playout | None" = None
    problems: list[DeviceProblem] = field(default_factory=list)


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
    machine = machine or _this_machine()
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
    from audio.sound_check import SoundCheck

    opened = _open(options, machine)
    check.problems += opened.problems
    check.mic = "" if opened.capture is None else device_name(opened.capture.name)
    check.speaker = "" if opened.playout is None else device_name(opened.playout.name)
    for problem in opened.problems:
        say(tr("error: {message}", message=problem.message))
        if problem.hint:
            say(tr("hint: {hint}", hint=problem.hint))
    # What is missing is stood in for: a microphone can be checked without a speaker.
    hands = SoundCheck(
        opened.capture or machine.capture_from("silence"),
        opened.playout or machine.playout_to("null"),
        machine.clock,
        machine.wait,
    )
    try:
        if not hands.start():
            check.problems.append(
                DeviceProblem("no_callback", tr("A device was opened but does not run."), "")
            )
            say(check.problems[-1].message)
            return
        check.mic_works = opened.capture is not None
        check.speaker_works = opened.playout is not None
        _run_tests(check, options, hands, say)
    finally:
        hands.close()


def _run_tests(
    check: Check, options: argparse.Namespace, hands: "SoundCheck", say: Callable[[str], None]
) -> None:
    from audio import device_check as devicecheck

    if check.mic_works:
        say(tr("Say something: {seconds} seconds.", seconds=f"{options.seconds:g}"))
        show = _meter if not options.json and sys.stdout.isatty() else None
        take = hands.take(options.seconds, on_level=show)
        if show:
            sys.stdout.write("\r" + " " * (METER_CELLS + 20) + "\r")
        check.level = devicecheck.mic_level(take.heard)
        check.missed_ms += take.missed_ms
    if check.speaker_works and not options.quiet:
        say(tr("You hear a tone, then four short sweeps."))
        tone = devicecheck.chord(TONE_S)
        take = hands.take(TONE_S + AFTER_S, tone)
        check.underrun_ms += take.underrun_ms
        if check.mic_works:
            check.coupling = devicecheck.coupling(tone, _middle(take.heard))
        take = hands.take(devicecheck.CHIRPS * devicecheck.CHIRP_EVERY_S, devicecheck.chirps())
        check.underrun_ms += take.underrun_ms
        check.missed_ms += take.missed_ms
        if check.mic_works:
            check.loop_ms = devicecheck.loop_latency_ms(take.heard, take.heard_later_s)
            _echo_test(check, hands, say)
    for line in check_lines(check, quiet=options.quiet):
        say(line)


def _echo_test(check: Check, hands: "SoundCheck", say: Callable[[str], None]) -> None:
    from audio.device_check import mic_level

    say(tr("Echo test: speak for 3 seconds, then you hear yourself. It is kept in memory only."))
    take = hands.take(ECHO_S)
    check.echo_test = mic_level(take.heard)
    say(tr("This is how you sound."))
    hands.take(ECHO_S + AFTER_S, take.heard).heard.fill(0)
    take.heard.fill(0)
    say(tr("Erased."))


def _middle(heard: Any) -> Any:
    """The part of a recording of the tone in which the tone sounds for certain."""
    from audio.pcm import RATE_HZ

    return heard[round(AFTER_S * RATE_HZ) : round(TONE_S * RATE_HZ)]


def _open(options: argparse.Namespace, machine: Machine) -> _Opened:
    from audio.device.device_errors import DeviceError

    opened = _Opened()
    try:
        opened.capture = machine.capture_from(options.mic)
    except DeviceError as error:
        opened.problems.append(_told(error))
    try:
        opened.playout = machine.playout_to(options.speaker)
    except DeviceError as error:
        opened.problems.append(_told(error))
    return opened


def _told(error: Any) -> DeviceProblem:
    hint = tr(error.hint_template, **error.values) if error.hint_template else ""
    return DeviceProblem(error.code, tr(error.message_template, **error.values), hint)


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
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _quiet(line: str) -> None:
    """With --json nothing is said."""


def _this_machine() -> Machine:
    return Machine(
        import_module("audio.device.sound_card").list_devices,
        import_module("audio.capture.capture").capture_from,
        import_module("audio.playout.playout").playout_to,
    )


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
        raise argparse.ArgumentTypeError("must be a number from 1 to 60")
    return seconds
