"""Who is attached, by what all our relays say."""

from p2p.node.relays.attached import Attached


def test_it_is_whoever_one_of_them_names_and_not_ourselves():
    attached = Attached(b"me")
    one, two = frozenset((b"me", b"a")), frozenset((b"b",))
    assert attached.others([]) == frozenset()
    assert attached.others([one]) == {b"a"}
    assert attached.others([one, two]) == {b"a", b"b"}
    assert attached.others([two]) == {b"b"}
    assert attached.others([one]) == {b"a"}


def test_while_they_say_the_same_it_is_not_put_together_again():
    attached = Attached(b"me")
    said = frozenset((b"me", b"a"))
    assert attached.others([said]) is attached.others([said])
    assert attached.others([said | {b"b"}]) == {b"a", b"b"}
