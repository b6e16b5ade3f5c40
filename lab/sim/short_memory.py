"""A room that forgets within a minute what it else forgets within half a day."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from p2p.room.ops import epoch_dag as ancestry
from p2p.room.store import pruning


@contextlib.contextmanager
def short_memory() -> Iterator[None]:
    """Inside, epochs are past after a minute, and nobody who left is remembered."""
    with (
        patch.object(ancestry, "KEPT_STEPS", 6),
        patch.object(ancestry, "AWAITED_STEPS", 5),
        patch.object(pruning, "LEFT_MAX", 0),
    ):
        yield
