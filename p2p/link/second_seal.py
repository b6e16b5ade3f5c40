"""The second seal of a line between members: ML-KEM under DTLS or Noise, see ``crypto.kem``.

The asked end says its encapsulation key as soon as the line is up. The asking end, which speaks
first, puts the ciphertext in front of its first message. So it costs no round trip, and no message
ever goes without it.
"""

from crypto.kem import CIPHERTEXT_BYTES, DecapsulationKey, LineCipher, encapsulate
from p2p.errors import RemoteError
from p2p.rng import Rng


class SecondSeal:
    """One end's side. Sans-IO.

    Args:
        asked: We answer the peer's question for this line; False: it is ours.
        rng: Source of the asked end's key.
    """

    def __init__(self, *, asked: bool, rng: Rng) -> None:
        self._asked = asked
        self._rng = rng
        self._key: DecapsulationKey | None = None
        self._cipher: LineCipher | None = None
        self._first = b""
        self._waiting: list[bytes] = []

    def greeting(self) -> bytes:
        """What the asked end says before all else, once."""
        self._key = DecapsulationKey(self._rng)
        return self._key.public

    def say(self, message: bytes) -> None:
        """Take a message of ours; ``to_send`` gives it out when it can go."""
        self._waiting.append(message)

    def to_send(self) -> list[bytes]:
        """Give out what can go now, sealed, in order."""
        cipher, sealed = self._cipher, list[bytes]()
        if cipher is not None:
            for message in self._waiting:
                sealed.append(self._first + cipher.seal(message))
                self._first = b""
            self._waiting.clear()
        return sealed

    def take(self, data: bytes, tie: bytes) -> bytes | None:
        """Take what the peer says.

        Args:
            data: Foreign bytes, the next ones of the line.
            tie: Names the line.

        Returns:
            A message; None: it was the asked end's key.

        Raises:
            RemoteError: It does not open, now or ever: the line is of no use.
        """
        if self._cipher is None and not self._asked:
            self._cipher, self._first = encapsulate(data, tie)
            return None
        if self._cipher is None:
            if self._key is None:
                raise RemoteError("spoke before it was greeted")
            self._cipher = self._key.open(data[:CIPHERTEXT_BYTES], tie)
            self._key, data = None, data[CIPHERTEXT_BYTES:]
        return self._cipher.open(data)
