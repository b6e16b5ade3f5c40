"""How long it takes to work out the state of a large room from its operations.

``evaluate.py [--ops 2000] [--members 700] [--runs 15] [--json]``: a room of 700 with two co-hosts,
four moderators and their helpers, 20 epochs, hands, invitations, mutes, removals and settings;
2,000 signed operations in random order. Measured is ``evaluate`` as members call it, without the
checks of signatures, which every operation passes once; and that check for comparison. Medians of
several runs in one process; names, made safe once per member, are safe already.
"""

import argparse
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Op, verify_op
from p2p.room.state.evaluate import evaluate

BAR_MS = 50.0
CO_HOSTS, MODERATORS, HELPERS = (1, 2), (3, 4, 5, 6), (7, 8, 9)


def history(members: int, count: int, seed: int) -> People:
    """A room with a past, written by the pens of its members."""
    dice = random.Random(seed)
    people = People(members - 1)
    for number in CO_HOSTS:
        people.promote(0, number, 1)
    for number in MODERATORS:
        people.promote(dice.choice(CO_HOSTS), number, 2)
    for number in HELPERS:
        people.promote(dice.choice(MODERATORS), number, 3)
    auths = {n: people.auth(n) for n in (0, *CO_HOSTS, *MODERATORS, *HELPERS)}
    seniors = (0, *CO_HOSTS, *MODERATORS)
    people.epoch()
    head = kinds.Parent(people.state().epoch, 0)
    named, every = 0, max(1, (count - members) // 20)
    key = bytes(32)
    for turn in range(count - len(people.ops)):
        by = dice.choice(seniors)
        member = dice.randrange(10, members)
        write = _writer(people, by, auths[by])
        if turn % every == every - 1:
            epoch = write(kinds.Epoch, (head,), turn, 3, key, key, key, members, key, ())
            head = kinds.Parent(epoch.id, turn)
            continue
        act = dice.choices(("hand", "order", "grant", "take", "mute", "down", "remove", "lock"),
                           (55, 12, 12, 10, 4, 4, 2, 1))[0]  # fmt: skip
        person = people.ids[member]
        if act == "hand":
            people.write(member, kinds.Hand, dice.random() < 0.7)
        elif act == "order":
            hands = tuple(HandRef(people.ids[dice.randrange(10, members)], 1) for _ in range(8))
            write(kinds.Order, named, hands)
            named += 8
        elif act == "grant":
            write(kinds.Grant, head.epoch, dice.randrange(2, 64), person, NONE)
        elif act == "take":
            people.write(member, kinds.Take, people.ops[-1].id)
        elif act == "mute":
            write(kinds.Mute, head.epoch, person, people.ops[-1].id, True)
        elif act == "down":
            write(kinds.Down, head.epoch, person, people.ops[-1].id, NONE, False)
        elif act == "remove":
            write(kinds.Remove, person, people.ops[member].id, people.ops[member].id)
        else:
            write(kinds.Lock, dice.random() < 0.5)
    dice.shuffle(people.ops)
    return people


def _writer(people: People, by: int, auth: bytes) -> Callable[..., Op]:
    return lambda kind, *fields: people.write(by, kind, *fields, auth=auth)


def median_ms(work: Callable[[], object], runs: int) -> float:
    """Median time of several runs, milliseconds."""
    times: list[float] = []
    for _ in range(runs):
        gc.collect()
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", type=int, default=2000)
    parser.add_argument("--members", type=int, default=700)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    people = history(args.members, args.ops, args.seed)
    evaluate(people.genesis, people.ops)
    evaluate_ms = median_ms(lambda: evaluate(people.genesis, people.ops), args.runs)
    signed = [(op, people.keys[people.ids.index(op.author)].sign_key) for op in people.ops[:200]]
    check_ms = median_ms(lambda: [verify_op(op, key) for op, key in signed], 3) / len(signed)
    result = {
        "schema": 1,
        "bench": "evaluate",
        "seed": args.seed,
        "ops": len(people.ops),
        "members": args.members,
        "runs": args.runs,
        "evaluate_ms": round(evaluate_ms, 2),
        "us_per_op": round(1000 * evaluate_ms / len(people.ops), 2),
        "signature_check_us": round(1000 * check_ms, 1),
        "bar_ms": BAR_MS,
        "ok": evaluate_ms <= BAR_MS,
    }
    if not args.json:
        print(f"seed {args.seed}: {len(people.ops)} operations of {args.members} members")
        print(f"evaluate {evaluate_ms:.1f} ms, one signature check {1000 * check_ms:.0f} us")
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
