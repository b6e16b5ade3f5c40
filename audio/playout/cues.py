"""Short tones that tell our own ear what has changed. Mixed here only, never sent to anyone.

Each is a few notes of 60 to 120 ms at -26 dBFS, made once. Rising means that something opens,
falling that something closes, so that the meaning does not depend on the pitch alone.
"""

from collections import deque
from collections.abc import Iterable

import numpy as np

from audio.choices import CUES, Cue
from audio.pcm import BLOCK_SAMPLES, RATE_HZ, Pcm

CUE_DBFS = -26.0
WAITING_MAX = 4
"""Most cues that wait for their turn: a burst of changes must not become a melody."""
_EDGE_S = 0.008
_NOTES: dict[Cue, tuple[tuple[float, float], ...]] = {
    "live": ((660.0, 0.05), (990.0, 0.05)),
    "muted": ((990.0, 0.05), (660.0, 0.05)),
    "granted": ((660.0, 0.04), (880.0, 0.04), (1320.0, 0.04)),
    "stage": ((784.0, 0.07),),
    "lost": ((440.0, 0.06), (330.0, 0.06)),
    "join": ((523.0, 0.06),),
    "knock": ((392.0, 0.05), (392.0, 0.06)),
    "hand": ((587.0, 0.04), (784.0, 0.05)),
}


def cue_named(word: str) -> Cue | None:
    """Return the cue of that name, None if there is none."""
    return word if word in CUES else None


def tone_of(cue: Cue) -> Pcm:
    """Return the whole sound of a cue.

    Returns:
        int16, a whole number of blocks, 60 to 120 ms, RMS ``CUE_DBFS`` over its notes.
    """
    notes = np.concatenate([_note(hz, seconds) for hz, seconds in _NOTES[cue]])
    level = 32_768.0 * 10.0 ** (CUE_DBFS / 20.0) / np.sqrt(np.mean(notes**2))
    whole = np.zeros(-(-len(notes) // BLOCK_SAMPLES) * BLOCK_SAMPLES)
    whole[: len(notes)] = notes * level
    samples: Pcm = np.rint(whole).astype(np.int16)
    return samples


def _note(hz: float, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    count = round(seconds * RATE_HZ)
    wave = np.sin(2.0 * np.pi * hz * np.arange(count) / RATE_HZ)
    edge = round(_EDGE_S * RATE_HZ)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    wave[:edge] *= rise
    wave[count - edge :] *= rise[::-1]
    return wave


class CuePlayer:
    """Plays one cue after the other. ``play`` and ``choose`` are for any thread.

    Args:
        chosen: The cues that may be heard.
    """

    def __init__(self, chosen: Iterable[Cue] = CUES) -> None:
        self._chosen = frozenset(chosen)
        self._waiting: deque[Cue] = deque(maxlen=WAITING_MAX)
        self._sounds: dict[Cue, Pcm] = {}
        self._rest: Pcm | None = None

    @property
    def chosen(self) -> tuple[Cue, ...]:
        """The cues that may be heard, in the order of ``CUES``."""
        return tuple(cue for cue in CUES if cue in self._chosen)

    def choose(self, cues: Iterable[Cue]) -> None:
        """Let only these cues be heard from now on."""
        self._chosen = frozenset(cues)

    def play(self, cue: Cue) -> None:
        """Let a cue be heard as soon as those before it are over; nothing if it is turned off."""
        if cue in self._chosen and cue not in self._waiting:
            self._waiting.append(cue)

    @property
    def busy(self) -> bool:
        """Whether a cue is heard or waits."""
        return self._rest is not None or bool(self._waiting)

    def block(self) -> Pcm | None:
        """The next 10 ms of cues, None when none is due. Worker only."""
        if self._rest is None:
            try:
                cue = self._waiting.popleft()
            except IndexError:
                return None
            if cue not in self._sounds:
                self._sounds[cue] = tone_of(cue)
            self._rest = self._sounds[cue]
        block = self._rest[:BLOCK_SAMPLES]
        rest = self._rest[BLOCK_SAMPLES:]
        self._rest = rest if len(rest) else None
        return block
