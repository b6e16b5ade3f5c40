"""Tokens, rates, and who is reached by strangers."""

import os

from p2p.dht.rate import SourceRate
from p2p.dht.reachable import Reachable
from p2p.dht.tokens import Tokens

HERE = ("11.0.0.1", 4000)
KEY, TARGET = bytes(32), bytes(20)


def test_a_token_is_good_for_its_asker_and_target_only():
    tokens = Tokens(os.urandom, 0.0)
    token = tokens.give(HERE, KEY, TARGET, 1.0)
    assert tokens.good(token, HERE, KEY, TARGET, 2.0)
    assert not tokens.good(token, ("11.0.0.1", 4001), KEY, TARGET, 2.0)
    assert not tokens.good(token, ("11.0.0.2", 4000), KEY, TARGET, 2.0)
    assert not tokens.good(token, HERE, b"k" * 32, TARGET, 2.0)
    assert not tokens.good(token, HERE, KEY, b"t" * 20, 2.0)
    assert not Tokens(os.urandom, 0.0).good(token, HERE, KEY, TARGET, 2.0)


def test_a_token_lives_five_to_ten_minutes():
    tokens = Tokens(os.urandom, 0.0)
    token = tokens.give(HERE, KEY, TARGET, 299.0)
    assert tokens.good(token, HERE, KEY, TARGET, 599.0)
    assert not tokens.good(token, HERE, KEY, TARGET, 600.0)
    token = tokens.give(HERE, KEY, TARGET, 601.0)
    assert not tokens.good(token, HERE, KEY, TARGET, 601.0 + 10_000)


def test_a_source_gets_its_burst_and_then_its_rate():
    rate = SourceRate(50.0, 100.0)
    assert sum(rate.allow(HERE, 0.0) for _ in range(1000)) == 100
    assert sum(rate.allow(HERE, 1.0) for _ in range(1000)) == 50
    assert sum(rate.allow(HERE, 1000.0) for _ in range(1000)) == 100
    assert not rate.allow(HERE, 999.0)


def test_ports_share_a_source_except_on_loopback_and_ipv6_hosts_share_a_64():
    rate = SourceRate(1.0, 1.0)
    assert rate.allow(("11.0.0.1", 1), 0.0)
    assert not rate.allow(("11.0.0.1", 2), 0.0)
    assert rate.allow(("127.0.0.1", 1), 0.0)
    assert rate.allow(("127.0.0.1", 2), 0.0)
    assert rate.allow(("2600:1::a", 1), 0.0)
    assert not rate.allow(("2600:1::b", 1), 0.0)
    assert rate.allow(("2600:1:0:1::b", 1), 0.0)


def test_sources_remembered_are_bounded():
    rate = SourceRate(1.0, 1.0)
    for number in range(5000):
        rate.allow((f"11.0.{number // 250}.{number % 250}", 1), 0.0)
    assert len(rate) == 4096


def test_near_ones_are_served_at_once_and_the_open_net_after_two_strangers():
    reachable = Reachable(always=False)
    assert reachable.serves("127.0.0.1", 0.0)
    assert reachable.serves("192.168.0.9", 0.0)
    assert not reachable.serves("11.0.0.1", 0.0)
    reachable.heard("12.0.0.1", 0.0)
    reachable.heard("12.0.0.2", 0.0)
    assert not reachable.serves("11.0.0.1", 0.0)
    reachable.heard("13.0.0.1", 0.0)
    assert reachable.serves("11.0.0.1", 0.0)
    assert reachable.proved(0.0)
    assert not reachable.serves("11.0.0.1", 3601.0)
    assert not reachable.proved(3601.0)
    reachable.heard("12.0.0.1", 4000.0)
    reachable.heard("13.0.0.1", 4000.0)
    reachable.forget()
    assert not reachable.serves("11.0.0.1", 4000.0)
    assert Reachable(always=True).serves("11.0.0.1", 0.0)


def test_neighbours_and_those_we_wrote_to_lately_are_no_strangers():
    reachable = Reachable(always=False)
    for ip in ("12.0.0.1", "13.0.0.1"):
        reachable.wrote(ip, 0.0)
        reachable.heard(ip, 329.0)
        reachable.heard("10.0.0.1", 329.0)
    assert not reachable.serves("11.0.0.1", 329.0)
    for ip in ("12.0.0.1", "13.0.0.1"):
        reachable.heard(ip, 330.0)
    assert reachable.serves("11.0.0.1", 330.0)


def test_who_came_unasked_by_ipv6_proves_nothing_of_ipv4():
    reachable = Reachable(always=False)
    assert not reachable.came("11.0.0.1")
    reachable.heard("2600:1:2::7", 0.0)
    assert reachable.came("2600:1:9::1")
    assert not reachable.came("11.0.0.1")
    assert not reachable.came("192.168.0.1")


def test_what_is_remembered_of_strangers_and_receivers_is_bounded():
    reachable = Reachable(always=False)
    for number in range(5000):
        reachable.wrote(f"14.{number >> 8}.{number & 255}.1", 0.0)
        reachable.heard(f"15.{number >> 8}.{number & 255}.1", float(number))
    assert len(reachable._written_to) == 4096
    assert len(reachable._strangers) == 4096
