"""How much of what a speaker was heard saying had to be invented."""


class PlayTime:
    """Samples of one speaker; pauses do not count."""

    def __init__(self) -> None:
        self._real = 0
        self._concealed = 0
        self._waited = 0

    @property
    def concealed_pct(self) -> float:
        """Share that was invented, 0 to 100."""
        total = self._concealed + self._real
        return 100.0 * self._concealed / total if total else 0.0

    def real(self, samples: int) -> None:
        """So many were decoded."""
        self._real += samples

    def concealed(self, samples: int) -> None:
        """So many were invented."""
        self._concealed += samples

    def waited(self, samples: int) -> None:
        """So many were invented while it was not known whether this is a hole or a pause."""
        self._waited += samples

    def resumed(self) -> None:
        """It was a hole."""
        self._concealed += self._waited
        self._waited = 0

    def paused(self) -> None:
        """It was a pause."""
        self._waited = 0
