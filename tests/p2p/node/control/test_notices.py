from p2p.node.control.notices import NO_ANSWER_AFTER_S, WayNotices


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
