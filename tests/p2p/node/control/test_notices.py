from p2p.node.control.notices import NO_ANSWER_AFTER_S, NO_PLACE_AFTER_S, WayNotices


def codes(ways: WayNotices, open_ways: tuple[str, ...], now: float) -> list[str]:
    return [notice.code for notice in ways.news(open_ways, now)]


def test_without_an_entry_node_it_is_said_once_what_to_do() -> None:
    ways = WayNotices(expects_entry_nodes=False, now=0.0)
    assert codes(ways, ("lan", "invite"), 0.0) == ["no_entry_node", "lan_open"]
    assert codes(ways, ("lan", "invite"), 60.0) == []


def test_each_way_is_named_when_it_begins_to_work() -> None:
    ways = WayNotices(expects_entry_nodes=True, now=0.0)
    assert codes(ways, ("invite",), 1.0) == []
    assert codes(ways, ("dht_soon",), 1.5) == []
    assert codes(ways, ("dht",), 2.0) == ["dht_open"]
    assert codes(ways, ("dht", "relay"), 2.0) == ["relay_open"]


def test_an_entry_node_that_answers_is_not_called_silent_while_it_takes_the_record() -> None:
    ways = WayNotices(expects_entry_nodes=True, now=0.0)
    assert codes(ways, ("dht_soon",), NO_ANSWER_AFTER_S + 0.1) == []


def test_silent_entry_nodes_are_said_after_a_while() -> None:
    ways = WayNotices(expects_entry_nodes=True, now=0.0)
    assert codes(ways, (), NO_ANSWER_AFTER_S + 0.1) == ["no_entry_node_answers"]
    assert codes(ways, ("dht",), 20.0) == ["dht_open"]


def test_where_one_hides_only_the_relay_is_told_of_and_no_entry_node() -> None:
    ways = WayNotices(expects_entry_nodes=False, hidden=True, now=0.0)
    assert codes(ways, (), NO_ANSWER_AFTER_S + 0.1) == []
    (notice,) = ways.news(("relay", "invite"), 10.0)
    assert "long invite is all" in notice.message
    assert codes(ways, ("relay", "invite"), 20.0) == []


def test_beside_a_live_relay_nobody_is_told_that_no_relay_is_known() -> None:
    ways = WayNotices(expects_entry_nodes=False, now=0.0)
    assert codes(ways, ("relay", "invite"), 10.0) == ["relay_open"]


def test_with_bittorrents_network_the_words_alone_are_said_to_be_enough() -> None:
    ways = WayNotices(expects_entry_nodes=False, expects_mainline=True, now=0.0)
    assert codes(ways, ("lan",), 1.0) == ["lan_open"]
    assert codes(ways, ("mainline_soon",), NO_ANSWER_AFTER_S + 0.1) == []
    assert codes(ways, ("mainline",), 9.0) == ["mainline_open"]
    assert codes(ways, ("mainline",), 99.0) == []


def test_where_it_does_not_answer_that_is_said_after_a_while() -> None:
    ways = WayNotices(expects_entry_nodes=False, expects_mainline=True, now=0.0)
    assert codes(ways, ("invite_lan",), NO_ANSWER_AFTER_S + 0.1) == ["mainline_silent"]


def test_a_router_with_another_address_for_everybody_is_said_to_be_no_way_in() -> None:
    ways = WayNotices(expects_entry_nodes=False, expects_mainline=True, now=0.0)
    assert codes(ways, ("mainline_soon",), NO_PLACE_AFTER_S) == []
    assert codes(ways, ("mainline_soon",), NO_PLACE_AFTER_S + 0.1) == ["mainline_no_place"]
    beside = WayNotices(expects_entry_nodes=False, expects_mainline=True, now=0.0)
    ways_in = ("mainline_soon", "relay")
    assert codes(beside, ways_in, NO_PLACE_AFTER_S + 0.1) == ["relay_open"]
