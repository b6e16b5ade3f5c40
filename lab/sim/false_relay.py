"""A relay in league with those who were removed: what it keeps back, delays and says again.

It sees who sends to whom, and of which kind a message is, so it can single out a member and a kind.
What is signed or sealed it can not change, only carry late, in another order, twice, or never. To
*besiege* a member is to keep a kind of message from it for a while; sound goes on.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lab.sim.room_client import Client
from p2p.wire.messages import AskKeys, Fresh, GiveKeys, Have, Ops, Wraps
from p2p.wire.relay_messages import AskWrap

RECORDS = (Ops, Have)
KEYS = (Wraps, AskWrap, AskKeys, GiveKeys)
WORDS = (Fresh,)
SIEGES: tuple[tuple[type, ...], ...] = (
    RECORDS, KEYS, WORDS, (*RECORDS, *KEYS), (*RECORDS, *KEYS, *WORDS),
)  # fmt: skip

LATE_S = (0.5, 5.0)
RECORDED = 60
SETTLES_S = 15.0
"""After a siege nobody is judged at once: what was kept back is missed by the next word only."""


@dataclass(frozen=True, slots=True)
class Siege:
    """What is kept from one member: for good, or for as long as one time of ``LATE_S``."""

    kinds: tuple[type, ...]
    until_s: float
    for_good: bool


class FalseRelay:
    """One relay, between all members.

    Args:
        dice: Decides everything.
        clock: Virtual seconds.

    Attributes:
        kept_back: Messages that did not arrive, or late.
    """

    def __init__(self, dice: random.Random, clock: Callable[[], float]) -> None:
        self.kept_back = 0
        self._dice = dice
        self._clock = clock
        self._sieges: dict[int, Siege] = {}
        self._recorded: deque[tuple[Client, object]] = deque(maxlen=RECORDED)

    def besiege(self, client: Client, seconds: float) -> None:
        """Keep something from a member for so long."""
        for_good = self._dice.random() < 0.7
        until_s = self._clock() + seconds
        self._sieges[client.number] = Siege(self._dice.choice(SIEGES), until_s, for_good)

    def cut_off(self, client: Client, seconds: float) -> None:
        """Keep all news from a member: everything but sound, or but sound and words."""
        news = self._dice.choice(SIEGES[-2:])
        self._sieges[client.number] = Siege(news, self._clock() + seconds, for_good=True)

    def relent(self) -> None:
        """End all sieges."""
        now = self._clock()
        for number, siege in self._sieges.items():
            until_s = min(siege.until_s, now)
            self._sieges[number] = Siege(siege.kinds, until_s, siege.for_good)

    def is_besieging(self, client: Client) -> bool:
        """Whether a member lacks something by our doing, or did until a moment ago."""
        siege = self._sieges.get(client.number)
        return siege is not None and self._clock() < siege.until_s + SETTLES_S

    def delay_s(self, to: Client, message: object) -> float | None:
        """How much later a message arrives; None for never."""
        siege = self._sieges.get(to.number)
        if siege is None or self._clock() >= siege.until_s or not isinstance(message, siege.kinds):
            return 0.0
        self.kept_back += 1
        return None if siege.for_good else self._dice.uniform(*LATE_S)

    def record(self, sender: Client, message: object) -> None:
        """Remember what can be said again: what carries its own proof of who made it."""
        if isinstance(message, (Ops, Wraps, Fresh)):
            self._recorded.append((sender, message))

    @property
    def words(self) -> list[Fresh]:
        """Words of moderators that it has heard, the newest last."""
        return [message for _, message in self._recorded if isinstance(message, Fresh)]

    def again(self) -> tuple[Client, object] | None:
        """Something that was said before, and by whom."""
        return self._dice.choice(self._recorded) if self._recorded else None
