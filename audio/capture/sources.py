"""Sound that comes from no microphone: a tone, silence, any sound file, the two shipped clips."""

import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np

from audio.capture.rifx import little_endian
from audio.device.device_errors import EXIT_USAGE, DeviceError
from audio.pcm import BLOCK_SAMPLES, RATE_HZ, Pcm, silence

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

CLIP_FOLDER = Path(__file__).parents[1] / "clips"
CLIPS = ("english", "mandarin")
"""Shipped speech, about 10 s each; ``bench/make_clips.py`` makes them anew."""
SHORT_SAMPLES = 10 * RATE_HZ
"""A file that is no longer is decoded once: one of ten samples, opened anew each time, would hold
up the worker that plays what we hear."""
RESAMPLED_CHANNELS_MAX = 8
_FULL = {2: 2.0**15, 4: 2.0**31, 8: 2.0**63}
TONE_DBFS = -20.0
TONE_RANGE_HZ = (20.0, 20_000.0)


class Source(Protocol):
    """Endless mono sound at 48 kHz."""

    @property
    def name(self) -> str:
        """What to call it on the screen."""
        ...

    def read(self) -> Pcm:
        """The next ``BLOCK_SAMPLES`` samples; the caller may keep the array."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class SilenceSource:
    """Zeros."""

    name = "silence"

    def read(self) -> Pcm:
        """The next block: zeros."""
        return silence()

    def close(self) -> None:
        """Nothing to let go of."""


class ToneSource:
    """A sine without clicks at block borders.

    Args:
        frequency_hz: 20 to 20,000.
        level_dbfs: RMS level, 0 dBFS being a square wave of full scale; at most -3.

    Raises:
        DeviceError: ``bad_tone``.
    """

    def __init__(self, frequency_hz: float, level_dbfs: float = TONE_DBFS) -> None:
        low, high = TONE_RANGE_HZ
        if not low <= frequency_hz <= high:
            raise DeviceError(
                "bad_tone",
                "a tone is between {low:g} and {high:g} Hz",
                "for example tone:440",
                EXIT_USAGE,
                low=low,
                high=high,
            )
        self.name = f"tone {frequency_hz:g} Hz"
        self._step = 2 * math.pi * frequency_hz / RATE_HZ
        self._amplitude = 32767 * math.sqrt(2) * 10 ** (level_dbfs / 20)
        self._phase = 0.0
        self._ramp = np.arange(BLOCK_SAMPLES) * self._step

    def read(self) -> Pcm:
        """The next block of the sine."""
        wave = np.sin(self._ramp + self._phase) * self._amplitude
        self._phase = (self._phase + BLOCK_SAMPLES * self._step) % (2 * math.pi)
        samples: Pcm = wave.round().astype(np.int16)
        return samples

    def close(self) -> None:
        """Nothing to let go of."""


class FileSource:
    """A sound file in any format, rate and channel count, from the start again at its end.

    The file is decoded as it plays, so its length does not matter. It is opened as a plain file:
    play lists and addresses in it are not followed, nothing is fetched from a network.

    Args:
        path: File to play.

    Raises:
        DeviceError: ``no_sound_file``: it cannot be read, or there is no sound in it.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        if not path.is_file():  # opening a pipe would wait for its other end
            raise _no_sound_file(path, "there is no such file")
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise _no_sound_file(path, error.strerror or "it cannot be read") from None
        self._pending: Pcm = silence(0)
        self._pieces = self._endless()
        try:
            self._pending = next(self._pieces)
        except StopIteration:
            self.close()
            raise _no_sound_file(path, "there is no sound in it") from None

    def read(self) -> Pcm:
        """The next block; silence if the file has become unreadable."""
        pieces, count = [self._pending], len(self._pending)
        while count < BLOCK_SAMPLES:
            try:
                piece = next(self._pieces)
            except StopIteration:
                return silence()
            pieces.append(piece)
            count += len(piece)
        self._pending = np.concatenate(pieces)
        block = self._pending[:BLOCK_SAMPLES].copy()
        self._pending = self._pending[BLOCK_SAMPLES:]
        return block

    def close(self) -> None:
        """Close the file; ``read`` gives silence from now on."""
        self._pieces.close()
        self._file.close()
        self._pending = silence(0)

    def _endless(self) -> Generator[Pcm, None, None]:
        while True:
            self._file.seek(0)
            pieces: list[Pcm] = []
            samples = 0
            for piece in decode(self._file):
                samples += len(piece)
                if samples <= SHORT_SAMPLES:
                    pieces.append(piece)
                yield piece
            if not samples:
                return
            while samples <= SHORT_SAMPLES:
                yield from pieces


def decode(file: BinaryIO) -> Iterator[Pcm]:
    """Read sound in any format, rate and channel count, bit by bit; nothing when there is none.

    Args:
        file: Where it lies. Addresses in it are not followed.
    """
    import av
    from av.audio.resampler import AudioResampler

    # A file may be a play list in disguise: no protocol may be opened from within it.
    options = {"protocol_whitelist": "none"}
    try:
        with av.open(
            little_endian(file), "r", options=options, metadata_errors="ignore"
        ) as container:
            if not container.streams.audio:
                return
            resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            first: list[AudioFrame] = []
            sounded = False
            for frame in container.decode(container.streams.audio[0]):
                if frame.layout.nb_channels > RESAMPLED_CHANNELS_MAX:
                    yield _plainly_resampled([frame])
                    continue
                first = [] if sounded else [*first, frame][:2]
                for piece in resampler.resample(frame):
                    sounded = True
                    yield _samples(piece)
            for piece in resampler.resample(None) if sounded or first else ():
                sounded = True
                yield _samples(piece)
            if first and not sounded:
                yield _plainly_resampled(first)
    except (av.FFmpegError, OSError, ValueError):
        return  # no sound file, or a damaged place: what came before it is all there is


def _plainly_resampled(frames: "list[AudioFrame]") -> Pcm:
    """Mix and stretch what FFmpeg's resampler does not: many channels, and a handful of samples."""
    channels = frames[0].layout.nb_channels
    parts = []
    for frame in frames:
        raw = frame.to_ndarray()
        wave = raw.astype(np.float64)
        if raw.dtype.kind in "iu":  # bytes stand around 128, all others around 0
            wave = (wave - 128.0) / 128.0 if raw.dtype.kind == "u" else wave / _FULL[raw.itemsize]
        parts.append(wave.mean(0) if frame.format.is_planar else wave.reshape(-1, channels).mean(1))
    whole = np.concatenate(parts)
    times = np.arange(0.0, len(whole), frames[0].sample_rate / RATE_HZ)
    stretched = np.interp(times, np.arange(len(whole)), np.nan_to_num(whole)) * 32767.0
    samples: Pcm = np.clip(stretched, -32768, 32767).astype(np.int16)
    return samples


def _samples(piece: "AudioFrame") -> Pcm:
    return piece.to_ndarray().reshape(-1).astype(np.int16, copy=False)


def clip_path(name: str) -> Path:
    """Where a shipped clip lies.

    Args:
        name: One of ``CLIPS``.

    Raises:
        DeviceError: ``no_sound_file``.
    """
    path = CLIP_FOLDER / f"{name}.opus"
    if name not in CLIPS:
        raise _no_sound_file(path, "there is no clip of that name")
    return path


def source_from(text: str) -> Source | None:
    """Read ``tone:HZ``, ``silence``, ``file:PATH`` or ``clip:NAME``.

    Returns:
        None if the text is none of these, so it must name a device.

    Raises:
        DeviceError: ``bad_tone`` or ``no_sound_file``.
    """
    kind, _, rest = text.partition(":")
    if text == "silence":
        return SilenceSource()
    if kind == "tone":
        try:
            return ToneSource(float(rest))
        except ValueError:
            return ToneSource(0.0)
    if kind == "file":
        return FileSource(Path(rest).expanduser())
    if kind == "clip":
        return FileSource(clip_path(rest))
    return None


def _no_sound_file(path: Path, reason: str) -> DeviceError:
    return DeviceError(
        "no_sound_file",
        "{name} cannot be played: {reason}",
        "give a sound file, for example file:talk.opus or file:talk.wav",
        name=path.name,
        reason=reason,
    )
