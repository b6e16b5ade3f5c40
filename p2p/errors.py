"""The three families of errors, named once for all of ``p2p`` and ``tui``."""

from crypto.errors import LocalError, RemoteError, UserError

__all__ = ["LocalError", "RemoteError", "UserError"]
