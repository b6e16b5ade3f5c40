"""Which relay to try next: those that we may use, those that the room names, those that said no."""

from collections.abc import Collection, Sequence

from crypto.contact import Contact
from crypto.ids import DhKey

RETRY_S = 1.0
RETRY_MAX_S = 30.0


class RelayChoice:
    """The relays of one member, by their keys.

    Attributes:
        refused: Why relays did not take us, last word of each by its key.
    """

    def __init__(self) -> None:
        self.refused: dict[DhKey, str] = {}
        self._relays: list[Contact] = []
        self._named: frozenset[DhKey] = frozenset()
        self._waits: dict[DhKey, tuple[float, float]] = {}

    def set_relays(self, relays: Sequence[Contact]) -> None:
        """Which relays may be used, the best first."""
        self._relays = list(relays)

    def set_named(self, keys: Collection[DhKey]) -> None:
        """Which relays the room names; they join each other."""
        self._named = frozenset(keys)

    def is_named(self, relay: Contact) -> bool:
        """Whether the room names it."""
        return relay.dh in self._named

    def useful(self, seated: Sequence[Contact]) -> list[Contact]:
        """The relays that we may use and that did not say no, those where we sit first."""
        taken = {contact.dh for contact in seated} | self.refused.keys()
        return [*seated, *(contact for contact in self._relays if contact.dh not in taken)]

    def next(self, taken: Collection[DhKey], now: float) -> Contact | None:
        """The best relay that may be tried now, one that the room names rather than another.

        Args:
            taken: Keys of relays where we sit, or are about to.
            now: Monotonic seconds.
        """
        ready = (
            relay
            for relay in sorted(self._relays, key=lambda each: not self.is_named(each))
            if relay.dh not in taken and now >= self._waits.get(relay.dh, (0.0, 0.0))[1]
        )
        return next(ready, None)

    def took_us(self, relay: Contact) -> None:
        """It let us in."""
        self.refused.pop(relay.dh, None)
        self._waits.pop(relay.dh, None)

    def refused_us(self, relay: Contact, why: str, now: float) -> None:
        """It did not let us in."""
        self.refused[relay.dh] = why
        self.wait(relay, now)

    def pass_changed(self) -> None:
        """We hold another pass: who refused the one before is not waited for."""
        for relay, why in self.refused.items():
            if why == "bad_pass":
                self._waits.pop(relay, None)

    def wait(self, relay: Contact, now: float) -> None:
        """It is tried again later, each time later still."""
        wait_s = min(RETRY_MAX_S, 2.0 * self._waits.get(relay.dh, (RETRY_S / 2.0, 0.0))[0])
        self._waits[relay.dh] = (wait_s, now + wait_s)
