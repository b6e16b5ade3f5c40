"""Which of two links to one address counts. Sans-IO."""

ABANDONED_AFTER_S = 1.0


class Standing:
    """What a link is worth beside others.

    Args:
        now: Monotonic seconds.

    Attributes:
        order: Grows with every link that starts to connect; 0 before.
        established: Its keys are agreed.
        tie: Equal at both ends of the link, different for every link.
        last_heard_s: Monotonic seconds when its peer last proved that it is there.
    """

    def __init__(self, now: float) -> None:
        self.order = 0
        self.established = False
        self.tie = b""
        self.last_heard_s = now

    def outranks(self, owner: "Standing") -> bool:
        """Whether this link may take over what is the owner's.

        Two links that are both being made (each end called the other) are ranked alike at both
        ends, whichever was started first here or there; but one that has fallen silent was given
        up.
        """
        silent_s = self.last_heard_s - owner.last_heard_s
        if not self.established and not owner.established and silent_s < ABANDONED_AFTER_S:
            return self.tie > owner.tie
        return self.order > owner.order
