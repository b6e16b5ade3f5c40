"""The links of a door that are in the making, on a virtual clock; a link is when it was heard."""

from types import SimpleNamespace

from crypto.ids import DhKey
from p2p.link.line import Line
from p2p.link.pending_links import PENDING_EACH, PENDING_MAX, QUIET_S, PendingLinks

AMINA, BASMA = DhKey(b"a" * 32), DhKey(b"b" * 32)


def a_line(heard_s: float = 0.0) -> Line:
    return Line(SimpleNamespace(last_heard_s=heard_s), dialled=False)  # type: ignore[arg-type]


def begin(pending: PendingLinks, count: int, ip: str | None, first: int = 0) -> list[Line]:
    lines = [a_line() for _ in range(count)]
    for number, line in enumerate(lines, first):
        pending.begin((AMINA, f"u{number}"), line, ip)
    return lines


def test_another_question_of_a_set_up_finds_its_line() -> None:
    pending = PendingLinks()
    [line] = begin(pending, 1, None)
    assert pending.get((AMINA, "u0")) is line
    assert pending.get((AMINA, "u1")) is None
    assert pending.get((BASMA, "u0")) is None
    pending.end((AMINA, "u0"))
    pending.end((AMINA, "u0"))
    assert pending.get((AMINA, "u0")) is None
    assert len(pending) == 0


def test_of_one_address_the_oldest_gives_way() -> None:
    pending = PendingLinks()
    [other] = begin(pending, 1, "192.0.2.2", first=1000)
    mine = begin(pending, PENDING_EACH - 1, "192.0.2.1")
    assert pending.give_way("192.0.2.1") is None
    mine += begin(pending, 1, "192.0.2.1", first=PENDING_EACH)
    assert pending.give_way("192.0.2.2") is None
    assert pending.give_way("192.0.2.1") is mine[0]
    assert pending.give_way("192.0.2.1") is None
    assert pending.get((AMINA, "u1000")) is other


def test_of_all_the_oldest_gives_way_when_every_place_is_taken() -> None:
    pending = PendingLinks()
    lines = begin(pending, PENDING_MAX - 1, None)
    assert pending.give_way(None) is None
    begin(pending, 1, None, first=PENDING_MAX)
    assert pending.give_way(None) is lines[0]
    assert len(pending) == PENDING_MAX - 1


def test_a_peer_is_linking_while_its_set_up_is_heard_of() -> None:
    pending = PendingLinks()
    pending.begin((AMINA, "u"), a_line(heard_s=5.0), None)
    assert pending.is_linking(AMINA, 5.0 + 0.9 * QUIET_S)
    assert not pending.is_linking(AMINA, 5.0 + QUIET_S)
    assert not pending.is_linking(BASMA, 5.0)


def test_a_peer_is_linking_for_a_moment_after_its_link_came_up() -> None:
    pending = PendingLinks()
    pending.came_up(AMINA, 5.0)
    assert pending.is_linking(AMINA, 5.0 + 0.9 * QUIET_S)
    pending.came_up(BASMA, 5.0 + QUIET_S)
    assert not pending.is_linking(AMINA, 5.0 + QUIET_S)
    assert pending._up_s == {BASMA: 5.0 + QUIET_S}, "what is long ago is forgotten"
