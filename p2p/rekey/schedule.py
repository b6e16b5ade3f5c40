"""When it is our turn to begin an epoch, and why. Sans-IO.

Nobody orders the moderators, so each decides by itself, the more senior the sooner, and hopes that
the next sees it in time. If two begin one at once that is no harm: the room's key is then made of
both, until somebody merges them.

=========  ======================================================  ================================
why        what for                                                when, the k-th in seniority
=========  ======================================================  ================================
``asked``  a person wants a new key                                at once
``kick``   somebody was shut out                                   at once
``merge``  more than one head: who were shut out of each           k · 0.2 s (a little more if it
           could pool what they hold                               did not help the last time)
``merge``  a head whose secret nobody near us has, also after      1.5 s + k · 0.5 s
           we made one
``merge``  the one that shut somebody out counts no more           k · 0.2 s
``merge``  no head: all are by somebody whose word fell             20 s + k · 0.2 s
``timer``  15 minutes have passed                                  k · 10 s
=========  ======================================================  ================================
"""

from dataclasses import dataclass

from p2p.rng import Rng
from p2p.room.state.epochs import EpochInfo, Why

MERGE_TURN_S = 0.2
MERGE_JITTER_S = 0.1
MERGE_AGAIN_S = 10.0
NONE_S = 20.0
"""Neighbours compare what they hold every fifteen."""
LOST_S = 1.5
"""So that with its wraps under way nobody is left without a key for more than two seconds."""
LOST_TURN_S = 0.5
SCHEDULED_STEPS = 90
NEVER = float("inf")


@dataclass(slots=True)
class Turns:
    """What we know of reasons to begin an epoch.

    Args:
        rng: So that two moderators who stand alike do not act in the same instant for ever.
    """

    rng: Rng
    _asked: Why | None = None
    _asked_at_s: float = NEVER
    _made_at_s: float = -NEVER
    _wide_since_s: float | None = None
    _wide_wait_s: float = 0.0
    _merges: int = 0

    def ask(self, why: Why, now: float) -> None:
        """Our person wants a new key, or has shut somebody out.

        Several in a row are not gathered: who leaves right after the last would owe that one.
        """
        self._asked, self._asked_at_s = why, now

    def observe(self, heads: int, place: int, now: float, *, spoilt: bool = False) -> None:
        """Take note of the room.

        Args:
            heads: How many epochs nothing has replaced.
            place: How many of those who may begin epochs and are here are senior to us.
            now: Monotonic seconds.
            spoilt: Somebody who was removed with new key may hold all heads.
        """
        if heads == 1 and not spoilt:
            self._wide_since_s = None
            if now - self._made_at_s > MERGE_AGAIN_S:
                self._merges = 0
        elif self._wide_since_s is None:
            self._wide_since_s = now
            jitter = self.rng(1)[0] / 256 * MERGE_JITTER_S * (1 + self._merges)
            self._wide_wait_s = MERGE_TURN_S * place + jitter + (0.0 if heads else NONE_S)

    def due(self, missing_since_s: float | None, place: int, now: float) -> Why | None:
        """Say why an epoch has to begin now; None if it has not.

        Args:
            missing_since_s: Since when we lack the secret of a head; None if we lack none.
            place: See ``observe``.
            now: Monotonic seconds.
        """
        if now >= self._asked_at_s:
            return self._asked
        return "merge" if now >= self._merge_at(missing_since_s, place) else None

    def next_timer(self, missing_since_s: float | None, place: int) -> float:
        """When ``due`` will have an answer, monotonic seconds; infinity for never."""
        return min(self._asked_at_s, self._merge_at(missing_since_s, place))

    def made(self, now: float) -> None:
        """We have begun an epoch: all reasons so far are met."""
        if self._wide_since_s is not None:
            self._merges += 1
        self._asked_at_s = NEVER
        self._wide_since_s = None
        self._made_at_s = now

    def _merge_at(self, missing_since_s: float | None, place: int) -> float:
        at_s = NEVER
        if self._wide_since_s is not None:
            at_s = self._wide_since_s + self._wide_wait_s
        if missing_since_s is not None:
            lost_at_s = max(missing_since_s, self._made_at_s) + LOST_S
            at_s = min(at_s, lost_at_s + LOST_TURN_S * place)
        return at_s


def is_scheduled(heads: list[EpochInfo], place: int, step: int) -> bool:
    """Whether the newest epoch is so old that a new one is due, and it is our turn.

    Args:
        heads: The room's heads, at least one.
        place: How many of those who may begin epochs and are here are senior to us; each waits a
            step, ten seconds, longer than the one before.
        step: The present one.
    """
    return step - max(head.step for head in heads) >= SCHEDULED_STEPS + place
