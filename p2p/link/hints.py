"""What a link learns of where its peer is besides the peer's offer. Sans-IO."""

from p2p.wire.addresses import Address

MOVED_CHECK_EVERY_S = 1.0


class Hints:
    """The hints of one connection.

    Attributes:
        trusted_from: Where our offer was sent, if the peer asked from there: a check from there
            shows that it has got it, and needs none of ours first.
        told: An address that was named after the start, the last one: the peer has moved there.
    """

    def __init__(self) -> None:
        self.trusted_from: Address | None = None
        self.told: Address | None = None
        self._followed_s = 0.0

    def follows(self, now: float) -> bool:
        """Whether to look where sound comes from now, which anybody can forge; once a second."""
        if now - self._followed_s <= MOVED_CHECK_EVERY_S:
            return False
        self._followed_s = now
        return True
