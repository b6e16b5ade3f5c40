"""The lines of a relay, each by a number that no other one gets again."""

from collections.abc import Iterator

from p2p.link.line import Line
from p2p.link.link import MediaLink


class Lines:
    """All that are there now.

    Attributes:
        links: The same by number, as far as sound needs them.
        next_number: Of the next line.
    """

    def __init__(self) -> None:
        self.links: dict[int, MediaLink] = {}
        self.next_number = 1
        self._lines: dict[int, Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[tuple[int, Line]]:
        """Numbers and lines, as they are when this is asked."""
        return iter(list(self._lines.items()))

    def get(self, number: int) -> Line | None:
        """The line of this number, if it is there still."""
        return self._lines.get(number)

    def add(self, line: Line) -> int:
        """Give a line its number."""
        number, self.next_number = self.next_number, self.next_number + 1
        self._lines[number], self.links[number] = line, line.link
        return number

    def drop(self, number: int) -> None:
        """A line is gone; may be repeated."""
        self._lines.pop(number, None)
        self.links.pop(number, None)
