import pytest

from p2p.errors import LocalError
from p2p.link import routes
from p2p.link.routes import Routes
from p2p.link.standing import Standing


class Link:
    def __init__(self, tie=b"", established=False):
        self.standing = Standing(0.0)
        self.standing.tie, self.standing.established = tie, established

    def on_stun(self, data, address): ...
    def on_dtls(self, data, address): ...
    def take(self, packet, address, arrival_s): ...


A = ("192.0.2.1", 4000)


def started(table, *links):
    for link in links:
        table.start(link)


def test_each_table_finds_its_link():
    table, link = Routes(), Link()
    table.add(b"ufrag", link)
    table.expect(b"transaction", link)
    assert table.listen(7, link)
    assert table.claim(A, link, proven=False)
    assert table.of_ufrag(b"ufrag") is link
    assert table.of_transaction(b"transaction") is link
    assert table.of_ssrc(7) is link
    assert table.of_address(A) is link
    assert table.sizes() == {"ufrags": 1, "transactions": 1, "ssrcs": 1, "addresses": 1}


def test_nothing_of_a_removed_link_is_left():
    table, link, other = Routes(), Link(), Link()
    for n, each in enumerate((link, other)):
        table.add(b"u%d" % n, each)
        table.expect(b"t%d" % n, each)
        table.listen(n, each)
        table.claim(("192.0.2.1", n + 1), each, proven=True)
    table.remove(link, link)
    assert set(table.sizes().values()) == {1}
    table.remove(link, link)
    table.remove(other, other)
    assert set(table.sizes().values()) == {0}


def test_a_late_answer_is_a_strangers():
    table, link = Routes(), Link()
    table.expect(b"t", link)
    table.expect_no_more(b"t")
    table.expect_no_more(b"t")
    assert table.of_transaction(b"t") is None


def test_user_fragments_are_unique_and_links_bounded():
    table = Routes(max_sessions=2)
    table.add(b"a", Link())
    with pytest.raises(LocalError):
        table.add(b"a", Link())
    table.add(b"b", Link())
    with pytest.raises(LocalError):
        table.add(b"c", Link())


def test_an_ssrc_stays_with_who_had_it_first():
    table, first, second = Routes(), Link(), Link()
    assert table.listen(7, first)
    assert not table.listen(7, second)
    assert table.listen(7, first)
    assert table.of_ssrc(7) is first


def test_open_requests_are_bounded(monkeypatch):
    monkeypatch.setattr(routes, "MAX_TRANSACTIONS", 3)
    table, link = Routes(), Link()
    for n in range(5):
        table.expect(bytes([n]), link)
    assert table.sizes()["transactions"] == 3
    assert table.of_transaction(bytes([0])) is None
    assert table.of_transaction(bytes([4])) is link


def test_a_link_holds_few_addresses_and_gives_up_the_oldest():
    table, link = Routes(), Link()
    for port in range(1, 7):
        assert table.claim(("192.0.2.1", port), link, proven=True)
    assert table.sizes()["addresses"] == 4
    assert table.of_address(("192.0.2.1", 1)) is None
    assert table.of_address(("192.0.2.1", 6)) is link


def test_an_owned_address_is_not_taken_without_a_round_trip():
    table, old, new = Routes(), Link(established=True), Link()
    started(table, old, new)
    table.claim(A, old, proven=True)
    assert not table.claim(A, new, proven=False)
    assert table.of_address(A) is old


def test_the_newer_link_takes_the_address_and_the_older_never_takes_it_back():
    table, old, new = Routes(), Link(established=True), Link()
    started(table, old, new)
    table.claim(A, old, proven=True)
    assert table.claim(A, new, proven=True)
    new.standing.established = True
    assert not table.claim(A, old, proven=True)
    table.remove(old, old)
    assert table.of_address(A) is new


def test_of_two_unfinished_links_both_ends_choose_the_same():
    for order in (False, True):
        low, high = Link(tie=b"1"), Link(tie=b"2")
        table = Routes()
        started(table, *((high, low) if order else (low, high)))
        for link in (low, high) if order else (high, low):
            table.claim(A, link, proven=True)
        assert table.of_address(A) is high


def test_an_attempt_that_fell_silent_makes_way_for_the_next():
    table, stale, fresh = Routes(), Link(tie=b"2"), Link(tie=b"1")
    started(table, stale, fresh)
    table.claim(A, stale, proven=True)
    fresh.standing.last_heard_s = 0.9
    assert not table.claim(A, fresh, proven=True)
    fresh.standing.last_heard_s = 1.0
    assert table.claim(A, fresh, proven=True)
