"""What the members of a room decide by themselves, between real nodes."""

import asyncio
import copy
import time

import pytest

from crypto.dh import KeyPair
from lab.node_house import LIMIT_S, House, Person, a_house
from lab.programs.person import SLACK
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import UserError
from p2p.link.conversation import Conversation
from p2p.node.peers import doorstep
from p2p.node.peers.admission import RefusedError
from p2p.rng import system_rng
from p2p.room.ops import kinds
from p2p.room.store import pruning
from p2p.wire.messages import Join


async def people(house: House, *names: str) -> list[Person]:
    await house.relay()
    host = await house.host("host", only="dht")
    words = (await host.key()).words
    found = [host]
    for name in names:
        person = await house.guest(name, words, only="dht")
        await person.until(e.Joined)
        found.append(person)
    for person in found:
        for other in ("host", *names):
            if other != person.node._ours.settings.name:
                await person.until(
                    e.MemberChanged, lambda m, o=other: m.name == o and m.state == "here"
                )
    return found


async def test_the_room_goes_on_under_a_co_host_when_the_host_has_left() -> None:
    async with a_house() as house:
        host, ann, bob = await people(house, "ann", "bob")
        host.node.do(c.Promote(host.number_of("ann"), "co-host"))
        await ann.until(e.MemberChanged, lambda m: m.n == 1 and m.role == "co-host")
        await host.leave()
        bob.node.do(c.RaiseHand())
        await ann.until(e.HandChanged, lambda hand: hand.place == 1)
        ann.node.do(c.AcceptHand(ann.number_of("bob")))
        await bob.until(e.MicChanged, lambda mic: mic.why == "granted")
        bob.node.do(c.SetMic(True))
        await ann.until(e.FirstSound)


async def test_the_key_is_said_to_be_held_by_those_who_were_let_in_too() -> None:
    async with a_house() as house:
        host, ann, bob = await people(house, "ann", "bob")
        for person in (host, ann, bob):
            assert person.node.view().key_members == 3
        await bob.leave()
        await host.until(e.MemberChanged, lambda m: m.name == "bob" and m.state == "left")
        assert host.node.view().key_members == 2  # the record counts the host alone
        host.node.do(c.NewKey())
        await ann.until(e.RoomKeyChanged, lambda key: key.why == "asked")
        assert ann.node.view().key_members == 2


async def test_who_is_shown_the_old_admission_of_one_who_left_is_told_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pruning, "LEFT_MAX", 0)
    async with a_house() as house:
        host, ann, bob = await people(house, "ann", "bob")
        words, gone = (await host.key()).words, bob.session.peers.room.me
        ops = ann.session.peers.room._ops
        [admit, *_] = [data for data in ops.all() if ops.newcomer(ops.read(data)) == gone]
        await bob.leave()
        for person in (host, ann):
            await person.until(e.MemberChanged, lambda m: m.name == "bob" and m.state == "left")
        eve = await house.guest("eve", words, only="dht")
        await eve.until(e.Joined)
        room = eve.session.peers.room
        assert room.receive(admit, None, time.monotonic())
        assert room.state.members[gone].is_here
        eve.session.follow()
        await asyncio.sleep(1.0)
        assert gone not in room.state.members or not room.state.members[gone].is_here


async def test_who_is_removed_with_a_new_key_opens_nothing_and_the_others_go_on() -> None:
    async with a_house() as house:
        host, ann, bob = await people(house, "ann", "bob")
        host.node.do(c.SetMic(True))
        await ann.until(e.FirstSound)
        host.node.do(c.Remove(host.number_of("bob"), new_key=True))
        await bob.until(e.Left)
        for person in (host, ann):
            changed = await person.until(e.RoomKeyChanged, lambda key: key.why == "kick")
            assert changed.n_members == 2
        heard = ann.session.secrets.frames.heard(host.session.peers.room.me)
        opened = heard.opened
        await asyncio.sleep(0.5)
        assert heard.opened > opened + 10


async def test_who_holds_a_false_key_asks_the_others_and_hears_them() -> None:
    async with a_house() as house:
        host, ann, bob = await people(house, "ann", "bob")
        ring = bob.session.secrets.keyring
        ((epoch, _, pass_key),) = ring.export(ring.seal_step)
        ring.replace(epoch, b"f" * 32, ring.seal_step, pass_key, ann.session.peers.room.me)
        host.node.do(c.SetMic(True))
        await ann.until(e.FirstSound)
        await bob.until(e.Notice, lambda one: one.code == "keys_differ")
        await bob.until(e.FirstSound)
        assert bob.session.secrets.frames.heard(host.session.peers.room.me).refused["seal"] > 25
        assert ring.trial.giver(epoch) in (None, host.session.peers.room.me)


async def test_a_receive_key_that_somebody_else_signs_in_our_name_is_an_alarm_for_us() -> None:
    async with a_house() as house:
        host, ann = await people(house, "ann")
        room, ours = host.session.peers.room, ann.session.peers.room
        thief, told = copy.copy(ours._pen), len(ann.told)
        for _ in range(20):
            op = thief.write(kinds.Recv, KeyPair.generate(system_rng).public)
        assert "impersonated" not in [one.code for one in ann.all(e.Notice)]
        room.receive(op.data, None, time.monotonic())
        host.session.follow()
        await ann.until(e.Notice, lambda one: one.code == "impersonated", told)
        assert "impersonated" not in [one.code for one in host.all(e.Notice)]


async def test_who_asks_to_come_in_waits_until_a_moderator_says_yes() -> None:
    async with a_house() as house:
        (host,) = await people(house)
        host.node.do(c.SetEntry("ask"))
        await host.until(e.SettingChanged, lambda one: (one.what, one.value) == ("entry", "ask"))
        late = await house.guest("late", (await host.key()).words, only="dht")
        waiting = await host.until(e.Waiting, lambda one: one.on)
        assert waiting.name == "late"
        assert (await late.until(e.Notice)).code == "waiting_outside"
        host.node.do(c.Let(waiting.n, True))
        await late.until(e.Joined)


def whom_it_tells_busy(person: Person) -> set[bytes]:
    """The keys of those that find all places at its door taken, from now on."""
    admission, told = person.session.peers._admission, set()
    check = admission._check

    async def noted(line: Conversation, question: Join, dh: bytes) -> bytes:
        try:
            return await check(line, question, dh)
        except RefusedError as refused:
            if refused.reason == "busy":
                told.add(dh)
            raise

    admission._check = noted
    return told


async def test_strangers_with_the_words_push_nobody_off_the_doorstep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are told that it is busy, and go on asking; who was there first is let in."""
    async with a_house() as house:
        (host,) = await people(house)
        host.node.do(c.SetEntry("ask"))
        await host.until(e.SettingChanged, lambda one: (one.what, one.value) == ("entry", "ask"))
        words = (await host.key()).words
        late = await house.guest("late", words, only="dht")
        waiting = await host.until(e.Waiting, lambda one: one.name == "late")
        monkeypatch.setattr(doorstep, "SEEN_S", 3600.0)  # else who waits longest gives way at last
        monkeypatch.setattr(doorstep, "ASKS_MAX", 3)
        told_busy = whom_it_tells_busy(host)
        strangers = [await house.guest(f"s{n}", words, only="dht") for n in range(4)]
        room = host.session.peers.room
        async with asyncio.timeout(LIMIT_S * SLACK):  # with late they are two too many
            while len(told_busy) < 2 or len(room.state.asking) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert len(room.state.asking) == 3
        assert "late" in [one.name for one in room.state.asking]
        assert not any(stranger.running.done() for stranger in strangers)
        host.node.do(c.Let(waiting.n, True))
        await late.until(e.Joined)


async def test_a_personal_invite_opens_a_room_that_the_words_do_not() -> None:
    async with a_house() as house:
        (host,) = await people(house)
        host.node.do(c.SetEntry("invited"))
        host.node.do(c.MakeInvite(1, 24.0))
        invite = await host.until(e.KeyShown, lambda key: key.uses == 1)
        guest = await house.guest("guest", invite.invite, only="dht")
        await guest.until(e.Joined)
        [row] = [row for row in host.node.view().members if row.name == "guest"]
        assert row.invited_by == 1
        second = await house.guest("second", invite.invite, only="dht")
        with pytest.raises(UserError, match="used_up"):
            await asyncio.wait_for(second.running, LIMIT_S)


async def test_two_compare_words_by_voice_and_see_each_other_as_verified() -> None:
    async with a_house() as house:
        host, ann = await people(house, "ann")
        host.node.do(c.Compare(host.number_of("ann")))
        asked = await ann.until(e.Words, lambda one: one.state == "asked")
        ann.node.do(c.Compare(asked.n))
        ours = await host.until(e.Words, lambda one: one.state == "ready")
        theirs = await ann.until(e.Words, lambda one: one.state == "ready")
        assert (ours.code, ours.words) == (theirs.code, theirs.words)
        host.node.do(c.Confirm(ours.n, same=True))
        await host.until(e.Words, lambda one: one.state == "verified")
        assert [row.verified for row in host.node.view().members if row.n == ours.n] == [True]


async def test_the_profile_is_the_rooms() -> None:
    async with a_house() as house:
        host, ann = await people(house, "ann")
        host.node.do(c.SetMic(True))
        await ann.until(e.FirstSound)
        host.node.do(c.SetProfile("hall"))
        await ann.until(e.SettingChanged, lambda one: one.value == "hall")
        heard = ann.session.secrets.frames.heard(host.session.peers.room.me)
        opened = heard.opened
        await asyncio.sleep(0.6)
        assert heard.opened >= opened + 5
        assert heard.rejected == 0
