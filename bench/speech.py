"""Real recorded speech for the sound benches, out of Debian packages.

The packages are downloaded with ``apt-get download`` and unpacked into a cache folder; nothing
is installed. Five of the clips are telephone announcers (asterisk's prompts, CC-BY-SA: en, es,
fr, it, ru), one is a LibriVox reader and two are men at a desk (pocketsphinx's test data, BSD),
one names loudspeakers (alsa-utils, GPL). Sampled at 16 kHz and more.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

from audio.pcm import RATE_HZ, Pcm

CLIP_S = 8.0
_LEVEL_DBFS = -23.0
_GAP_S = 0.4
_SEARCH_S = 1.0
_SILENCE_S = 0.5
"""Before and after each clip: without it PESQ (P.862) judges the cut, not the speech."""
_PROMPTS = "usr/share/asterisk/sounds"
_DATA = "usr/share/pocketsphinx/test/data"
_AUSTEN = "librivox/sense_and_sensibility_01_austen_64kb"


@dataclass(frozen=True, slots=True)
class Clip:
    """About 8 s of somebody, int16 at 48 kHz, -23 dBFS, silent for 0.5 s at both ends."""

    name: str
    sound: Pcm


@dataclass(frozen=True, slots=True)
class _Recipe:
    name: str
    package: str
    files: tuple[str, ...]


_RECIPES = (
    _Recipe("en, woman", "asterisk-core-sounds-en-g722", (f"{_PROMPTS}/en*/demo-instruct.g722",)),
    _Recipe("es, woman", "asterisk-core-sounds-es-g722", (f"{_PROMPTS}/es*/demo-instruct.g722",)),
    _Recipe("fr, woman", "asterisk-core-sounds-fr-g722", (f"{_PROMPTS}/fr*/demo-instruct.g722",)),
    _Recipe("it, man", "asterisk-core-sounds-it-g722", (f"{_PROMPTS}/it*/demo-instruct.g722",)),
    _Recipe("ru, woman", "asterisk-core-sounds-ru-g722", (f"{_PROMPTS}/ru*/demo-instruct.g722",)),
    _Recipe(
        "en, reader",
        "pocketsphinx-testdata",
        (f"{_DATA}/{_AUSTEN}-0870.wav", f"{_DATA}/{_AUSTEN}-0920.wav"),
    ),
    _Recipe("en, man, cards", "pocketsphinx-testdata", (f"{_DATA}/cards/00?.wav",)),
    _Recipe(
        "en, man, desk",
        "pocketsphinx-testdata",
        (f"{_DATA}/goforward.raw", f"{_DATA}/something.raw", f"{_DATA}/numbers.raw"),
    ),
    _Recipe("en, alsa", "alsa-utils", ("usr/share/sounds/alsa/*_*.wav",)),
)
COUNT = len(_RECIPES)


def folder() -> Path:
    """Where packages are kept: below ``XDG_CACHE_HOME`` or the folder for temporary files."""
    base = os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()
    return Path(base) / "teahouse-bench"


def clips(count: int = COUNT) -> list[Clip]:
    """Return the first ``count`` clips, downloading what is not in the cache yet.

    Raises:
        SystemExit: A package could not be had; says which and why.
    """
    return [_clip(recipe) for recipe in _RECIPES[:count]]


def _clip(recipe: _Recipe) -> Clip:
    root = _unpacked(recipe.package)
    paths = [path for pattern in recipe.files for path in sorted(root.glob(pattern))]
    if not paths:
        raise SystemExit(f"{recipe.package} no longer holds {recipe.files[0]}")
    gap = np.zeros(int(_GAP_S * RATE_HZ), np.float32)
    parts = [part for path in paths for part in (_read(path), gap)]
    sound = np.concatenate(parts)
    if len(sound) < (CLIP_S + 2 * _SEARCH_S) * RATE_HZ:
        sound = np.tile(sound, 2)
    first = _quietest(sound, 0.0)
    sound = sound[first : _quietest(sound, first / RATE_HZ + CLIP_S - _SEARCH_S)]
    loudness = float(np.sqrt(np.mean(sound * sound))) + 1e-9
    sound *= 32768.0 * 10 ** (_LEVEL_DBFS / 20) / loudness
    sound = np.pad(sound, round(_SILENCE_S * RATE_HZ))
    return Clip(recipe.name, np.clip(np.rint(sound), -32768, 32767).astype(np.int16))


def _quietest(sound: np.ndarray, from_s: float) -> int:
    """Where to cut: the middle of the quietest 60 ms, so that no word is broken off."""
    begin, window = int(from_s * RATE_HZ), int(0.06 * RATE_HZ)
    energy = np.convolve(sound[begin : begin + int(_SEARCH_S * RATE_HZ)] ** 2, np.ones(window))
    return begin + int(np.argmin(energy[window:-window])) + window // 2


def _unpacked(package: str) -> Path:
    cache = folder()
    target = cache / package
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    print(f"fetching {package} …", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        try:
            _run("apt-get", "download", package, cwd=scratch)
            (archive,) = Path(scratch).glob("*.deb")
            _run("dpkg-deb", "-x", str(archive), f"{scratch}/out", cwd=scratch)
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            detail = getattr(error, "stderr", "") or error
            raise SystemExit(
                f"cannot fetch {package}: {detail}\nThis bench needs Debian's packages of speech: "
                "run `apt-get update` and see that the network is there."
            ) from None
        Path(scratch, "out").rename(target)
    return target


def _run(*command: str, cwd: str) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)


def _read(path: Path) -> np.ndarray:
    """Read a file as float32 at 48 kHz, -1 to 1."""
    if path.suffix == ".raw":
        options = {"format": "s16le", "options": {"sample_rate": "16000"}}
    else:
        options = {"format": path.suffix[1:]}
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    parts = []
    with av.open(str(path), **options) as container:
        for frame in container.decode(audio=0):
            parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
    parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    return np.concatenate(parts)


def main() -> int:
    """Print what there is."""
    for clip in clips():
        windows = clip.sound[: len(clip.sound) // 960 * 960].reshape(-1, 960)
        loud = np.abs(windows).max(axis=1) > 300
        turns = sum(1 for before, after in pairwise(loud) if after and not before)
        seconds = len(clip.sound) / RATE_HZ
        print(f"{clip.name:16} {seconds:.1f} s, {loud.mean():.0%} loud, {turns} turns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
