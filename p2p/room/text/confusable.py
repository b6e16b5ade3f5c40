"""Names that look alike.

A name proves nothing, but somebody may take the name of a moderator to be believed. Two names are
alike if their *skeletons* are equal (UTS #39 §4): compatibility forms and case folded away, marks
taken off, and letters of other scripts that are drawn like Latin ones read as these. The table is
short: what people would take for the same at the size of a terminal's letters.
"""

import functools
import unicodedata
from collections.abc import Iterable, Mapping

from crypto.ids import MemberId

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


@functools.lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Reduce a name to what it looks like. May be empty."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me"))
    return bare.translate(_READ_AS).replace("rn", "m").replace("vv", "w")


def imitations(members: Iterable[tuple[int, MemberId, str]]) -> Mapping[MemberId, MemberId]:
    """Find members whose names look like another's.

    Args:
        members: Rank, id and name of those in the room.

    Returns:
        For each such member the most senior other one. Of two of equal rank each imitates the
        other: operations do not tell who came first.
    """
    alike: dict[str, list[tuple[int, MemberId]]] = {}
    for rank, member, name in members:
        alike.setdefault(skeleton(name), []).append((rank, member))
    found: dict[MemberId, MemberId] = {}
    for same in alike.values():
        if len(same) > 1:
            same.sort()
            first, second = same[:2]
            found |= {member: first[1] for _, member in same[1:]}
            if first[0] == second[0]:
                found[first[1]] = second[1]
    return found
