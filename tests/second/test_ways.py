"""How the second client comes in, and by what it gets its keys."""

import pytest

from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from tests.second.direct import Direct
from tests.second.finding import find
from tests.second.invite import Invite
from tests.second.waiting import until


async def test_it_asks_for_a_key_of_which_no_wrap_came() -> None:
    async with a_house() as house:
        host = await house.host("host")
        second = Direct(Invite.parse((await host.key()).invite), "second")
        await second.join()
        before, wraps = second.inside.keys.heads, []
        second._take_wraps = lambda epoch, _wraps: wraps.append(epoch)
        host.node.do(c.NewKey())
        host.node.do(c.SetMic(True))
        await until(lambda: second.inside.keys.heads != before)
        assert wraps, "there were some, and nobody took them"
        opened = second.opened
        await until(lambda: second.opened > opened + 50)
        await second.vanish()


async def test_it_comes_by_a_personal_invite_where_others_are_refused() -> None:
    async with a_house() as house:
        host = await house.host("host")
        anybodys = (await host.key()).invite
        host.node.do(c.SetEntry("invited"))
        host.node.do(c.MakeInvite(1, 24.0))
        personal = await host.until(e.KeyShown, lambda key: key.invite != anybodys)
        invite = Invite.parse(personal.invite)
        guest, late = Direct(invite, "guest"), Direct(invite, "late")
        await guest.join()
        await host.until(e.MemberChanged, lambda m: m.name == "guest")
        for other, why in ((late, "used_up"), (Direct(Invite.parse(anybodys), "other"), "invited")):
            with pytest.raises(PermissionError, match=why):
                await other.join()
            await other.vanish()
        await guest.vanish()


async def test_it_finds_a_door_by_the_words_alone_through_a_relay() -> None:
    async with a_house() as house:
        relay = await house.relay()
        host = await house.host("host", only="dht")
        second = Direct(await find((await host.key()).words, relay), "second")
        await second.join()
        await host.until(e.MemberChanged, lambda m: m.name == "second" and m.state == "here")
        await second.leave()
        await host.until(e.MemberChanged, lambda m: m.name == "second" and m.state == "left")
