"""Each member is counted once a frame, by whatever way it went."""

from p2p.node.peers.frames_sent import FramesSent


def test_who_gets_a_frame_over_a_link_does_not_get_it_by_the_relay():
    sent, present = FramesSent(), frozenset((b"a", b"b"))
    sent.to(b"a")
    sent.by_relay(present, {b"a"})
    assert [sent.count(one) for one in (b"a", b"b", b"c")] == [1, 1, 0]


def test_frames_are_for_those_who_were_there_then():
    sent, first = FramesSent(), frozenset((b"a", b"b"))
    direct: set[bytes] = set()
    for _ in range(3):
        sent.by_relay(first, direct)
    second = first | {b"c"}
    sent.by_relay(second, direct)
    direct.add(b"b")
    sent.by_relay(second, direct)
    assert [sent.count(one) for one in (b"a", b"b", b"c")] == [5, 4, 2]
    sent.by_relay(second, direct)
    assert [sent.count(one) for one in (b"a", b"b", b"c")] == [6, 4, 3]
