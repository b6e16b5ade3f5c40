"""Who was let in by somebody that is removed with its branch comes in again by another door."""

import pytest

from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from tests.p2p.node.inn import until


@pytest.mark.parametrize("mode", ["open", "shield"])
async def test_an_honest_member_of_a_removed_branch_is_let_in_again_and_hears(mode: str) -> None:
    async with a_house() as house:
        relay = await house.relay()
        ways = {"mode": mode, "relays": (relay,)}
        host = await house.host("host", **ways)
        words = (await host.key()).words
        evil = await house.guest("evil", words, **ways)
        await evil.until(e.Joined)
        await host.until(e.MemberChanged, lambda m: m.name == "evil")
        room = host.session.peers.room
        room.refusal = lambda *_: "busy"  # type: ignore[method-assign]
        good = await house.guest("good", words, **ways)
        await good.until(e.Joined)
        me = good.session.peers.room.me
        await until(lambda: me in room.state.members)
        assert room.state.members[me].admitted_by == evil.session.peers.room.me
        del room.refusal
        host.node.do(c.Remove(host.number_of("evil"), new_key=True, branch=True))
        await until(lambda: me not in room.state.members)
        await until(lambda: room.state.in_roster(me))
        assert room.state.members[me].admitted_by == room.me
        await until(lambda: good.session.peers.room.is_in)
        host.node.do(c.SetMic(True))
        await good.until(e.FirstSound)
