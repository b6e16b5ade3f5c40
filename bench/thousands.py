"""Rooms of thousands: where everybody hangs, how late sound is, how long it is missing.

``thousands.py [--members 10000] [--seconds 180] [--only NAME] [--seed 1] [--json]``

Runs on a virtual clock. *carriers*: of the members 40 % pass sound on, to 4.6 others on average;
the room names three of them. *relays*: nobody does but 40 relays that the room names, 400 places
each. In both everybody comes within two minutes; then people come and go, they stay 20 minutes on
average, of those that go 30 % vanish without a word. At the end 30 % of all nodes that pass sound
on are lost at once. *hostile*: as the first, a fifth as many members, and one in twenty of the
carriers always says that it has room and is close, takes 64 children and passes on nothing.

Run here is the shipped placement (``p2p/mesh/tree``) of every node, each on its own, by messages;
``lab/sim/tree_world.py`` says what is made up. Not run here: links, frames, operations and keys. A
relay hangs under other relays by ``Place``; no program carries for others as a member yet, and
members sit at relays by ``relay_choice``, which heeds whom their person trusts.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.sim.tree_world import Seen, TreeWorld
from p2p.mesh.tree.row import DEPTH_MAX

COME_S = 120.0
LOOK_S = 2
STAY_S = 1200.0
CRASHES = 0.3
CARRY = 0.4
SLOTS, SHARES = (2, 4, 8, 16), (0.45, 0.3, 0.17, 0.08)
LOSS = 0.3
HOSTILE = 0.05
BARS = {"p95_s": 0.3, "silent_pct": 0.1, "healed_s": 3.0, "cpu_s": 60.0}


class Run:
    """One room.

    Args:
        seed: Of all chance.
        members: How many it has.
        named: Places of the nodes that the room names.
        slots: To how many others somebody new passes sound on.
        hostile: The part of those that do which only says so.
    """

    def __init__(
        self,
        seed: int,
        members: int,
        named: list[int],
        slots: Callable[[random.Random], int],
        hostile: float = 0.0,
    ) -> None:
        self.rng = random.Random(seed)
        self.world = TreeWorld(seed, named)
        self.members = members
        self._slots = slots
        self._hostile = hostile
        self._looks: list[Seen] = []

    def come(self) -> None:
        """Somebody comes, to go one day."""
        slots = self._slots(self.rng)
        hostile = slots > 0 and self.rng.random() < self._hostile
        key = self.world.add(64 if hostile else slots, hostile=hostile)
        goes = self.world.crash if self.rng.random() < CRASHES else self.world.leave
        self.world.later(self.rng.expovariate(1.0 / STAY_S), goes, key)

    def live(self, seconds: float) -> dict[str, object]:
        """Everybody comes; then people come and go for so long."""
        started_s, world = time.process_time(), self.world
        for n in range(self.members):
            world.later(n * COME_S / self.members, self.come)
        world.run(COME_S)
        self._churn()
        for second in range(0, int(seconds), LOOK_S):
            world.run(COME_S + second + LOOK_S)
            self._looks.append(world.look())
        cpu_s = time.process_time() - started_s
        return self._result(seconds) | {"cpu_s": round(cpu_s, 1)}

    def lose(self) -> dict[str, object]:
        """Many of those that pass sound on are gone at once: how long until 99.9 % hear again."""
        world, rng = self.world, self.rng
        carry = [key for key, node in world.nodes.items() if node.slots]
        before = world.look().hearing
        for key in rng.sample(carry, int(LOSS * len(carry))):
            world.crash(key)
        lost_s, silent_s, healed_s = world.now, 0.0, None
        worst = 0
        while world.now < lost_s + 15.0:
            world.run(world.now + 0.2)
            seen = world.look()
            worst = max(worst, seen.silent)
            silent_s += 0.2 * seen.silent
            if seen.silent <= 0.001 * seen.hearing:
                healed_s = healed_s or round(world.now - lost_s, 1)
            else:
                healed_s = None
        left = len(world.nodes)
        return {
            "lost": int(LOSS * len(carry)),
            "hearing_before": before,
            "silent_at_worst": worst,
            "healed_s": healed_s,
            "silent_s_each": round(silent_s / left, 2),
            "never": seen.silent,
            "loops_after": world.cycles(),
        }

    def _churn(self) -> None:
        self.come()
        self.world.later(self.rng.expovariate(self.members / STAY_S), self._churn)

    def _result(self, seconds: float) -> dict[str, object]:
        looks, world = self._looks, self.world
        silent = sum(seen.silent for seen in looks)
        heard = sum(seen.hearing for seen in looks)
        last = looks[-1]
        waits = [
            node.first_sound_s - node.born_s
            for node in world.nodes.values()
            if node.first_sound_s is not None and node.born_s > COME_S
        ]
        return {
            "members": len(world.nodes),
            "seconds": seconds,
            "depth_max": max(max(seen.depths) for seen in looks),
            "depths": dict(sorted(last.depths.items())),
            "p50_s": round(statistics.median(last.delays_s), 3),
            "p95_s": round(max(percentile(seen.delays_s, 95) for seen in looks[-30:]), 3),
            "silent_pct": round(100.0 * silent / max(1, silent + heard), 3),
            "without_place_at_end": last.waiting,
            "behind_hostile_at_most": max(seen.behind_hostile for seen in looks),
            "loops": world.loops + world.cycles(),
            "first_sound_s_p95": round(percentile(waits, 95), 1) if waits else None,
            "messages_a_member_a_minute": round(
                60.0 * sum(world.counters.values()) / (COME_S + seconds) / len(world.nodes), 1
            ),
        }


def percentile(values: list[float], part: int) -> float:
    """The value that ``part`` of a hundred are at most."""
    return sorted(values)[min(len(values) - 1, len(values) * part // 100)]


def carriers(rng: random.Random) -> int:
    """How many children a member of that room takes."""
    return rng.choices(SLOTS, SHARES)[0] if rng.random() < CARRY else 0


def main() -> int:
    """Prints the results; 1 if one of the bars is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=180.0, help="of coming and going")
    parser.add_argument("--only", choices=("carriers", "relays", "hostile"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the last line")
    asked = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    for name in ("carriers", "relays", "hostile"):
        if asked.only not in (None, name):
            continue
        if name == "relays":
            run = Run(asked.seed, asked.members, [400] * 40, lambda _rng: 0)
        elif name == "carriers":
            run = Run(asked.seed, asked.members, [8] * 3, carriers)
        else:
            run = Run(asked.seed, asked.members // 5, [8] * 3, carriers, HOSTILE)
        found[name] = run.live(asked.seconds)
        if name != "hostile":
            found[name] |= run.lose()
        if not asked.json:
            print(name, json.dumps(found[name], indent=1), flush=True)
    held = {
        f"{name} {bar}": one[bar] is not None and float(str(one[bar])) <= limit
        for name, one in found.items()
        for bar, limit in BARS.items()
        if bar in one and name != "hostile"
    }
    for name, one in found.items():
        held[f"{name} depth"] = int(str(one["depth_max"])) <= DEPTH_MAX
        held[f"{name} loops"] = one["loops"] == 0
    print(json.dumps({"ok": all(held.values()), "held": held} | found))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
