import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.invite import Invite, parse_key_text
from crypto.roomkey import RoomKey
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.api.view import MemberView
from p2p.errors import UserError
from p2p.node import Settings, create_room
from p2p.node.media.routing import SENDS_S


async def talking_pair(house: House) -> tuple[Person, Person]:
    await house.relay()
    host = await house.host("host", only="dht", topic="tea")
    guest = await house.guest("guest", (await host.key()).words, only="dht")
    await guest.until(e.Joined)
    await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
    return host, guest


def host_seen_by(guest: Person) -> MemberView:
    return next(m for m in guest.node.view().members if m.name == "host")


async def test_two_who_share_the_words_find_each_other_through_the_dht_and_talk() -> None:
    async with a_house() as house:
        host, guest = await talking_pair(house)
        joined = await guest.until(e.Joined)
        assert (joined.via, joined.role, joined.members) == ("dht", "listener", 2)
        host.node.do(c.SetMic(True))
        first = await guest.until(e.FirstSound)
        assert first.from_n == guest.number_of("host")
        await guest.until(e.SpeakingChanged, lambda s: s.on)
        host.node.do(c.SetMic(False))
        assert host_seen_by(guest).sends
        await guest.until(e.SpeakingChanged, lambda s: not s.on)
        heard = host_seen_by(guest)
        assert (heard.path, heard.unheard) == ("loopback", False)
        await asyncio.sleep(SENDS_S + 0.3)
        assert not host_seen_by(guest).sends
        left = await guest.leave()
        [row] = left.totals["members"]
        sent = (await host.leave()).totals["members"][0]["sent"]
        assert row["opened"] == sent > 5
        assert row["rejected"] == 0


async def test_a_hand_is_raised_accepted_and_the_microphone_confirms() -> None:
    async with a_house() as house:
        host, guest = await talking_pair(house)
        guest.node.do(c.SetMic(True))
        assert (await guest.until(e.ErrorRaised)).code == "not_on_stage"
        guest.node.do(c.RaiseHand())
        number = host.number_of("guest")
        await host.until(e.HandChanged, lambda h: h == e.HandChanged(number, 1))
        host.node.do(c.AcceptHand(number))
        await guest.until(e.MicChanged, lambda m: not m.on and m.why == "granted")
        guest.node.do(c.SetMic(True))
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.role == "speaker")
        await host.until(e.FirstSound)
        seen = len(guest.told)
        host.node.do(c.Mute(number))
        await guest.until(e.MicChanged, lambda m: m.why == "muted", seen)
        assert not guest.node.view().mic_on
        host.node.do(c.MoveDown(number))
        await guest.until(e.MemberChanged, lambda m: m.n == 1 and m.role == "listener", seen)


def speaks(number: int) -> Callable[[e.MemberChanged], bool]:
    return lambda m: m.n == number and m.role == "speaker"


async def test_listeners_are_invited_without_a_hand_and_all_are_muted_at_once() -> None:
    async with a_house() as house:
        host, guest = await talking_pair(house)
        third = await house.guest("third", (await host.key()).words, only="dht")
        await host.until(e.MemberChanged, lambda m: m.name == "third" and m.state == "here")
        host.node.do(c.MuteAll())
        assert (await host.until(e.ErrorRaised)).code == "nobody_to_mute"
        await third.until(e.Joined)
        for one, name in ((guest, "guest"), (third, "third")):
            number = host.number_of(name)
            host.node.do(c.AcceptHand(number))
            await one.until(e.MicChanged, lambda m: not m.on and m.why == "granted")
            one.node.do(c.SetMic(True))
            await host.until(e.MemberChanged, speaks(number))
        told = [len(one.told) for one in (guest, third)]
        guest.node.do(c.MuteAll())
        assert (await guest.until(e.ErrorRaised)).code == "nobody_to_mute"
        assert third.node.view().mic_on
        host.node.do(c.MuteAll())
        for one, seen in zip((guest, third), told, strict=True):
            await one.until(e.MicChanged, lambda m: m.why == "muted", seen)
            assert not one.node.view().mic_on
        assert [m.muted for m in host.node.view().members] == [False, True, True]


async def test_a_removed_member_is_out_and_a_locked_room_lets_nobody_in() -> None:
    async with a_house() as house:
        host, guest = await talking_pair(house)
        host.node.do(c.Remove(host.number_of("guest")))
        left = await guest.until(e.Left)
        assert (left.why, left.exit_code) == ("removed", 6)
        host.node.do(c.SetLock(True))
        await host.until(e.LockChanged, lambda lock: lock.on)
        late = await house.guest("late", (await host.key()).words, only="dht")
        with pytest.raises(UserError, match="locked"):
            await late.running
        host.node.do(c.SetLock(False))
        again = await house.guest("again", (await host.key()).words, only="dht")
        await again.until(e.Joined)


async def test_the_long_invite_needs_no_entry_node() -> None:
    async with a_house() as house:
        host = await house.host()
        notice = await host.until(e.Notice)
        assert notice.code == "no_entry_node"
        guest = await house.guest("guest", (await host.key()).invite)
        assert (await guest.until(e.Joined)).via == "invite"


async def test_a_relay_carries_the_knock_and_the_link_is_made_by_the_two() -> None:
    async with a_house() as house:
        await house.relay()
        host = await house.host(only="relay")
        await host.until(e.Joined)
        guest = await house.guest("guest", (await host.key()).words, only="relay")
        assert (await guest.until(e.Joined)).via == "relay"
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)


async def test_everybody_links_with_everybody_and_the_room_outlives_its_host() -> None:
    async with a_house() as house:
        host, guest = await talking_pair(house)
        third = await house.guest("third", (await host.key()).words, only="dht")
        await third.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        await guest.until(e.MemberChanged, lambda m: m.name == "third" and m.state == "here")
        words = (await host.key()).words
        await host.leave()
        await third.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "left")
        fourth = await house.guest("fourth", words, only="dht")
        await fourth.until(e.MemberChanged, lambda m: m.name == "third" and m.state == "here")


async def test_a_room_where_nobody_is_ends_in_time_with_no_one_is_here() -> None:
    async with a_house() as house:
        await house.relay()
        nobody = await house.guest("lonely", Invite(RoomKey(b"n" * 16)), only="dht")
        with pytest.raises(UserError) as raised:
            await nobody.running
        assert (raised.value.code, raised.value.exit_code) == ("no_room", 5)
        assert raised.value.message.startswith("No one is here")


@pytest.mark.slow
async def test_a_key_with_the_host_s_address_but_for_another_room_gets_silence() -> None:
    async with a_house() as house:
        host = await house.host()
        invite = parse_key_text((await host.key()).invite)
        wrong = await house.guest("wrong", replace(invite, key=RoomKey(b"w" * 16)))
        with pytest.raises(UserError, match=r"unreachable|no_room"):
            await wrong.running
        assert host.node.view().members[-1].me


async def test_who_leaves_before_it_is_in_is_out_at_once() -> None:
    async with a_house() as house:
        await house.relay()
        person = await house.guest("hasty", Invite(RoomKey(b"n" * 16)), only="dht")
        person.node.do(c.RaiseHand())
        assert (await person.until(e.ErrorRaised)).code == "not_joined"
        left = await person.leave()
        assert left.why == "asked"


async def test_settings_that_cannot_work_are_refused() -> None:
    async with a_house() as house:
        with pytest.raises(UserError) as raised:
            await create_room(Settings(mode="shield"))
        assert raised.value.exit_code == 3
        for settings in (
            Settings(only="pigeon"),
            Settings(bootstrap=("nonsense",)),
            Settings(listen=("127.0.0.1", 0), mic="tone:x"),
            Settings(listen=("127.0.0.1", 0), mic="file:/nowhere.ogg"),
        ):
            with pytest.raises(UserError):
                await create_room(settings)
        host = await house.host()
        port = host.node.port
        with pytest.raises(UserError, match="port_in_use"):
            await create_room(Settings(listen=("127.0.0.1", port)))


async def test_stats_keys_and_the_end_by_the_clock() -> None:
    async with a_house() as house:
        host = await house.host(seconds=0.5)
        host.node.do(c.AskStats())
        stats = await host.until(e.Stats)
        assert stats.me == {"sealed": 0, "mic": False}
        host.node.do(c.ShowKey())
        await host.until(e.KeyShown, since=len(host.told) - 1)
        host.node.do(c.AcceptHand(99))
        assert (await host.until(e.ErrorRaised)).code == "no_member"
        left = await host.until(e.Left)
        assert left.why == "time"
