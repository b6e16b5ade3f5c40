import numpy as np
import pytest

from audio.capture.resample import Down, Up


def there_and_back(hz: float) -> float:
    down, up = Down(), Up()
    wave = np.sin(2 * np.pi * hz / 48_000 * np.arange(48_000)).astype(np.float32)
    pieces = [wave[at : at + 480] for at in range(0, 48_000, 480)]
    out = np.concatenate([up.convert(down.convert(piece)) for piece in pieces])
    assert len(out) == len(wave)
    return float(20 * np.log10(np.sqrt(2 * np.mean(out[24_000:].astype(float) ** 2)) + 1e-9))


@pytest.mark.parametrize("hz", [100, 1000, 6000])
def test_a_voice_comes_through(hz):
    assert there_and_back(hz) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("hz", [8200, 10_000, 15_000, 20_000])
def test_what_is_above_the_voice_does_not(hz):
    assert there_and_back(hz) < -30
