"""Names that look alike.

A name proves nothing, but somebody may take the name of a moderator to be believed. Two names are
alike if their *skeletons* are equal (UTS #39 §4): compatibility forms and case folded away, marks
taken off, and letters of other scripts that are drawn like Latin ones read as these. The table is
short: what people would take for the same at the size of a terminal's letters.
"""

import bisect
import functools
import unicodedata

from crypto.ids import MemberId

NAMES_MAX = 16384
"""Names of which it is remembered what they look like: more than a room has members."""

_LOOKALIKES = {
    "a": "αаɑ", "b": "ьвβƅ", "c": "сϲᴄ", "d": "ԁ", "e": "еєεҽ", "g": "ɡց", "h": "һнհ",
    "i": "іɩιӏı1l|!ǀ", "j": "јϳ", "k": "кκ", "m": "мʍ", "n": "ոпη", "o": "оοσ0օ",
    "p": "рρ", "q": "ԛզ", "r": "гᴦ", "s": "ѕꜱ5$", "t": "тτ", "u": "υսᴜц", "v": "ѵνv",
    "w": "ԝшωѡ", "x": "хχ×", "y": "уүγ", "z": "ᴢ2",
}  # fmt: skip

_READ_AS: dict[int, str | None] = {
    ord(seen): latin for latin, many in _LOOKALIKES.items() for seen in many
}
_READ_AS |= dict.fromkeys(map(ord, " .,-_'’`·"))


@functools.lru_cache(maxsize=NAMES_MAX)
def skeleton(name: str) -> str:
    """Reduce a name to what it looks like. May be empty."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me"))
    return bare.translate(_READ_AS).replace("rn", "m").replace("vv", "w")


class Lookalikes:
    """Those in the room, by what their names look like, the most senior of each first."""

    def __init__(self) -> None:
        self._alike: dict[str, list[tuple[int, MemberId]]] = {}

    def come(self, rank: int, member: MemberId, name: str) -> list[MemberId]:
        """Take in somebody new; gives those who imitate another by that, maybe, or another one."""
        alike = self._alike.setdefault(skeleton(name), [])
        before = alike[:2]
        bisect.insort(alike, (rank, member))
        return [member] if alike[:2] == before else [one for _, one in alike]

    def go(self, rank: int, member: MemberId, name: str) -> list[MemberId]:
        """Leave out somebody; gives the same."""
        alike = self._alike[skeleton(name)]
        before = alike[:2]
        del alike[bisect.bisect_left(alike, (rank, member))]
        return [member] if alike[:2] == before else [member, *(one for _, one in alike)]

    def imitated(self, rank: int, member: MemberId, name: str) -> MemberId | None:
        """Tell whose name the name of a member looks like: the most senior other one's.

        Of two of equal rank each imitates the other: operations do not tell who came first.
        """
        alike = self._alike.get(skeleton(name), [])
        if len(alike) < 2:
            return None
        first, second = alike[:2]
        if (rank, member) != first:
            return first[1]
        return second[1] if first[0] == second[0] else None
