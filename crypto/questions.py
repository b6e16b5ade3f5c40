"""The questions that a responder has accepted, so that none is answered twice. Sans-IO.

Memory is finite, and whoever holds the words can ask as often as it likes, under as many keys as it
likes. So what strangers asked is forgotten first. Among those who count, the one that has asked
most loses its oldest: nobody can make us forget what another has asked.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection

from crypto.ids import DhKey

MAX_REMEMBERED = 65_536


class Questions:
    """Ephemeral keys of questions, by the static key of who asked.

    Attributes:
        members: Gives the static keys of those who count; to begin with nobody does.
    """

    def __init__(self) -> None:
        self.members: Callable[[], Collection[DhKey]] = frozenset
        self._asked: OrderedDict[DhKey, list[DhKey]] = OrderedDict()  # by caller, oldest first
        self._all: set[DhKey] = set()

    def __contains__(self, ephemeral: DhKey) -> bool:
        return ephemeral in self._all

    def remember(self, ephemeral: DhKey, caller: DhKey) -> None:
        """Takes note of an authentic question.

        Args:
            ephemeral: Its ephemeral key, not known so far.
            caller: Who asked, proven by the handshake.
        """
        if len(self._all) >= MAX_REMEMBERED:
            self._forget_one()
        self._asked.setdefault(caller, []).append(ephemeral)
        self._asked.move_to_end(caller)
        self._all.add(ephemeral)

    def _forget_one(self) -> None:
        members = self.members()
        stranger = next((caller for caller in self._asked if caller not in members), None)
        caller = stranger or max(self._asked, key=lambda each: len(self._asked[each]))
        self._all.discard(self._asked[caller].pop(0))
        if not self._asked[caller]:
            del self._asked[caller]
