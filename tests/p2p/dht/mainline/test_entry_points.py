"""Where the network is entered."""

import socket
import threading

import pytest

from p2p.dht.mainline import entry_points
from p2p.dht.mainline.entry_points import ADDRESSES_MAX, GOOD_S, PUBLIC, EntryPoints
from p2p.errors import UserError


@pytest.fixture
def names(monkeypatch):
    """What names stand for; every look-up is noted."""
    known, asked = {}, []

    def look_up(host, port, **_):
        asked.append(host)
        if host not in known:
            raise socket.gaierror
        return [(0, 0, 0, "", (ip, port)) for ip in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    known["asked"] = asked
    return known


async def test_addresses_that_were_given_are_not_looked_up(names):
    points = EntryPoints(["127.0.0.1:4000", "[::1]:4001"])
    assert await points.addresses(0.0) == [("127.0.0.1", 4000), ("::1", 4001)]
    assert not points.are_public
    assert names["asked"] == []


async def test_names_are_looked_up_once_a_minute(names):
    names["dht.libtorrent.org"] = ["11.0.0.1", "2600:1::1"]
    points = EntryPoints(PUBLIC)
    found = [("11.0.0.1", 25401), ("2600:1::1", 25401)]
    assert await points.addresses(0.0) == found
    assert await points.addresses(GOOD_S - 1) == found
    assert len(names["asked"]) == len(PUBLIC)
    names["router.bittorrent.com"] = ["11.0.0.2"]
    assert await points.addresses(GOOD_S) == [*found, ("11.0.0.2", 6881)]


async def test_a_resolver_that_lies_points_at_nobody_here(names):
    for line in PUBLIC:
        names[line.partition(":")[0]] = ["127.0.0.1", "192.168.1.1", "0.0.0.0", "224.0.0.1"]
    assert await EntryPoints(PUBLIC).addresses(0.0) == []


async def test_in_a_laboratory_any_machine_may_be_one(names):
    names["lab"] = ["192.168.1.1", "0.0.0.0"]
    assert await EntryPoints(["lab:1"]).addresses(0.0) == [("192.168.1.1", 1)]


async def test_of_one_name_only_a_few_addresses_count(names):
    names["lab"] = [f"11.0.0.{n}" for n in range(1, 90)]
    assert len(await EntryPoints(["lab:1"]).addresses(0.0)) == ADDRESSES_MAX


async def test_a_resolver_that_hangs_holds_up_nobody(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    monkeypatch.setattr(entry_points, "LIMIT_S", 0.05)
    try:
        assert await EntryPoints(["lab:1", "127.0.0.1:7"]).addresses(0.0) == [("127.0.0.1", 7)]
        waiting = [one for one in threading.enumerate() if one.name.startswith("Thread-")]
        assert all(one.daemon for one in waiting)
    finally:
        over.set()


@pytest.mark.parametrize("line", ["nonsense", "a..b:1", "127.0.0.1:99999", "wss://host/path", ""])
def test_what_is_no_place_is_refused_at_once(line):
    with pytest.raises(UserError) as caught:
        EntryPoints([line])
    assert (caught.value.code, caught.value.exit_code) == ("bad_mainline", 2)
