"""A removal in a larger room, as bench/kick.py measures it with 700 members."""

from lab.sim.kick_room import KickRoom
from lab.sim.once import pure_parts_once


def test_the_removed_is_deaf_as_soon_as_the_last_speaker_has_the_new_key() -> None:
    with pure_parts_once():
        room = KickRoom(seed=3, members=40, speakers=4)
        kicks = [room.kick(listeners=5) for _ in range(2)]
    depth_s = 3 * 0.08  # a tree of fan-out 4 reaches 84 in three hops
    for kick in kicks:
        assert 0 < kick.deaf_s <= kick.last_speaker_s
        assert kick.last_speaker_s <= kick.last_listener_s
        assert kick.last_listener_s <= depth_s + kick.wrapped_ms / 1000 + 1e-6
        assert (kick.unopened, kick.paused) == (0, 0)
        assert kick.held_s < 1.0
        assert kick.wraps_bytes / 39 <= 55
