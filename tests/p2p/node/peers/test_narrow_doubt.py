import itertools

from p2p.node.peers.narrow_doubt import AFTER_S, AGAIN_MAX_S, NarrowDoubt


def test_who_is_narrow_for_a_while_asks_another_relay():
    doubt = NarrowDoubt()
    assert not doubt.is_due(0.0, narrow=True)
    assert not doubt.is_due(AFTER_S - 0.1, narrow=True)
    assert doubt.is_due(AFTER_S, narrow=True)
    assert not doubt.is_due(AFTER_S + 1.0, narrow=True)


def test_who_is_wide_meanwhile_begins_to_wait_anew():
    doubt = NarrowDoubt()
    doubt.is_due(0.0, narrow=True)
    assert not doubt.is_due(5.0, narrow=False)
    assert not doubt.is_due(AFTER_S, narrow=True)


def test_a_line_that_is_narrow_by_every_relay_changes_them_ever_less_often():
    doubt = NarrowDoubt()
    asked = [at_s for at_s in range(86_400) if doubt.is_due(float(at_s), narrow=True)]
    waits_s = [later - before for before, later in itertools.pairwise(asked)]
    assert waits_s[:3] == [60, 120, 240]
    assert max(waits_s) == AGAIN_MAX_S
