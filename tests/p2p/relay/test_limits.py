from p2p.relay.limits import Limits, Uplink, home_limits


def test_the_default_caps_are_finite_and_their_volume_is_said() -> None:
    assert Limits().monthly == "5.2 TB"


def test_what_goes_out_is_held_to_the_rate() -> None:
    uplink = Uplink(1000.0, 10.0)
    assert uplink.take(900, 10.0)
    assert not uplink.take(200, 10.0)
    assert uplink.take(200, 10.2)
    assert not uplink.take(1, 10.2) or not uplink.take(100, 10.2)


def test_a_relay_is_busy_near_its_rate_and_no_longer_when_that_is_over() -> None:
    uplink = Uplink(1000.0, 0.0)
    assert not uplink.is_busy(0.5)
    for tenth in range(11):
        uplink.take(95, tenth / 10)
    assert uplink.is_busy(1.05)
    assert not uplink.is_busy(2.2)


def test_another_rate_holds_from_now_on() -> None:
    uplink = Uplink(1000.0, 0.0)
    assert uplink.take(1000, 0.0)
    uplink.set_rate(1000.0, 0.0)
    assert not uplink.take(1, 0.0)
    uplink.set_rate(2000.0, 0.0)
    assert uplink.take(2000, 0.0)


def test_a_home_has_as_many_links_as_its_line_carries_listeners_of_one_speaker() -> None:
    limits = home_limits(2000)
    assert limits.max_rate == 175_000
    assert limits.max_links == 11  # ten listeners at 16 kB/s, and the speaker
    assert (limits.max_rooms, limits.max_links_per_net) == (3, 5)


def test_the_narrowest_home_still_lets_somebody_in() -> None:
    limits = home_limits(250)
    assert (limits.max_links, limits.max_links_per_net, limits.max_rooms) == (3, 2, 1)
