"""The part of ``kick.py`` with thousands of members: a key that is wrapped by many."""

import statistics
from collections.abc import Callable
from dataclasses import asdict
from unittest.mock import patch

from lab.sim.crowd import Crowd, Found
from p2p.rekey import shares

DEAD = 0.01
WITHHOLD = 0.1
UPLOAD_BAR_BYTES = 40_000
LARGE = 1000
BARS_S = {"small": (0.5, 1.0), "large": (1.0, 2.0)}
"""Until the removed one is deaf, and until the last listener has the key."""


def crowd(
    members: int, kicks: int, seed: int, percentile: Callable[[list[float], float], float]
) -> dict:
    """Several removals, each in a room of its own."""
    deaf_bar_s, last_bar_s = BARS_S["large" if members > LARGE else "small"]
    seeds = range(seed, seed + kicks)
    shared = [Crowd(one, members, dead=DEAD).kick() for one in seeds]
    withheld = Crowd(seed, members, dead=DEAD, withhold=WITHHOLD).kick()
    with patch.object(shares, "SHARE_MEMBERS", members):
        alone = Crowd(seed, members, dead=DEAD).kick()
    deaf_s = percentile([one.deaf_s for one in shared], 95)
    last_s = max(one.last_listener_s for one in shared)
    upload = max(max(one.author_up_bytes, one.most_up_bytes) for one in shared)
    return {
        "members": members,
        "kicks": kicks,
        "deaf_ms_p95": round(1000 * deaf_s),
        "last_listener_ms_max": round(1000 * last_s),
        "median_listener_ms": round(
            1000 * statistics.median(one.median_listener_s for one in shared)
        ),
        "upload_bytes_max": upload,
        "without_key": sum(one.without_key for one in shared),
        "last": _rounded(shared[-1]),
        "some_withhold": _rounded(withheld),
        "author_alone": _rounded(alone),
        "ok": deaf_s <= deaf_bar_s
        and last_s <= last_bar_s
        and upload <= UPLOAD_BAR_BYTES
        and not any(one.without_key for one in (*shared, withheld)),
    }


def _rounded(found: Found) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(found).items()}
