"""A RIFX file is the sound that it holds, not noise."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.capture.rifx import little_endian
from audio.capture.sources import decode

RATE_HZ = 48_000


def rifx(samples: bytes, bits: int, extra: bytes = b"", kind: int = 1) -> bytes:
    """A file as a big-endian machine writes it."""
    step = bits // 8
    fmt = struct.pack(">HHIIHH", kind, 1, RATE_HZ, RATE_HZ * step, step, bits) + extra
    body = b"WAVE" + b"LIST" + struct.pack(">I", 3) + b"abc\0"
    body += b"fmt " + struct.pack(">I", len(fmt)) + fmt
    body += b"data" + struct.pack(">I", len(samples)) + samples
    return b"RIFX" + struct.pack(">I", len(body)) + body


def heard(data: bytes) -> np.ndarray:
    pieces = list(decode(io.BytesIO(data)))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def tone() -> np.ndarray:
    return np.sin(np.arange(RATE_HZ) / RATE_HZ * 440.0 * 2.0 * np.pi) * 0.4


@pytest.mark.parametrize(
    ("kind", "bits", "written"),
    [
        (1, 16, (tone() * 2**15).astype(">i2").tobytes()),
        (1, 32, (tone() * 2**31).astype(">i4").tobytes()),
        (3, 32, tone().astype(">f4").tobytes()),
        (1, 24, (tone() * 2**31).astype(">i4").view("u1").reshape(-1, 4)[:, :3].tobytes()),
        (1, 8, (tone() * 127 + 128).astype("u1").tobytes()),
    ],
)
def test_the_tone_in_it_is_heard(kind: int, bits: int, written: bytes):
    sound = heard(rifx(written, bits, kind=kind))
    assert abs(len(sound) - RATE_HZ) <= 1
    wanted = tone() * 2**15
    assert np.abs(sound[:RATE_HZ] - wanted[: len(sound)]).max() < 400


def test_any_other_file_is_left_as_it_is():
    file = io.BytesIO(b"RIFF\x04\0\0\0WAVE")
    assert little_endian(file) is file
    assert file.tell() == 0


@given(st.binary(max_size=200))
def test_whatever_stands_in_it_nothing_breaks(rest: bytes):
    heard(b"RIFX\0\0\0\0WAVE" + rest)


@given(st.integers(0, 60))
def test_a_file_that_was_cut_off_is_as_much_as_there_is(length: int):
    heard(rifx(b"\0\1" * 40, 16)[:length])
