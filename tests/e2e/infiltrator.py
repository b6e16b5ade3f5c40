"""A member that keeps everything it can open. For the tests beside it.

``infiltrator.py FILE COMMAND...`` runs the shipped program with these arguments and writes every
control message that it opens, however it came and whatever was wrapped in it, into FILE.
"""

import sys
from typing import Any

from cryptography.hazmat.primitives.ciphers import aead
from nacl import bindings

KEPT_BYTES_MAX = 64 << 20


class Keeper:
    """Writes down what was opened."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115 - as long as the program
        self._left_bytes = KEPT_BYTES_MAX

    def keep(self, opened: bytes) -> None:
        self._left_bytes -= len(opened)
        if self._left_bytes > 0:
            self._file.write(opened + b"\n")


def listen_in(keeper: Keeper) -> None:
    """Puts the keeper behind all that opens or reads messages; sound goes another way."""
    real_open = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt

    def opened(*args: Any, **more: Any) -> bytes:
        plain = real_open(*args, **more)
        keeper.keep(plain)
        return plain

    bindings.crypto_aead_xchacha20poly1305_ietf_decrypt = opened

    class Listening:
        def __init__(self, key: bytes) -> None:
            self._real = real_cipher(key)
            self.encrypt = self._real.encrypt

        def decrypt(self, *args: Any) -> bytes:
            plain = self._real.decrypt(*args)
            keeper.keep(plain)
            return plain

    real_cipher, aead.ChaCha20Poly1305 = aead.ChaCha20Poly1305, Listening  # type: ignore[misc]
    # Only now: what follows takes the functions by name.
    from p2p.room.ops import canonical

    real_unpack = canonical.unpack

    def unpacked(data: bytes, *args: Any) -> Any:
        keeper.keep(data)
        return real_unpack(data, *args)

    canonical.unpack = unpacked


def main() -> int:
    listen_in(Keeper(sys.argv[1]))
    from tui.cli import main as run

    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
