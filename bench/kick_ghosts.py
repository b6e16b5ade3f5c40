"""The part of ``kick.py`` in which the removed one comes back alone, by a real relay.

Each round somebody new comes into a locked room, makes two names for itself while it is in, and is
removed with a new key. Both names sit down at the relay with the pass of before, say their joins
and ask for keys, over and over, and are given every frame of the host that a listener gets.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from crypto.ids import MemberId
from lab.ghost import Ghost, a_ghost
from lab.node_house import Person, a_house
from p2p.api import commands as c
from p2p.api import events as e

NAMES = 2
AGAIN_S = 0.1
WATCHED_S = 3.0


async def ghosts(rounds: int, percentile: Callable, deaf_bar_ms: float) -> dict[str, Any]:
    """Several rounds in one room.

    Args:
        rounds: How many are removed.
        percentile: Of a list, by share.
        deaf_bar_ms: For the 95th percentile.
    """
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        ways: dict[str, Any] = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        words = (await host.key()).words
        good = await house.guest("good", words, **ways)
        await good.until(e.Joined)
        host.node.do(c.SetMic(True))
        await good.until(e.FirstSound)
        rows = [await _round(house, host, good, words, relay, ways, n) for n in range(rounds)]
        before = good.session.secrets.frames.heard(host.session.peers.room.me).opened
        await asyncio.sleep(1.0)
        goes_on = good.session.secrets.frames.heard(host.session.peers.room.me).opened > before
    deaf_ms = [row["deaf_ms"] for row in rows]
    result = {
        "kicks": rounds,
        "names_each": NAMES,
        "deaf_ms_p95": percentile(deaf_ms, 95),
        "deaf_ms_median": statistics.median(deaf_ms),
        "opened_before_min": min(row["opened_before"] for row in rows),
        "given_after_min": min(row["given_after"] for row in rows),
        "in_a_list": sum(row["in_a_list"] for row in rows),
        "goes_on": goes_on,
    }
    result["ok"] = (
        result["deaf_ms_p95"] <= deaf_bar_ms
        and result["opened_before_min"] > 0
        and result["given_after_min"] > 0
        and not result["in_a_list"]
        and goes_on
    )
    return result


async def _round(
    house: Any, host: Person, good: Person, words: str, relay: str, ways: dict[str, Any], n: int
) -> dict[str, float]:
    host.node.do(c.SetLock(False))
    name = f"evil {n}"
    evil = await house.guest(name, words, **ways)
    await evil.until(e.FirstSound)
    await host.until(e.MemberChanged, lambda m: m.name == name and m.state == "here")
    host.node.do(c.SetLock(True))
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(a_ghost(evil, relay)) for _ in range(NAMES)]
        slots = dict(host.session.peers.room.state.slots)
        opened_s: list[float] = []
        given_s = _tap(good, made, slots, opened_s)
        await asyncio.sleep(1.0)
        began_s = time.monotonic()
        host.node.do(c.Remove(host.number_of(name), new_key=True))
        while time.monotonic() < began_s + WATCHED_S:
            for ghost in made:
                if ghost.seats.first is not None:
                    ghost.says_its_join()
            await asyncio.sleep(AGAIN_S)
        lists = [person.session.peers.room.state for person in (host, good)]
        return {
            "deaf_ms": round(1000 * max(0.0, max(opened_s, default=began_s) - began_s), 1),
            "opened_before": sum(at_s < began_s for at_s in opened_s),
            "given_after": sum(at_s > began_s for at_s in given_s),
            "in_a_list": sum(one.in_roster(g.identity.member_id) for one in lists for g in made),
        }


def _tap(
    good: Person, made: list[Ghost], slots: dict[int, MemberId], opened_s: list[float]
) -> list[float]:
    """Give the names every frame that a listener gets."""
    routing, given_s = good.session.routing, []
    take = type(routing).relay_frame

    def relay_frame(frame: bytes, arrival_s: float) -> bool:
        now = time.monotonic()
        given_s.append(now)
        opened_s.extend(now for ghost in made if ghost.opens(frame, slots))
        return take(routing, frame, arrival_s)

    routing.relay_frame = relay_frame  # type: ignore[method-assign]
    return given_s
