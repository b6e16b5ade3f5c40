from p2p.node.peers.hand_over import FIRST_S, LONGEST_S, HandOver

BOTH = frozenset({b"b", b"c"})


def test_a_wide_line_serves_everybody_itself():
    handed = HandOver()
    handed.follow(BOTH, 0.0, narrow=False)
    assert handed.members == frozenset()


def test_a_narrow_line_leaves_the_copies_to_the_relay_for_a_minute():
    handed = HandOver()
    handed.follow(BOTH, 0.0, narrow=True)
    assert handed.members == BOTH
    handed.follow(BOTH | {b"d"}, 10.0, narrow=False)
    assert handed.members == BOTH | {b"d"}
    handed.follow(BOTH, FIRST_S, narrow=False)
    assert handed.members == frozenset()


def test_one_copy_is_not_worth_it():
    handed = HandOver()
    handed.follow({b"b"}, 0.0, narrow=True)
    assert handed.members == frozenset()


def test_when_the_relay_or_the_members_go_the_links_are_used_again():
    handed = HandOver()
    handed.follow(BOTH, 0.0, narrow=True)
    handed.follow(set(), 1.0, narrow=True)
    assert handed.members == frozenset()


def test_a_line_that_is_narrow_again_at_once_stays_with_the_relay_longer_each_time():
    handed, now, lasted_s = HandOver(), 0.0, []
    for _ in range(8):
        handed.follow(BOTH, now, narrow=True)
        began_s = now
        while handed.members:
            now += 1.0
            handed.follow(BOTH, now, narrow=True)
        lasted_s.append(now - began_s)
        now += 1.0
    assert lasted_s[:4] == [60.0, 120.0, 240.0, 480.0]
    assert lasted_s[-1] == LONGEST_S
