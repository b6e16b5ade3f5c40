import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from audio.capture import rnnoise
from audio.capture.rnnoise import Rnnoise, RnnoiseMissingError
from tests.audio.voices import blocks


def spec_in(folder: Path):
    def find(name: str) -> ModuleSpec:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    return find


def test_noise_is_taken_away_and_is_no_voice():
    if rnnoise.library_path() is None:
        pytest.skip("the extra rnnoise is not installed")
    denoiser = Rnnoise()
    noise = (np.random.default_rng(1).normal(size=48_000 * 3) * 500).astype(np.float32)
    cleaned = [denoiser.clean(block) for block in blocks(noise)]
    last = np.concatenate([block for block, _ in cleaned[-100:]])
    assert np.sqrt(np.mean(last**2)) < 100
    assert np.mean([probability for _, probability in cleaned[-100:]]) < 0.5
    assert "pyrnnoise" not in sys.modules
    with pytest.raises(ValueError, match="480"):
        denoiser.clean(noise[:100])
    denoiser.close()
    denoiser.close()


def test_without_the_wheel_it_says_so(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert rnnoise.library_path() is None
    with pytest.raises(RnnoiseMissingError):
        Rnnoise()


def test_a_file_that_is_no_library_is_missing_too(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", spec_in(tmp_path))
    assert rnnoise.library_path() is None
    for name in ("librnnoise.so", "librnnoise.dylib", "rnnoise.dll"):
        (tmp_path / name).write_bytes(b"no library")
    with pytest.raises(RnnoiseMissingError):
        Rnnoise()
