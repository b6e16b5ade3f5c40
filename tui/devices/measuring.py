"""Measures a microphone and a loudspeaker outside of any room: one tone, four sweeps, an echo test.

Nothing is kept: the echo test lives in memory and is erased when it has been played.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui.devices.device_report import Check, DeviceProblem, check_lines
from tui.i18n import tr
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


@dataclass(frozen=True, slots=True)
class Machine:
    """Where devices come from; tests have one of their own."""

    list_devices: Callable[[], "DeviceNames"]
    capture_from: Callable[[str], "Capture"]
    playout_to: Callable[[str], "Playout"]
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] | None = None


def this_machine() -> Machine:
    """Return the devices of this machine."""
    return Machine(
        import_module("audio.device.sound_card").list_devices,
        import_module("audio.capture.capture").capture_from,
        import_module("audio.playout.playout").playout_to,
    )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be measured.

    Attributes:
        mic: The microphone.
        speaker: The loudspeaker.
        seconds: How long the microphone is listened to.
        quiet: Nothing is played.
    """

    mic: str = "default"
    speaker: str = "default"
    seconds: float = 3.0
    quiet: bool = False


@dataclass(slots=True)
class _Opened:
    capture: "Capture | None" = None
    playout: "Playout | None" = None
    problems: list[DeviceProblem] = field(default_factory=list)


class Measuring:
    """One measurement; takes about 13 s, and blocks meanwhile.

    Args:
        wishes: What is to be measured.
        machine: Where devices come from.
        say: Takes what a person is to do and to know, a sentence each.
        on_level: Called with the level of each 10 ms, dBFS; what it raises ends the measurement.
        metered: As ``on_level``, only while the person is asked to speak.
    """

    def __init__(
        self,
        wishes: Wishes,
        machine: Machine,
        say: Callable[[str], None],
        on_level: Callable[[float], None] | None = None,
        metered: Callable[[float], None] | None = None,
    ) -> None:
        self._wishes = wishes
        self._machine = machine
        self._say = say
        self._on_level = on_level
        self._metered = metered or on_level

    def run(self, check: Check) -> None:
        """Measure, and write what is found into ``check``."""
        from audio.sound_check import SoundCheck

        opened = self._open()
        check.problems += opened.problems
        check.mic = "" if opened.capture is None else device_name(opened.capture.name)
        check.speaker = "" if opened.playout is None else device_name(opened.playout.name)
        for problem in opened.problems:
            self._say(tr("error: {message}", message=problem.message))
            if problem.hint:
                self._say(tr("hint: {hint}", hint=problem.hint))
        # What is missing is stood in for: a microphone can be checked without a speaker.
        hands = SoundCheck(
            opened.capture or self._machine.capture_from("silence"),
            opened.playout or self._machine.playout_to("null"),
            self._machine.clock,
            self._machine.wait,
        )
        try:
            if not hands.start():
                check.problems.append(
                    DeviceProblem("no_callback", tr("A device was opened but does not run."), "")
                )
                self._say(check.problems[-1].message)
                return
            check.mic_works = opened.capture is not None
            check.speaker_works = opened.playout is not None
            self._measure(check, hands, opened)
        finally:
            hands.close()

    def _measure(self, check: Check, hands: "SoundCheck", opened: _Opened) -> None:
        from audio import device_check as devicecheck

        if check.mic_works:
            self._say(tr("Say something: {seconds} seconds.", seconds=f"{self._wishes.seconds:g}"))
            take = hands.take(self._wishes.seconds, on_level=self._metered)
            check.level = devicecheck.mic_level(take.heard)
            if opened.capture is not None and opened.capture.is_microphone:
                check.band_end_hz = devicecheck.band_end_hz(take.heard)
            check.missed_ms += take.missed_ms
        if check.speaker_works and not self._wishes.quiet:
            self._say(tr("You hear a tone, then four short sweeps."))
            tone = devicecheck.chord(TONE_S)
            take = hands.take(TONE_S + AFTER_S, tone, self._on_level)
            check.underrun_ms += take.underrun_ms
            if check.mic_works:
                check.coupling = devicecheck.coupling(tone, _middle(take.heard))
            sweeps_s = devicecheck.CHIRPS * devicecheck.CHIRP_EVERY_S
            take = hands.take(sweeps_s, devicecheck.chirps(), self._on_level)
            check.underrun_ms += take.underrun_ms
            check.missed_ms += take.missed_ms
            if check.mic_works:
                check.loop_ms = devicecheck.loop_latency_ms(take.heard, take.heard_later_s)
                self._echo_test(check, hands)
        for line in check_lines(check, quiet=self._wishes.quiet):
            self._say(line)

    def _echo_test(self, check: Check, hands: "SoundCheck") -> None:
        from audio.device_check import mic_level

        self._say(
            tr("Echo test: speak for 3 seconds, then you hear yourself. It is kept in memory only.")
        )
        take = hands.take(ECHO_S, None, self._on_level)
        check.echo_test = mic_level(take.heard)
        self._say(tr("This is how you sound."))
        try:
            hands.take(ECHO_S + AFTER_S, take.heard, self._on_level).heard.fill(0)
        finally:
            take.heard.fill(0)
        self._say(tr("Erased."))

    def _open(self) -> _Opened:
        from audio.device.device_errors import DeviceError

        opened = _Opened()
        try:
            opened.capture = self._machine.capture_from(self._wishes.mic)
        except DeviceError as error:
            opened.problems.append(_told(error))
        try:
            opened.playout = self._machine.playout_to(self._wishes.speaker)
        except DeviceError as error:
            opened.problems.append(_told(error))
        return opened


def _middle(heard: Any) -> Any:
    """The part of a recording of the tone in which the tone sounds for certain."""
    from audio.pcm import RATE_HZ

    return heard[round(AFTER_S * RATE_HZ) : round(TONE_S * RATE_HZ)]


def _told(error: Any) -> DeviceProblem:
    hint = tr(error.hint_template, **error.values) if error.hint_template else ""
    return DeviceProblem(error.code, tr(error.message_template, **error.values), hint)
