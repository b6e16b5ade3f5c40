"""Newcomers between one honest door and nearer ones that lie, in virtual time."""

from functools import partial

import pytest

from lab.sim.coalition import HostileWorld
from lab.sim.doors import LIES, FalseDoor, HonestDoor
from lab.sim.room_client import Client, Silence
from p2p.room import commands
from p2p.room.ops.kinds import EntryMode

PUMP_S = 0.01


class OpenWorld(HostileWorld):
    """Its room is open, and a newcomer has one honest door."""

    def _open_as(self, mode: EntryMode) -> None:
        pass

    def run(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now + seconds)

    def come(self, honest: Client, false: FalseDoor, trip_s: float) -> Client:
        """Somebody new finds both doors."""
        newcomer = self._client(self._identity())
        door = HonestDoor(honest, self._plays, self._ask, self.random)
        door.trip_s = lambda: trip_s  # type: ignore[method-assign]
        self.newcomers.begin(newcomer, [door], [false], partial(self._came, newcomer))
        return newcomer


@pytest.fixture
def world() -> OpenWorld:
    world = OpenWorld(7, pump_s=PUMP_S)
    for _ in range(4):
        world.join(world.clients[0])
    world.run(5.0)
    return world


def is_whole(world: OpenWorld, newcomer: Client) -> bool:
    host = world.clients[0]
    same = newcomer.room.state.heads == host.room.state.heads
    return same and newcomer.room.is_in and newcomer.reads(host.seal) is True and world.leaks == []


@pytest.mark.parametrize("is_removed", [False, True], ids=["in force", "removed"])
@pytest.mark.parametrize("lie", [*LIES, "keys time", "hides keys", "word time hides"])
def test_whatever_a_nearer_door_says_a_newcomer_is_whole_in_five_seconds(
    world: OpenWorld, lie: str, is_removed: bool
) -> None:
    host, other, liar, *_ = world.clients
    if is_removed:
        assert world.kick(host, liar)
        world.run(2.0)
    false = FalseDoor(liar, world.shown_by(liar), world.relay.words, world.random, lies=lie.split())
    newcomer = world.come(other, false, 0.1)
    world.run(13.0)
    assert is_whole(world, newcomer)


@pytest.mark.parametrize("ahead_s", [-4.5, 8.0, 25.0])
def test_who_is_told_a_wrong_time_hears_and_is_heard(world: OpenWorld, ahead_s: float) -> None:
    """With a moderator's word, as without it the other door would count."""
    host, other, liar, *_ = world.clients
    assert host.words is not None
    word = host.words.word(host.room_s)
    assert word is not None
    false = FalseDoor(liar, liar.room, [word], world.random, lies=["time"], ahead_s=ahead_s)
    newcomer = world.come(other, false, 0.1)
    while not newcomer.inside:
        world.run(0.05)
    assert abs(newcomer.room_s - host.room_s) > 2.0
    world.run(25.0)
    assert is_whole(world, newcomer)
    assert abs(newcomer.room_s - host.room_s) < 2.0


def test_who_finds_a_removed_members_door_first_goes_in_by_the_one_that_shows_a_word(
    world: OpenWorld,
) -> None:
    host, other, liar, *_ = world.clients
    assert world.kick(host, liar)
    world.run(2.0)
    false = FalseDoor(liar, world.shown_by(liar), [], world.random, lies=["word"])
    newcomer = world.come(other, false, 0.5)
    while not newcomer.inside:
        world.run(0.05)
    assert newcomer.keyring is not None
    assert newcomer.keyring.trial.time_from == other.id
    assert liar.id in newcomer.room.state.removed


def test_what_is_sealed_by_a_key_that_a_removed_door_has_made_up_would_be_seen(
    world: OpenWorld,
) -> None:
    host, other, liar, *_ = world.clients
    assert world.kick(host, liar)
    false = FalseDoor(liar, world.shown_by(liar), [], world.random, lies=["keys"])
    newcomer = world.come(other, false, 5.0)
    while not newcomer.inside:
        world.run(0.05)
    assert newcomer.stage is not None
    frame = newcomer.stage.seal(b"frame", 1, newcomer.room_s)
    assert frame is not None
    assert false.opens(frame, newcomer)


def test_who_finds_the_room_locked_is_waited_for_from_when_it_is_opened(world: OpenWorld) -> None:
    host, other, liar, *_ = world.clients
    assert world.do(host, commands.SetLock(True))
    world.run(1.0)
    false = FalseDoor(liar, liar.room, [], world.random, lies=["silent"])
    newcomer = world.come(other, false, 0.1)
    world.run(8.0)
    assert world.do(host, commands.SetLock(False))
    world.run(4.0)
    assert newcomer.inside
    assert is_whole(world, newcomer)


def test_an_honest_door_that_says_nothing_would_be_seen(world: OpenWorld) -> None:
    _, other, liar, *_ = world.clients
    false = FalseDoor(liar, liar.room, [], world.random, lies=["silent"])
    world.come(other, false, 30.0)
    world.run(30.0)
    (leak,) = world.leaks
    assert "to come in, or did not" in leak


def test_who_may_moderate_or_holds_the_key_can_help_a_speaker_that_lacks_it(
    world: OpenWorld,
) -> None:
    host, *others, one, two = world.clients
    world.part([[host, *others], [one, two]])
    assert world._can_be_helped(one)
    lost = b"l" * 16
    one.keyring.set_heads((lost,))
    assert not world._can_be_helped(one)
    two.keyring.hold(lost, bytearray(32), two.keyring.step)
    assert world._can_be_helped(one)
    world.part([[one], [host, *others, two]])
    assert not world._can_be_helped(one)
    world.part([[one, host], [*others, two]])
    assert world._can_be_helped(one)


def test_a_newcomer_can_be_told_by_who_reads_the_same_or_can_give_it_the_key(
    world: OpenWorld,
) -> None:
    other, liar = world.clients[1:3]
    false = FalseDoor(liar, liar.room, [], world.random, lies=["silent"])
    newcomer = world.come(other, false, 0.1)
    world.run(6.0)
    can_tell = world.newcomers._can_tell
    assert can_tell(other, newcomer)
    newcomer.keyring.set_heads((b"l" * 16,))
    assert can_tell(other, newcomer), "it still reads the key of before"
    other.keyring.waiting = True
    assert not can_tell(other, newcomer), "it says nothing"


@pytest.mark.parametrize("locked", [True, False])
def test_nobody_has_to_be_heard_by_whom_it_would_not_have(world: OpenWorld, locked: bool) -> None:
    host = world.clients[0]
    assert world.do(host, commands.SetLock(locked)) or not locked
    newcomer = world._client(world._identity())
    for silences, speaker in ((newcomer.silences, host), (host.silences, newcomer)):
        silences[speaker.id] = Silence()
        silences[speaker.id].fail(1.0)
    world.newcomers._forgive_strangers(newcomer)
    assert (newcomer.silences[host.id].since_s is None) is locked
    assert (host.silences[newcomer.id].since_s is None) is locked
