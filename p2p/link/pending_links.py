"""The links of a door that are in the making. Sans-IO."""

from crypto.ids import DhKey
from p2p.link.line import Line

PENDING_MAX = 128
PENDING_EACH = 16
"""Links in the making, and of these those of one address; the oldest gives way to a new one."""

QUIET_S = 1.0
"""A set-up that was not heard of for so long is probably none any more."""

Asked = tuple[DhKey, str]
"""Who asked for a link, and its ICE user fragment: another question of the same set-up has both."""


class PendingLinks:
    """Set-ups by what was asked, oldest first; and who got a link a moment ago."""

    def __init__(self) -> None:
        self._lines: dict[Asked, tuple[Line, str | None]] = {}
        self._up_s: dict[DhKey, float] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, asked: Asked) -> Line | None:
        """The line that is being made already."""
        line, _ = self._lines.get(asked, (None, None))
        return line

    def begin(self, asked: Asked, line: Line, ip: str | None) -> None:
        """A set-up begins; ``ip`` is where it was asked for, None: it counts for no address."""
        self._lines[asked] = (line, ip)

    def end(self, asked: Asked) -> None:
        """A set-up is over, however it went."""
        self._lines.pop(asked, None)

    def came_up(self, dh: DhKey, now: float) -> None:
        """A peer got its link, at monotonic seconds."""
        self._up_s = {dh: at_s for dh, at_s in self._up_s.items() if now - at_s < QUIET_S}
        self._up_s[dh] = now

    def give_way(self, ip: str | None) -> Line | None:
        """Takes the oldest out where there are too many: an honest one takes a moment only.

        Args:
            ip: Where the next one is asked for; see ``begin``.

        Returns:
            What is to be closed.
        """
        same = [asked for asked, (_, source) in self._lines.items() if ip and source == ip]
        oldest = same[0] if len(same) >= PENDING_EACH else None
        if oldest is None and len(self._lines) >= PENDING_MAX:
            oldest = next(iter(self._lines))
        return None if oldest is None else self._lines.pop(oldest)[0]

    def is_linking(self, dh: DhKey, now: float) -> bool:
        """Whether a link that this peer asked for is in the making, and getting somewhere.

        It may have given up its question before the question got here.
        """
        pending = [line for (caller, _), (line, _) in self._lines.items() if caller == dh]
        heard = [line.link.last_heard_s for line in pending]
        return any(now - at_s < QUIET_S for at_s in [*heard, self._up_s.get(dh, -QUIET_S)])
