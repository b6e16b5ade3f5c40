"""What others say of where we are."""

from p2p.dht.mainline.seen_at import LEAST, VOICES, SeenAt

HERE, THERE = ("11.0.5.5", 4000), ("66.6.6.6", 4000)


def node(n, host=1):
    return (f"11.{n}.0.{host}", 6881)


def test_three_nets_that_agree_are_believed_and_two_are_not():
    seen = SeenAt()
    for n in range(LEAST):
        assert seen.agreed(4) is None
        seen.heard(node(n), HERE)
    assert seen.agreed(4) == HERE
    assert seen.agreed(6) is None


def test_a_net_has_one_voice_however_many_nodes_it_has():
    seen = SeenAt()
    for host in range(1, 200):
        seen.heard(node(9, host), THERE)
    assert seen.agreed(4) is None
    for n in range(LEAST):
        seen.heard(node(n), HERE)
    assert seen.agreed(4) == HERE


def test_half_of_the_nets_can_not_move_us():
    seen = SeenAt()
    for n in range(10):
        seen.heard(node(n), HERE if n % 2 else THERE)
    assert seen.agreed(4) is None
    seen.heard(node(100), HERE)
    assert seen.agreed(4) == HERE


def test_a_router_that_shows_each_another_port_leaves_nothing_to_tell():
    seen = SeenAt()
    for n in range(10):
        seen.heard(node(n), (HERE[0], 4000 + n))
    assert seen.agreed(4) is None


def test_after_a_move_the_new_address_wins_soon():
    seen = SeenAt()
    for n in range(VOICES):
        seen.heard(node(n), HERE)
    for n in range(VOICES // 2 + 1):
        seen.heard(node(n), THERE)
    assert seen.agreed(4) == THERE
    for n in range(100, 100 + VOICES):
        seen.heard(node(n), HERE)
    assert seen.agreed(4) == HERE
    seen.forget()
    assert seen.agreed(4) is None


def test_both_families_are_told_apart():
    seen = SeenAt()
    for n in range(LEAST):
        seen.heard(node(n), HERE)
        seen.heard((f"2600:1:{n + 1}::1", 6881), ("2600:2:3::4", 4000))
    assert (seen.agreed(4), seen.agreed(6)) == (HERE, ("2600:2:3::4", 4000))


def test_at_home_every_node_is_a_voice():
    seen = SeenAt()
    for port in range(LEAST):
        seen.heard(("127.0.0.1", 6881 + port), ("127.0.0.1", 4000))
    assert seen.agreed(4) == ("127.0.0.1", 4000)
