"""WAVE files with the high byte first (RIFX): FFmpeg reads them as noise, so they are turned."""

import io
import struct
from typing import BinaryIO

import numpy as np

RIFX_BYTES_MAX = 1 << 28
"""Of a larger one the rest is not played."""
_FORMAT = struct.Struct(">HHIIHH")
_WHOLE_BYTES = (2, 3, 4, 8)


def little_endian(file: BinaryIO) -> BinaryIO:
    """Give a file as it is, or a RIFX file as the RIFF file of the same sound.

    Args:
        file: Hostile bytes, at its beginning.

    Raises:
        ValueError: It is a RIFX file that ends in the middle of its description.
    """
    head = file.read(12)
    file.seek(0)
    if head[:4] != b"RIFX" or head[8:] != b"WAVE":
        return file
    raw = file.read(RIFX_BYTES_MAX)
    chunks, at, sample_bytes = [b"WAVE"], 12, 0
    while at + 8 <= len(raw):
        name, size = struct.unpack_from(">4sI", raw, at)
        body = raw[at + 8 : at + 8 + size]
        if name == b"fmt ":
            body, sample_bytes = _description(body)
        elif name == b"data":
            body = _turned(body, sample_bytes)
        if name in (b"fmt ", b"data"):
            chunks.append(struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2))
        at += 8 + size + size % 2
    whole = b"".join(chunks)
    return io.BytesIO(struct.pack("<4sI", b"RIFF", len(whole)) + whole)


def _description(body: bytes) -> tuple[bytes, int]:
    """Turn the plain part of the format; what may follow is not needed for whole samples."""
    try:
        fields = _FORMAT.unpack_from(body)
    except struct.error as error:
        raise ValueError("no format of the sound") from error
    return struct.pack("<HHIIHH", *fields), fields[-1] // 8


def _turned(body: bytes, sample_bytes: int) -> bytes:
    if sample_bytes not in _WHOLE_BYTES:
        return body
    whole = body[: len(body) - len(body) % sample_bytes]
    return np.frombuffer(whole, np.uint8).reshape(-1, sample_bytes)[:, ::-1].tobytes()
