"""People whose machine has a wrong clock, by the words alone, in open mode."""

import pytest

from lab.node_house import a_house
from p2p.api import events as e
from p2p.clock import unix_s

DAY_S = 86_400


@pytest.mark.parametrize("wrong_by_s", [DAY_S, -DAY_S])
async def test_a_newcomer_comes_in_by_the_words_and_reads_that_its_clock_is_wrong(
    monkeypatch, wrong_by_s
):
    async with a_house() as house:
        await house.relay()
        host = await house.host(only="dht")
        await host.until(e.Notice, lambda notice: notice.code == "dht_open")
        monkeypatch.setattr("p2p.node.endpoint.unix_s", lambda: unix_s() + wrong_by_s)
        guest = await house.guest("late", (await host.key()).words, only="dht")
        assert (await guest.until(e.Joined)).via == "dht"
        await guest.until(e.Notice, lambda notice: notice.code == "clock_wrong")
        assert all(notice.code != "clock_wrong" for notice in host.all(e.Notice))
