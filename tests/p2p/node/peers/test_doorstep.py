"""The places at a door where people wait for a moderator's word."""

from p2p.node.peers.doorstep import COMING_RATE, SEEN_S, Doorstep
from p2p.room.ops.registers import ASKS_MAX

HERE, THERE = b"net one", b"net two"


def someone(number: int) -> bytes:
    return bytes([number]) * 16


def full(net: bytes | None = HERE) -> Doorstep:
    """Everybody in it came at second 0."""
    doorstep = Doorstep(-100.0)
    assert all(doorstep.come(someone(number), net, 0.0) for number in range(ASKS_MAX))
    return doorstep


def waiting(doorstep: Doorstep) -> list[int]:
    return [number for number in range(100) if doorstep.has(someone(number))]


def test_who_finds_no_place_pushes_out_nobody() -> None:
    doorstep = full()
    assert not doorstep.come(someone(50), HERE, 20.0)
    assert waiting(doorstep) == list(range(ASKS_MAX))
    assert doorstep.come(someone(3), HERE, 20.0), "who waits keeps its place"
    doorstep.leave(someone(3))
    assert doorstep.come(someone(50), HERE, 20.0)
    assert not doorstep.has(someone(3))


def test_who_has_waited_long_enough_gives_way_to_others_of_its_net() -> None:
    doorstep = full()
    assert doorstep.come(someone(50), HERE, SEEN_S)
    assert waiting(doorstep) == [*range(1, ASKS_MAX), 50]


def test_one_net_keeps_out_nobody_of_another_and_they_end_with_as_many_places() -> None:
    doorstep = full()
    came = [doorstep.come(someone(50 + n), THERE, 20.0) for n in range(5)]
    assert came == [True] * 4 + [False]
    assert waiting(doorstep) == [*range(4, ASKS_MAX), 50, 51, 52, 53]
    assert not doorstep.come(someone(60), HERE, 20.0)


def test_who_come_and_go_are_only_so_many() -> None:
    """Each is an operation of ours, and others take in only so many of one author."""
    doorstep = Doorstep(0.0)
    came = 0
    for number in range(100):
        came += doorstep.come(someone(number), HERE, 20.0)
        doorstep.leave(someone(number))
    assert came == COMING_RATE.burst
    assert doorstep.come(someone(50), THERE, 20.0 + 1 / COMING_RATE.per_s)
