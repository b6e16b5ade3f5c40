"""The voice that is no voice: lines of text, spoken by a machine in place of a microphone."""

import io
import sys
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from audio.capture import espeak
from audio.capture.capture import Capture, SourceCapture, capture_from
from audio.capture.espeak import VOICES, EspeakError, Speak
from audio.capture.mask import MaskMode
from audio.capture.sources import decode
from audio.device.device_errors import EXIT_USAGE, DeviceError
from audio.gain import TARGET_DBFS
from audio.level import power_dbfs
from audio.mixer import CEILING
from audio.pcm import BLOCK_SAMPLES, FULL_SCALE, Pcm, silence

LANGUAGES = tuple(VOICES)
MOST_CHARACTERS = 500
MOST_LINES = 16
"""Lines that may wait."""
_HOW = (
    "install espeak-ng (Debian, Ubuntu: apt install espeak-ng), "
    "or: .venv/bin/pip install espeakng-loader"
)
_HOW_ON_WINDOWS = (
    "install eSpeak NG for Windows (espeak-ng on github.com), or unpack the wheel espeakng-loader "
    "for win_amd64 into the folder lib"
)
_PAUSE_BLOCKS = 15
_LONGEST_BLOCKS = 12_000
"""Two minutes: a line that would be longer is cut."""


class TypedSource:
    """Speaks what it is told to, and is silent otherwise.

    ``say`` and ``clear`` are for any thread. Each line is spoken by a thread of its own, one at
    a time, so neither the caller nor the worker waits for it.

    Args:
        on_problem: Called, from that thread, when a line could not be spoken.
        find: Finds what speaks; replaced in tests.

    Raises:
        DeviceError: ``typed_missing``.
    """

    name = "typed"

    def __init__(
        self,
        on_problem: Callable[[DeviceError], None] | None = None,
        find: Callable[[], Speak] = espeak.find,
    ) -> None:
        self._on_problem = on_problem
        try:
            self._speak = find()
        except EspeakError:
            raise DeviceError(
                "typed_missing",
                "nothing on this machine can speak what you type",
                _HOW_ON_WINDOWS if sys.platform == "win32" else _HOW,
            ) from None
        self._lock = threading.Lock()
        self._lines: deque[tuple[str, str]] = deque()
        self._speaker: threading.Thread | None = None
        self._turn = 0
        self._ready: deque[Pcm] = deque()

    def say(self, text: str, language: str) -> None:
        """Speak a line after those that wait.

        Args:
            text: At most ``MOST_CHARACTERS``; control characters and phoneme marks are dropped.
            language: One of ``LANGUAGES``.

        Raises:
            DeviceError: ``typed_language``, ``typed_empty``, ``typed_long`` or ``typed_busy``;
                nothing is said.
        """
        line = _clean(text)
        if language not in VOICES:
            raise _refused(
                "typed_language", "there is no voice for {language}", language=language[:12]
            )
        if not line:
            raise _refused("typed_empty", "there is nothing to say")
        if len(line) > MOST_CHARACTERS:
            raise _refused("typed_long", "a line has at most {most} characters")
        with self._lock:
            if len(self._lines) >= MOST_LINES:
                raise _refused("typed_busy", "{lines} lines are waiting to be spoken already")
            self._lines.append((line, VOICES[language]))
            if self._speaker is None:
                self._speaker = threading.Thread(target=self._run, name="typed", daemon=True)
                self._speaker.start()

    def clear(self) -> None:
        """Fall silent at once and forget the lines that wait."""
        with self._lock:
            self._turn += 1
            self._lines.clear()
            self._ready.clear()

    @property
    def busy(self) -> bool:
        """Whether something is being said or waits to be."""
        with self._lock:
            return bool(self._lines or self._ready or self._speaker is not None)

    def read(self) -> Pcm:
        """The next 10 ms."""
        try:
            return self._ready.popleft()
        except IndexError:
            return silence()

    def close(self) -> None:
        """Fall silent."""
        self.clear()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._lines:
                    self._speaker = None
                    return
                (line, voice), turn = self._lines.popleft(), self._turn
            try:
                blocks = _blocks(self._speak(line, voice))
            except Exception as error:
                blocks = []
                self._tell(error)
            with self._lock:
                if turn == self._turn:
                    self._ready.extend(blocks)

    def _tell(self, error: Exception) -> None:
        if self._on_problem is not None:
            self._on_problem(
                DeviceError(
                    "typed_failed",
                    "a line could not be spoken ({kind})",
                    "try it again, or in other words",
                    kind=type(error).__name__,
                )
            )


class TypedCapture(SourceCapture):
    """A typed voice in place of a microphone, which is never opened.

    Args:
        typed: What speaks.
    """

    def __init__(self, typed: TypedSource) -> None:
        super().__init__(typed)
        self.typed = typed


def open_capture(
    mic: str, mask: MaskMode, on_problem: Callable[[DeviceError], None] | None = None
) -> Capture:
    """Open where our voice comes from; with ``MaskMode.TYPED`` no device is even looked for.

    Args:
        mic: As ``capture_from`` takes it; not used for a typed voice.
        mask: How the voice is to leave.
        on_problem: Told, from a thread of its own, about a line that could not be spoken.

    Raises:
        DeviceError: As ``capture_from`` and ``TypedSource`` say.
    """
    if mask is MaskMode.TYPED:
        return TypedCapture(TypedSource(on_problem))
    return capture_from(mic)


def say(capture: Capture, mic_on: bool, text: str, language: str) -> None:
    """Speak a line, if the voice is typed and somebody would hear it.

    Args:
        capture: Where our voice comes from.
        mic_on: Whether it is sent.
        text: See ``TypedSource.say``.
        language: Likewise.

    Raises:
        DeviceError: ``typed_off``, or one of ``TypedSource.say``; nothing is said.
    """
    if not isinstance(capture, TypedCapture):
        raise DeviceError(
            "typed_off",
            "your voice is not a typed one",
            "start with --mask typed to speak by typing",
            EXIT_USAGE,
        )
    if not mic_on:
        raise DeviceError(
            "typed_off", "your microphone is off: nobody would hear the line", "turn it on first"
        )
    capture.typed.say(text, language)


def hush(capture: Capture) -> None:
    """Drop what was typed and not yet spoken: the microphone is switched off.

    Not when it is switched on again: a line may be typed in the same moment.
    """
    if isinstance(capture, TypedCapture):
        capture.typed.clear()


def typed_only() -> DeviceError:
    """Tell why no microphone may be used."""
    return DeviceError(
        "typed_only",
        "you speak by typing in this run, so no microphone is opened",
        "leave and join again without --mask typed to use one",
        EXIT_USAGE,
    )


def _clean(text: str) -> str:
    # Double brackets would be read as phonemes.
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.replace("[[", "[ ").replace("]]", " ]").split())


def _blocks(wav: bytes) -> list[Pcm]:
    """The blocks of a spoken line, at the one level of all voices, with a short pause behind."""
    pieces = list(decode(io.BytesIO(wav)))
    if not pieces:
        raise EspeakError("no sound")
    sound = np.concatenate(pieces).astype(np.float32)[: _LONGEST_BLOCKS * BLOCK_SAMPLES]
    sound = np.pad(sound, (0, -len(sound) % BLOCK_SAMPLES))
    powers = np.mean(np.square(sound.reshape(-1, BLOCK_SAMPLES) / FULL_SCALE), axis=1)
    voiced = powers[powers > powers.max() / 100]
    if not voiced.size:
        raise EspeakError("no sound")
    factor = 10 ** ((TARGET_DBFS - power_dbfs(float(voiced.mean()))) / 20)
    sound = np.clip(np.rint(sound * factor), -CEILING, CEILING).astype(np.int16)
    return [*sound.reshape(-1, BLOCK_SAMPLES), *(silence() for _ in range(_PAUSE_BLOCKS))]


def _refused(code: str, message: str, **values: object) -> DeviceError:
    return DeviceError(
        code,
        message,
        "languages: {languages}",
        EXIT_USAGE,
        languages=", ".join(LANGUAGES),
        most=MOST_CHARACTERS,
        lines=MOST_LINES,
        **values,
    )
