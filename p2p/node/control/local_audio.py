"""What everybody sets for the own ears alone: devices, volumes, cues. Nothing of it is sent."""

import asyncio
from collections.abc import Callable, Iterable

from audio.capture.echo import EchoMode
from audio.choices import CUES, Cue
from audio.device.device_errors import DeviceError
from audio.playout.cues import cue_named
from p2p.api import commands, events
from p2p.errors import UserError
from p2p.link.work import Work
from p2p.node.control.cue_choice import CueChoice
from p2p.node.media.devices import user_error
from p2p.node.media.media import Sound
from p2p.node.member_numbers import ME, MemberNumbers

LOST_AFTER_S = 6.0
NOBODY_REACHED = events.Notice("nobody_reached")
REACHED_AGAIN = events.Notice("reached_again")


class LocalAudio:
    """Obeys the commands that concern only us, and lets us hear what has changed.

    Args:
        sound: The pipeline.
        numbers: Numbers of members.
        work: Where the opening of a device runs.
        emit: Takes the answers.
    """

    def __init__(
        self,
        sound: Sound,
        numbers: MemberNumbers,
        work: Work,
        emit: Callable[[events.Event], None],
    ) -> None:
        self._sound = sound
        self._numbers = numbers
        self._work = work
        self._emit = emit
        self._one_by_one = asyncio.Lock()
        self._lost_s: float | None = None
        self._reached = self._said = False
        self._cues = CueChoice()

    def choose_cues(self, words: Iterable[str] | None) -> None:
        """Lets these cues be heard; None: all.

        Raises:
            UserError: There is no cue of that name.
        """
        self._sound.pipeline.set_cues(CUES if words is None else _cues(words))

    def do(self, command: commands.OwnSound) -> None:
        """Obeys a command.

        Raises:
            UserError: It cannot be done.
        """
        pipeline = self._sound.pipeline
        match command:
            case commands.UseDevice(kind=kind, name=name):
                self._work.create_task(self._use(kind, name))
            case commands.SetVolume(n=n, db=db):
                self._other(n)
                pipeline.set_volume(n, db)
                self._tell_volume(n)
            case commands.SetHushed(n=n, hushed=hushed):
                self._other(n)
                pipeline.set_muted(n, hushed)
                self._tell_volume(n)
            case commands.Say(text=text):
                try:
                    pipeline.say(text, _language_of(text))
                except DeviceError as error:
                    raise user_error(error) from error
            case commands.SetCues(cues=words):
                self.choose_cues(words)
                self._emit(events.CuesChanged(pipeline.cues))
            case commands.SetEcho(mode=mode):
                pipeline.treatment.echo = _echo(mode)
                self._emit(events.EchoChanged(mode))
            case commands.SetLowDelay(on=on):
                pipeline.set_low_delay(on)
                self._emit(events.DelayChanged(on))

    def heed(self, event: events.Event, now: float) -> None:
        """Plays the cue of an event that is about to be told, if it has one.

        Args:
            event: What is told.
            now: Monotonic seconds.
        """
        cue = self._cues.of(event, now)
        if cue is not None:
            self._sound.pipeline.play_cue(cue)

    def connection(self, now: float, *, lost: bool) -> None:
        """Takes note whether the others can be reached; a loss is heard once, and said if it lasts.

        Who has just come in has reached nobody yet: that is not heard as a loss.
        """
        if not lost:
            if self._said:
                self._emit(REACHED_AGAIN)
            self._lost_s, self._reached, self._said = None, True, False
        elif self._lost_s is None:
            self._lost_s = now
            if self._reached:
                self._sound.pipeline.play_cue("lost")
        elif now - self._lost_s >= LOST_AFTER_S and not self._said:
            self._said = True
            self._emit(NOBODY_REACHED)

    async def _use(self, kind: commands.DeviceKind, name: str) -> None:
        pipeline = self._sound.pipeline
        async with self._one_by_one:  # the last one asked for is the one that stays
            try:
                if kind == "mic":
                    await self._sound.use_mic(name)
                    self._emit(events.DeviceChanged(kind, pipeline.capture_name))
                else:
                    await self._sound.use_speaker(name)
                    self._emit(events.DeviceChanged(kind, pipeline.playout_name))
            except UserError as error:
                self._emit(events.ErrorRaised.of(error))

    def _other(self, n: int) -> None:
        if n == ME:
            raise UserError("own_volume", "You do not hear yourself here.", "", exit_code=2)
        if self._numbers.member(n) is None:
            raise UserError("no_member", "There is no such member.", "See `who`.", exit_code=2)

    def _tell_volume(self, n: int) -> None:
        pipeline = self._sound.pipeline
        self._emit(events.VolumeChanged(n, pipeline.volume_db(n), pipeline.is_muted(n)))


def _language_of(text: str) -> str:
    """Guess which of the typed voices a line is for, by its script."""
    for char in text:
        if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf":
            return "zh"
        if "\u0600" <= char <= "\u06ff":
            return "ug"
        if "\u0400" <= char <= "\u04ff":
            return "ru"
    return "en"


def _echo(mode: str) -> EchoMode:
    try:
        return EchoMode(mode)
    except ValueError:
        raise UserError(
            "no_echo_mode", "Echo cancellation is on, off or auto.", exit_code=2
        ) from None


def _cues(words: Iterable[str]) -> list[Cue]:
    cues: list[Cue] = []
    for word in words:
        cue = cue_named(word)
        if cue is None:
            raise UserError(
                "no_cue",
                "There is no cue {word}.",
                "There are: {cues}",
                exit_code=2,
                word=word[:40],
                cues=", ".join(CUES),
            )
        cues.append(cue)
    return cues
