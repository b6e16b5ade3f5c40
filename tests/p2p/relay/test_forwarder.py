import pytest

from p2p.errors import RemoteError
from p2p.relay.forwarder import FORGET_S, PAUSE_S, SILENT_S, SLOTS_AT_ONCE, Forwarder

AMINA, KENJI, OMAR, LAU = (bytes((n,)) * 16 for n in range(1, 5))
AT_AMINA, AT_KENJI, TREE, OTHER_TREE = 1, 2, 8, 9


def a_table(**speakers: bytes) -> Forwarder:
    table = Forwarder()
    table.attach(AMINA, AT_AMINA)
    table.attach(KENJI, AT_KENJI)
    table.set_speakers({int(slot[1:]): member for slot, member in speakers.items()})
    return table


def test_a_frame_goes_on_only_from_the_link_of_who_may_be_heard() -> None:
    table = a_table(s2=AMINA)
    assert table.passes(2, AT_AMINA, 0.0)
    assert not table.passes(2, AT_KENJI, 0.0)
    assert not table.passes(3, AT_AMINA, 0.0)
    assert table.active == [2]


def test_without_a_grant_or_when_muted_nothing_goes_on_from_that_moment() -> None:
    table = a_table(s2=AMINA)
    assert table.passes(2, AT_AMINA, 0.0)
    table.set_speakers({})
    assert not table.passes(2, AT_AMINA, 0.02)
    assert table.active == []
    table.set_speakers({2: KENJI})
    assert not table.passes(2, AT_AMINA, 0.04)
    assert table.passes(2, AT_KENJI, 0.04)


def test_a_speaker_far_away_comes_by_the_link_that_has_its_route() -> None:
    table = a_table(s2=OMAR)
    assert not table.passes(2, TREE, 0.0)
    assert table.set_way(2, OMAR, 1, TREE)
    assert table.passes(2, TREE, 0.0)
    assert not table.passes(2, OTHER_TREE, 0.0)


def test_the_newest_route_counts_and_an_old_one_changes_nothing() -> None:
    table = a_table(s2=AMINA)
    assert table.set_way(2, AMINA, 5, TREE)
    assert table.set_way(2, AMINA, 5, TREE)  # said again, for who had no grant to compare it with
    assert not table.set_way(2, AMINA, 4, AT_AMINA)
    assert table.passes(2, TREE, 0.0)
    assert not table.passes(2, AT_AMINA, 0.0)  # it moved away: its old link is no way any more


def test_where_the_newest_route_came_by_two_links_the_one_that_brings_sound_is_taken() -> None:
    table = a_table(s2=AMINA)
    table.set_way(2, AMINA, 5, TREE)
    assert table.set_way(2, AMINA, 5, OTHER_TREE)
    assert not table.set_way(2, AMINA, 5, OTHER_TREE)
    assert table.passes(2, TREE, 10.0, 100)
    assert not table.passes(2, OTHER_TREE, 10.0 + SILENT_S, 101)
    assert table.passes(2, OTHER_TREE, 10.01 + SILENT_S, 102)
    assert table.passes(2, OTHER_TREE, 10.02 + SILENT_S, 103)


def test_a_relay_that_shows_a_route_again_and_forges_frames_silences_nobody() -> None:
    table = a_table(s2=AMINA)
    table.set_way(2, AMINA, 5, TREE)
    table.set_way(2, AMINA, 5, OTHER_TREE)
    for step in range(20):  # the speaker is silent meanwhile
        table.passes(2, OTHER_TREE, 10.0 + 0.02 * step, 0xFFFF_FFFF)
    for step in range(20):
        assert table.passes(2, TREE, 11.0 + 0.02 * step, 100 + step)
        assert not table.passes(2, OTHER_TREE, 11.01 + 0.02 * step, 0xFFFF_FFFF)


def test_a_frame_that_has_gone_round_is_no_news() -> None:
    table = a_table(s2=AMINA)
    table.set_way(2, AMINA, 5, TREE)
    table.set_way(2, AMINA, 5, OTHER_TREE)
    assert table.passes(2, TREE, 10.0, 100)
    for at_s in (10.5, 11.0, 10.0 + FORGET_S):
        assert not table.passes(2, OTHER_TREE, at_s, 100)
    assert table.passes(2, OTHER_TREE, 10.01 + FORGET_S, 7)  # its counter had been a lie
    assert table.passes(2, OTHER_TREE, 10.02 + FORGET_S, 8)
    table.detach(OTHER_TREE)
    assert table.passes(2, TREE, 10.03 + FORGET_S, 9)


def test_a_slot_has_only_so_many_ways() -> None:
    table = a_table(s2=AMINA)
    for link in range(20, 30):
        table.set_way(2, AMINA, 5, link)
    taken = [link for link in range(20, 30) if table.passes(2, link, 20.0 + link, link)]
    assert taken == [20, 21, 29]


def test_nobody_routes_anothers_slot() -> None:
    table = a_table(s2=AMINA)
    with pytest.raises(RemoteError):
        table.set_way(2, KENJI, 1, AT_KENJI)
    with pytest.raises(RemoteError):
        table.set_way(3, AMINA, 1, AT_AMINA)


def test_a_route_ends_with_its_link_and_with_the_grant() -> None:
    table = a_table(s2=AMINA)
    table.set_way(2, AMINA, 5, TREE)
    table.detach(TREE)
    assert table.passes(2, AT_AMINA, 0.0)
    table.set_way(2, AMINA, 6, TREE)
    table.set_speakers({2: KENJI})
    table.set_speakers({2: AMINA})
    assert table.passes(2, AT_AMINA, 0.1)
    table.detach(AT_AMINA)
    assert not table.passes(2, AT_AMINA, 0.2)


def test_who_attaches_anew_is_taken_from_its_new_link_only() -> None:
    table = a_table(s2=AMINA)
    table.attach(AMINA, 7)
    assert not table.passes(2, AT_AMINA, 0.0)
    assert table.passes(2, 7, 0.0)
    table.detach(AT_AMINA)
    assert table.passes(2, 7, 0.1)


def test_three_speak_at_once_and_the_fourth_waits_for_a_pause() -> None:
    everybody = (AMINA, KENJI, OMAR, LAU)
    table = Forwarder()
    table.set_speakers(dict(enumerate(everybody, 2)))
    for link, member in enumerate(everybody):
        table.attach(member, link)
    assert [table.passes(link + 2, link, 0.0) for link in range(4)] == [True, True, True, False]
    assert len(table.active) == SLOTS_AT_ONCE
    for at_s in (0.1, 0.2, 0.3):
        assert table.passes(2, 0, at_s)
        assert table.passes(3, 1, at_s)
    assert not table.passes(5, 3, PAUSE_S)  # the third is silent just as long as it may be
    assert table.passes(5, 3, PAUSE_S + 0.01)
    assert not table.passes(4, 2, PAUSE_S + 0.02)
    assert sorted(table.active) == [2, 3, 5]
