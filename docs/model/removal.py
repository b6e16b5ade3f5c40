"""A small model of admission and removal, searched through exhaustively.

Who: a host that runs the room, an honest member, a coalition of one that will be removed, one that
left before, and a ghost (keys that the coalition makes up). The coalition is the network, too: it
sees every operation, delivers what it likes to whom it likes, in any order, or not at all. It can
sign only with its own keys and open only what is sealed under a secret that it holds (Dolev and
Yao, IEEE Trans. Inf. Theory 29, 1983).

What happens: the host has locked the room and vouched for those who were in; it removes the one
with a new key, and later gives another one. The member may not have heard of the lock. Both speak,
and answer whoever asks for keys and is in their roster. The question: can the coalition open a
frame whose speaker knows of the removal and of the lock?

The rules can be switched off one by one, to see what each of them is for.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

HOST, MEMBER, REMOVED, LEFT, GHOST = "host", "member", "removed", "left", "ghost"
HONEST = (HOST, MEMBER)
COALITION = (REMOVED, LEFT, GHOST)
EPOCHS_MAX = 2
"""New keys after the removal: the one because of it, and one by the clock."""


@dataclass(frozen=True)
class Rules:
    """What honest programs do.

    Attributes:
        admission: A join counts only with the word of a member in force, in a locked room only with
            a moderator's; otherwise whoever signs a join is in.
        fail_closed: Who knows of a removal seals nothing under a key that the removed one holds;
            otherwise one speaks on under the old key while the new one is missing.
        roster_only: Keys are given only to those in the roster.
        chain: An epoch counts only for those who know all that its author did before it.
    """

    admission: bool = True
    fail_closed: bool = True
    roster_only: bool = True
    chain: bool = True


Op = tuple[str, ...]
LOCK: Op = ("lock", HOST)
REMOVE: Op = ("remove", HOST, REMOVED)
LEAVE: Op = ("leave", LEFT)
FIRST: frozenset[Op] = frozenset(("admit", HOST, one) for one in (MEMBER, REMOVED, LEFT))
FORGED: tuple[Op, ...] = (
    ("join", GHOST),
    ("admit", REMOVED, GHOST),
    ("admit", LEFT, GHOST),
    ("admit", GHOST, LEFT),
)
"""What the coalition can sign, as often and as late as it likes: also admissions that look old."""


@dataclass(frozen=True)
class Person:
    """One honest program: the operations it has seen, and the secrets it holds."""

    ops: frozenset[Op]
    secrets: frozenset[int]


@dataclass(frozen=True)
class State:
    """Everything.

    Attributes:
        people: The host and the member.
        public: Operations that the host has signed; the coalition has them all.
        wrapped: For whom each epoch's secret was wrapped; index is the epoch.
        known: Secrets that the coalition holds.
    """

    people: tuple[Person, ...]
    public: frozenset[Op]
    wrapped: tuple[frozenset[str], ...]
    known: frozenset[int]


def roster(ops: frozenset[Op], rules: Rules) -> frozenset[str]:
    """Who is in, by what has been seen: the same for everybody who has seen the same."""
    removed = {op[2] for op in ops if op[0] == "remove"}
    left = {op[1] for op in ops if op[0] == "leave"}
    if not rules.admission:
        claimed = {op[-1] for op in ops if op[0] == "join" or op in FIRST}
        return frozenset({HOST, *claimed} - removed - left)
    vouched = {op[2] for op in ops if op[0] == "roster"}
    inside = {HOST, *vouched} - removed
    grows = True
    while grows:
        more = {
            op[2]
            for op in ops
            if op[0] == "admit" and op[1] in inside and LOCK not in ops and op[2] not in removed
        } - inside
        inside |= more
        grows = bool(more)
    return frozenset(inside - left)


def heads_of(ops: frozenset[Op]) -> int:
    """The newest epoch that one has seen."""
    return max((int(op[2]) for op in ops if op[0] == "epoch"), default=0)


def start() -> State:
    """One has left, then the host has locked the room; the member knows of the leaving alone."""
    open_room = FIRST | {LEAVE}
    vouched = {("roster", HOST, one) for one in (MEMBER, REMOVED)}
    locked = open_room | vouched | {LOCK}
    secrets = frozenset({0})
    everybody = frozenset({HOST, MEMBER, REMOVED, LEFT})
    people = (Person(locked, secrets), Person(open_room, secrets))
    return State(people, locked, (everybody,), secrets)


def steps(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Everything that may happen next."""
    yield from _host_acts(state, rules)
    for number, name in enumerate(HONEST):
        person = state.people[number]
        for op in sorted((state.public | set(FORGED)) - person.ops):
            if not rules.chain or _counts(op, person, state.public):
                yield f"{name} is shown {' '.join(op)}", _with(state, number, _shown(person, op))
        for epoch in range(1, len(state.wrapped)):
            seen = any(op[:1] == ("epoch",) and int(op[2]) == epoch for op in person.ops)
            if seen and epoch not in person.secrets and name in state.wrapped[epoch]:
                held = replace(person, secrets=person.secrets | {epoch})
                yield f"{name} is shown its wrap of epoch {epoch}", _with(state, number, held)
        inside = roster(person.ops, rules)
        for asker in COALITION:
            if rules.roster_only and asker not in inside:
                continue
            newest = heads_of(person.ops)
            if newest in person.secrets and newest not in state.known:
                given = replace(state, known=state.known | {newest})
                yield f"{name} gives {asker} the key of epoch {newest}", given


def _counts(op: Op, person: Person, public: frozenset[Op]) -> bool:
    """Whether nothing is missing that the author of an epoch did before it."""
    if op[0] != "epoch":
        return True
    later = {one for one in public if one[0] == "epoch" and int(one[2]) >= int(op[2])}
    before = {one for one in public if one[1] == HOST and one[0] != "admit"} - later
    return before <= person.ops


def _host_acts(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    host = state.people[0]
    if REMOVE not in host.ops:
        yield "the host removes one, with a new key", _new_key(_signs(state, {REMOVE}), rules)
    elif len(state.wrapped) <= EPOCHS_MAX:
        yield "the host makes a new key by the clock", _new_key(state, rules)


def _signs(state: State, ops: set[Op]) -> State:
    host = replace(state.people[0], ops=state.people[0].ops | ops)
    return replace(state, people=(host, *state.people[1:]), public=state.public | ops)


def _new_key(state: State, rules: Rules) -> State:
    epoch = len(state.wrapped)
    receivers = roster(state.people[0].ops, rules)
    made = _signs(state, {("epoch", HOST, str(epoch))})
    host = replace(made.people[0], secrets=made.people[0].secrets | {epoch})
    known = made.known | ({epoch} if receivers & set(COALITION) else set())
    return replace(
        made, people=(host, *made.people[1:]), wrapped=(*made.wrapped, receivers), known=known
    )


def _shown(person: Person, op: Op) -> Person:
    return replace(person, ops=person.ops | {op})


def _with(state: State, number: int, person: Person) -> State:
    people = list(state.people)
    people[number] = person
    return replace(state, people=tuple(people))


def overheard(state: State, rules: Rules) -> str | None:
    """Whom the coalition hears although that one knows of the lock and of the removal."""
    for name, person in zip(HONEST, state.people, strict=True):
        if REMOVE not in person.ops or LOCK not in person.ops:
            continue
        newest = heads_of(person.ops)
        if newest in person.secrets:
            speaks_under = newest
        elif rules.fail_closed:
            continue
        else:
            speaks_under = max(person.secrets)
        if rules.fail_closed and speaks_under == 0:
            continue  # the removed one holds it: the microphone stays closed
        if speaks_under in state.known:
            return f"{name} speaks under epoch {speaks_under}, which the coalition holds"
    return None


@dataclass(frozen=True)
class Found:
    """What a search came to: how many states there are, and the shortest attack, if any."""

    states: int
    attack: tuple[str, ...]


def search(rules: Rules) -> Found:
    """Goes through every state that can be reached, the nearest first."""
    first = start()
    before: dict[State, tuple[State, str] | None] = {first: None}
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        heard = overheard(state, rules)
        if heard is not None:
            return Found(len(before), (*_way_to(state, before), heard))
        for what, after in steps(state, rules):
            if after not in before:
                before[after] = (state, what)
                waiting.append(after)
    return Found(len(before), ())


def _way_to(state: State, before: dict[State, tuple[State, str] | None]) -> tuple[str, ...]:
    way: list[str] = []
    link = before[state]
    while link is not None:
        way.append(link[1])
        link = before[link[0]]
    return tuple(reversed(way))
