"""A relay's lasting key: others have written its public half into invites and lists."""

import base64
import binascii
import contextlib
import os
from pathlib import Path

from p2p.errors import UserError
from p2p.rng import Rng

KEY_BYTES = 32
FILE_NAME = "relay.key"


def default_state_dir() -> Path:
    """Where a relay keeps its key unless told otherwise (XDG base directories)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "teahouse"


def load_or_create(state_dir: Path, rng: Rng) -> bytes:
    """Reads the relay's X25519 secret, or makes it on first use.

    Args:
        state_dir: Made if missing, readable by its owner only.
        rng: Source of a new key.

    Returns:
        32 secret bytes.

    Raises:
        UserError: The file cannot be read or written, or is no key.
    """
    path = state_dir / FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return _parse(path.read_bytes())
        secret = rng(KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b32encode(secret) + b"\n")
    except OSError as exc:
        raise UserError(
            "key_file",
            "The relay's key file cannot be used: {reason}.",
            "Choose a folder you may write with --state-dir.",
            exit_code=2,
            reason=exc.strerror or "unknown error",
        ) from exc
    return secret


def _parse(data: bytes) -> bytes:
    with contextlib.suppress(binascii.Error, ValueError):
        secret = base64.b32decode(data[:128].strip())
        if len(secret) == KEY_BYTES:
            return secret
    raise UserError(
        "key_file",
        "The relay's key file is damaged.",
        "Restore it from a copy, or remove it: the relay then gets a new key and a new line.",
        exit_code=2,
    )
