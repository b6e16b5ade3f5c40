"""Members that nobody in the room can find: everything goes through a relay."""

import asyncio

import pytest

from crypto.invite import Invite
from crypto.roomkey import RoomKey
from lab.node_house import House, Person, a_house
from lab.programs.people import MuteNode
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import UserError
from p2p.node import create_room


async def hidden_pair(house: House) -> tuple[Person, Person]:
    relay = await house.relay()
    house.entry_nodes.clear()  # they know the relay because it was named to them
    ways = {"mode": "shield", "relays": (relay,)}
    host = await house.host("host", **ways)
    guest = await house.guest("guest", (await host.key()).words, **ways)
    await guest.until(e.Joined)
    return host, guest


async def test_two_who_hide_hear_each_other_and_have_no_link() -> None:
    async with a_house() as house:
        host, guest = await hidden_pair(house)
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        assert guest.session.peers.neighbours == {}
        assert host.session.peers.neighbours == {}
        [row] = [row for row in guest.node.view().members if row.name == "host"]
        assert row.path == "relay"
        relay = house.relay_port
        for person in (host, guest):
            others = {port for _, port in person.node._ours.endpoint.station.mux._targets}
            assert others == {relay}


async def test_who_hides_raises_a_hand_speaks_and_is_removed_with_a_new_key() -> None:
    async with a_house() as house:
        host, guest = await hidden_pair(house)
        n = (await host.until(e.MemberChanged, lambda m: m.name == "guest")).n
        guest.node.do(c.RaiseHand())
        await host.until(e.HandChanged, lambda hand: hand.place == 1)
        host.node.do(c.AcceptHand(n))
        await guest.until(e.MicChanged, lambda mic: mic.why == "granted")
        guest.node.do(c.SetMic(True))
        await host.until(e.FirstSound)
        host.node.do(c.Remove(n, new_key=True))
        left = await guest.until(e.Left)
        assert (left.why, left.exit_code) == ("removed", 6)
        await host.until(e.RoomKeyChanged, lambda key: key.why == "kick")


async def test_who_hides_and_holds_a_false_key_asks_through_the_relay_and_hears() -> None:
    async with a_house() as house:
        host, guest = await hidden_pair(house)
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        ring = guest.session.secrets.keyring
        ((epoch, _, pass_key),) = ring.export(ring.seal_step)
        ring.replace(epoch, b"f" * 32, ring.seal_step, pass_key, b"somebody else's.")
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)


async def test_a_new_key_reaches_all_through_the_relay_and_nobody_falls_silent_or_asks() -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        words, names = (await host.key()).words, ("a", "b", "c")
        listeners = [await house.guest(name, words, **ways) for name in names]
        for one, name in zip(listeners, names, strict=True):
            await one.until(e.Joined)
            await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
        host.node.do(c.SetMic(True))
        for one in listeners:
            await one.until(e.SpeakingChanged, lambda s: s.on)
        for _ in range(3):
            since = {one: len(one.told) for one in listeners}
            host.node.do(c.NewKey())
            for one in listeners:
                await one.until(e.RoomKeyChanged, lambda _: True, since[one])
            await asyncio.sleep(1.0)
        for one in listeners:
            assert [s for s in one.all(e.SpeakingChanged) if not s.on] == []
            counts = one.session.peers.dispatch.group_key._epochs.counts
            assert (counts["wrapped"], counts["asked"]) == (3, 0)
            ring = one.session.secrets.keyring
            assert all(ring.trial.giver(epoch) is None for epoch in ring.frontier.ids)
        assert host.session.peers.dispatch.group_key._epochs.counts["answered"] == 0


async def test_without_a_relay_nobody_hides() -> None:
    async with a_house() as house:
        with pytest.raises(UserError, match="no_sound_relay"):
            await create_room(house.settings("host", mode="shield"))


async def test_whoever_joins_by_words_alone_is_told_to_ask_for_the_invite() -> None:
    async with a_house() as house:
        with pytest.raises(UserError, match="no_sound_relay") as raised:
            await house.guest("guest", Invite(RoomKey(b"n" * 16)), mode="shield")
        assert "long invite" in raised.value.message


async def why_not_in(house: House, relay: str, key: bytes) -> UserError:
    guest = await house.guest("guest", Invite(RoomKey(key)), mode="shield", relays=(relay,))
    with pytest.raises(UserError) as raised:
        await guest.running
    return raised.value


async def test_a_wrong_key_and_a_dead_relay_are_told_apart() -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        await house.host("host", mode="shield", relays=(relay,))
        wrong_key = await why_not_in(house, relay, b"n" * 16)
        assert (wrong_key.code, wrong_key.exit_code) == ("no_room", 5)
        assert "relay answers" in wrong_key.message
        with MuteNode() as mute:
            dead = await why_not_in(house, mute.line, b"n" * 16)
        assert (dead.code, dead.exit_code) == ("relay_silent", 3)
        assert "relay does not answer" in dead.message
        assert not any("entry node" in text for text in (dead.message, dead.hint, wrong_key.hint))


async def test_a_straight_knock_at_a_hidden_door_is_met_with_silence() -> None:
    async with a_house() as house:
        host, _ = await hidden_pair(house)
        invite = (await host.key()).invite
        late = await house.guest("late", invite, mode="open", only="invite")
        assert (await late.until(e.Joined)).via == "invite"
        assert late.session.peers.neighbours == {}


async def test_who_has_no_udp_gets_to_the_relay_by_tcp() -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        host = await house.host("host", mode="shield", relays=(relay,))
        words = (await host.key()).words
        guest = await house.guest("guest", words, mode="shield", relays=(relay,))
        guest.node._ours.endpoint.station.mux._transport.sendto = lambda *_: None
        await guest.until(e.Joined)
        assert guest.node._ours.endpoint.station.mux.streams
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
