"""Datagrams that should do no harm: forged from nothing, or made of true ones."""

import random
from collections.abc import Iterator, Sequence

from crypto.veil import MAX_COVERED_BYTES, Veil

OWN_FIRST_BYTES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xD0, 0xE0)
EXACT_BYTES = (512, 1024, 168, 1200)
MEDIA_BYTES = (300, 330, 400)
STUN_COOKIE = bytes.fromhex("2112a442")
LARGEST_BYTES = 9_000
SOUND_MIN_BYTES = 28


class Garbage:
    """An endless supply.

    Args:
        true: Datagrams that passed between honest nodes, on the wire and under the veil.
        veils: Of those who get the garbage, or others; half of it is covered.
        seed: The same seed gives the same garbage.
    """

    def __init__(self, true: Sequence[bytes], veils: Sequence[Veil], seed: int) -> None:
        self._true, self._veils = list(true), list(veils)
        self._rng = random.Random(seed)
        self._kinds = (
            self._replayed,
            self._truncated,
            self._flipped,
            self._lengthened,
            self._spliced,
            self._own,
            self._stun,
            self._dtls,
            self._rtp,
            self._rtcp,
            self._odd,
        )

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self._perhaps_covered(self._rng.choice(self._kinds)())

    def _perhaps_covered(self, data: bytes) -> bytes:
        veil = self._rng.choice([*self._veils, *[None] * len(self._veils)])
        if veil is None or not 0 < len(data) <= MAX_COVERED_BYTES:
            return data
        if len(data) > SOUND_MIN_BYTES and 128 <= data[0] < 192:
            return veil.mask(data)
        return veil.cover(data, self._rng.randbytes, first=False)

    def _bytes(self, most: int, least: int = 0) -> bytes:
        return self._rng.randbytes(self._rng.randint(least, most))

    def _replayed(self) -> bytes:
        return self._rng.choice(self._true)

    def _truncated(self) -> bytes:
        whole = self._replayed()
        return whole[: self._rng.randrange(len(whole))]

    def _flipped(self) -> bytes:
        data = bytearray(self._replayed())
        for _ in range(self._rng.randint(1, 8)):
            data[self._rng.randrange(len(data))] ^= 1 << self._rng.randrange(8)
        return bytes(data)

    def _lengthened(self) -> bytes:
        return self._replayed() + self._bytes(64, 1)

    def _spliced(self) -> bytes:
        head, tail = self._replayed(), self._replayed()
        return head[: self._rng.randint(1, len(head))] + tail[self._rng.randrange(len(tail)) :]

    def _own(self) -> bytes:
        length = self._rng.choice((*EXACT_BYTES, self._rng.randint(1, 1400)))
        return bytes((self._rng.choice(OWN_FIRST_BYTES),)) + self._rng.randbytes(length - 1)

    def _stun(self) -> bytes:
        attributes = b"".join(
            self._rng.choice((0x0006, 0x0008, 0x0020, 0x0025, 0x8028, 0x802A)).to_bytes(2, "big")
            + self._rng.choice((0, 4, 8, 20, 0xFFFF)).to_bytes(2, "big")
            + self._bytes(24)
            for _ in range(self._rng.randint(0, 6))
        )
        kind = self._rng.choice((0x0001, 0x0101, 0x0111, 0x0011, 0x3FFF)).to_bytes(2, "big")
        length = self._rng.choice((len(attributes), 0, 0xFFFF)).to_bytes(2, "big")
        return kind + length + STUN_COOKIE + self._rng.randbytes(12) + attributes

    def _dtls(self) -> bytes:
        body = self._bytes(400)
        length = self._rng.choice((len(body), 0, 0xFFFF)).to_bytes(2, "big")
        kind = self._rng.choice((20, 21, 22, 23, 25, 63))
        return bytes((kind, 0xFE, 0xFD)) + self._rng.randbytes(8) + length + body

    def _rtp(self) -> bytes:
        first = self._rng.choice((0x80, 0x90, 0xB0, 0xBF, 0x8F))
        return bytes((first, self._rng.choice((96, 111)))) + self._rng.randbytes(
            self._rng.choice(MEDIA_BYTES)
        )

    def _rtcp(self) -> bytes:
        return bytes((0x80, self._rng.choice((200, 201, 205, 206)))) + self._bytes(200)

    def _odd(self) -> bytes:
        length = self._rng.choice((0, 1, 2, 1400, 1501, LARGEST_BYTES))
        return self._rng.randbytes(length)
