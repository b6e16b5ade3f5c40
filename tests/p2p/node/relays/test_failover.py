"""Members at real relays, over real sockets: sound, mutes, removals, and relays that go."""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from crypto.ids import DhKey
from lab.programs.person import SLACK
from p2p.node.relays import comparison
from p2p.node.relays.failover import SILENT_S
from p2p.relay import cascade
from p2p.relay.forwarder import SLOTS_AT_ONCE
from p2p.relay.limits import Limits
from p2p.relay.sessions import Allowances, Bough
from p2p.room.ops.kinds import HOST_SLOT
from p2p.wire.hop import tree_slot
from p2p.wire.relay_messages import EVERYBODY
from tests.p2p.node.inn import LIMIT_S, SLOT, Inn, Member, Speaker, an_inn, granted, talking, until


@pytest.fixture
async def inn() -> AsyncIterator[Inn]:
    async with an_inn() as made:
        yield made


async def at_two_relays(
    inn: Inn, host_at: tuple[int, int], amina_at: tuple[int, int]
) -> tuple[Member, Member]:
    """The host and a member who may speak, each at both relays of the room, in its own order."""
    await inn.relay()
    await inn.relay()
    inn.order()
    host, amina = await inn.the_host(*host_at), await inn.member(*amina_at)
    granted(inn, amina, host)
    return host, amina


async def test_sound_is_forwarded_with_a_grant_and_not_without(inn: Inn) -> None:
    await inn.relay()
    host = await inn.the_host(0)
    amina = await inn.member(0)
    voice = Speaker()
    for _ in range(10):
        assert amina.seats.send_frame(voice.frame())
    await asyncio.sleep(0.3)
    assert host.heard == []
    granted(inn, amina, host)
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 20)
        assert amina.heard == []  # nobody hears itself
        host.say_floor([inn.host.mute(SLOT)])
        await asyncio.sleep(0.3)
        count = len(host.heard)
        await asyncio.sleep(0.3)
        assert len(host.heard) == count
    assert len(set(host.numbers)) == len(host.numbers)
    assert inn.host.ops[-1] in amina.floor


async def test_presence_gossip_and_wraps_reach_their_members(inn: Inn) -> None:
    await inn.relay()
    host, amina = await inn.the_host(0), await inn.member(0)
    both = {host.identity.member_id, amina.identity.member_id}
    await until(lambda: host.seats.present == amina.seats.present == both)
    amina.seats.seats[0].send_gossip(EVERYBODY, b"sealed")
    host.seats.seats[0].send_gossip(amina.identity.member_id, b"for one")
    wraps = inn.host.wraps(host.identity, amina.identity)
    host.seats.seats[0].send_wraps(inn.host.epoch, wraps)
    await until(lambda: host.gossip and amina.gossip and amina.wraps)
    assert host.gossip == [(amina.identity.member_id, b"sealed")]
    assert amina.gossip == [(host.identity.member_id, b"for one")]
    assert amina.wraps == [(inn.host.epoch, wraps[1])]
    assert inn.host.opens(wraps[1:], amina.identity)
    amina.task.cancel()
    await until(lambda: host.seats.present == {host.identity.member_id})


async def test_three_streams_go_down_and_a_fourth_in_the_place_of_one_that_ends(inn: Inn) -> None:
    await inn.relay()
    await inn.relay()
    inn.order()
    host = await inn.the_host(0)
    speakers = [await inn.member(n % 2) for n in range(4)]
    for slot, one in enumerate(speakers, SLOT):
        host.say_floor([inn.host.grant(slot, one.identity.member_id)])
        one.seats.set_slot(slot)
    listener = await inn.member(1)
    voices = [Speaker(slot) for slot in range(SLOT, SLOT + 4)]
    async with contextlib.AsyncExitStack() as last, contextlib.AsyncExitStack() as others:
        await last.enter_async_context(talking(speakers[0], voices[0]))
        for one, voice in zip(speakers[1:], voices[1:], strict=True):
            await others.enter_async_context(talking(one, voice))
        await until(lambda: min(len(listener.slots), len(host.slots)) >= SLOTS_AT_ONCE)
        said, heard = sum(voice.said for voice in voices), len(listener.heard)
        await until(lambda: sum(voice.said for voice in voices) >= said + 400)
        assert 0.6 < (len(listener.heard) - heard) / 400 < 0.85
        await others.aclose()
        listener.slots.clear()
        await until(lambda: SLOT in listener.slots)


async def test_a_member_takes_a_list_of_thousands(inn: Inn) -> None:
    relay = await inn.relay()
    host = await inn.the_host(0)
    there = {os.urandom(16) for _ in range(9000)}
    [room] = inn.servers[0]._rooms.rooms()
    room.seating.boughs[0] = Bough(DhKey(relay.dh), Allowances(Limits(), 0.0), there)
    room._presence.changed(0.0)
    await until(lambda: there < host.seats.present)


async def test_who_is_removed_is_cut_and_does_not_get_back(inn: Inn) -> None:
    await inn.relay()
    host, amina = await inn.the_host(0), await inn.member(0)
    granted(inn, amina, host)
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 5)
        host.say_floor([inn.host.remove(amina.identity.member_id)])
        await until(lambda: amina.seats.first is None)
        await until(lambda: "removed" in amina.seats.refused.values())
    assert amina.seats.first is None


async def test_a_stranger_without_the_pass_gets_nothing(inn: Inn) -> None:
    await inn.relay()
    host = await inn.the_host(0)
    stranger = await inn.member(0, seats=0)
    stranger.side.pass_key = lambda: bytes(32)
    stranger.seats._side.pass_key = stranger.side.pass_key
    await until(lambda: "bad_pass" in stranger.seats.refused.values())
    assert host.seats.present == {host.identity.member_id}
    assert stranger.heard == stranger.gossip == []


async def test_who_was_removed_does_not_come_back_by_the_old_pass_under_another_name(
    inn: Inn,
) -> None:
    await inn.relay()
    host, amina = await inn.the_host(0), await inn.member(0)
    old = inn.host.pass_key
    change = inn.host.remove(amina.identity.member_id), inn.host.new_epoch()
    host.say_floor(change)
    await until(lambda: amina.seats.first is None)
    ghost = await inn.member(0, seats=0)
    ghost.floor = list(amina.floor)  # of what came after it knows nothing
    ghost.seats._side.pass_key = lambda: old
    await until(lambda: ghost.seats.refused or ghost.seats.seats)
    assert set(ghost.seats.refused.values()) == {"bad_pass"}
    assert host.seats.present <= {host.identity.member_id, amina.identity.member_id}


async def test_members_at_different_relays_hear_each_other(inn: Inn) -> None:
    await inn.relay()
    await inn.relay()
    inn.order()
    host = await inn.the_host(0)
    amina = await inn.member(1)
    granted(inn, amina, host)
    await until(lambda: amina.identity.member_id in host.seats.present)
    async with talking(amina, Speaker()):
        await until(lambda: len(host.heard) > 20)
    assert len(set(host.numbers)) == len(host.numbers)


def refused_frames(inn: Inn) -> int:
    return sum(server._rooms.counters["frame"] for server in inn.servers)


@pytest.mark.parametrize("seconds", [9.0, pytest.param(60.0, marks=pytest.mark.slow)])
async def test_while_one_speaks_listeners_at_both_relays_miss_nothing(
    inn: Inn, seconds: float
) -> None:
    """Longer than a relay that hears nothing of another holds on to it."""
    await inn.relay()
    await inn.relay()
    inn.order()
    host, amina, kenji = await inn.the_host(0), await inn.member(0), await inn.member(1)
    granted(inn, amina, host)
    await until(lambda: kenji.identity.member_id in amina.seats.present)
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 20 and len(kenji.heard) > 20)
        first, refused = voice.said, refused_frames(inn)
        await asyncio.sleep(seconds)
        said = set(range(first, voice.said - 10))
    assert len(said) > seconds * 50 / (2.0 * SLACK)
    for listener in (host, kenji):
        assert len(said.intersection(listener.numbers)) >= 0.999 * len(said)
    assert refused_frames(inn) == refused


async def test_a_relay_that_drains_loses_no_frame_and_ends(inn: Inn) -> None:
    host, amina = await at_two_relays(inn, (0, 1), (0, 1))
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 20)
        first = amina.seats.first
        assert first is not None
        draining = next(
            n for n, relay in enumerate(inn.relays) if relay.dh == first.link.contact.dh
        )
        inn.controls[draining].drain()
        await asyncio.wait_for(inn.running[draining], LIMIT_S)
        await asyncio.sleep(0.5)
    assert amina.seats.first is not first
    await until(lambda: max(host.numbers) == voice.said - 1)
    got = set(host.numbers)
    assert got == set(range(min(got), voice.said))


def tree_of(inn: Inn) -> list[int | None]:
    """How deep each relay stands in the room's tree; None: it does not know the room."""
    rooms = [server._rooms.rooms() for server in inn.servers]
    return [room[0].cascade.depth if room else None for room in rooms]


def second_of(inn: Inn, number: int) -> bytes | None:
    [room] = inn.servers[number]._rooms.rooms()
    return room.cascade.second


async def a_chain(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> tuple[Member, Member]:
    """Three relays one below the other; a speaker at the first, a listener at the last."""
    monkeypatch.setattr(cascade, "CHILDREN_MAX", 1)
    for _ in range(3):
        await inn.relay()
    inn.order()
    await inn.the_host(1)
    amina, kenji = await inn.member(0), await inn.member(2)
    granted(inn, amina, inn.members[0])
    await until(lambda: tree_of(inn) == [0, 1, 2])
    await until(lambda: amina.identity.member_id in kenji.seats.present)
    return amina, kenji


async def test_in_a_tree_of_relays_that_is_two_deep_nothing_is_missed(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina, kenji = await a_chain(inn, monkeypatch)
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(kenji.heard) > 20)
        first = voice.said
        await asyncio.sleep(5.0)
        said = set(range(first, voice.said - 10))
    for listener in (inn.members[0], kenji):
        assert len(said.intersection(listener.numbers)) >= 0.999 * len(said)
        assert len(listener.numbers) == len(set(listener.numbers))


@pytest.mark.parametrize("way", ["ends", "falls silent", "drains"])
async def test_when_a_relay_in_the_middle_goes_those_below_turn_to_their_second_parent(
    inn: Inn, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina, kenji = await a_chain(inn, monkeypatch)
    await until(lambda: second_of(inn, 2) == inn.relays[0].dh)
    async with talking(amina, Speaker()):
        await until(lambda: len(kenji.heard) > 20)
        at_s = time.monotonic()
        if way == "ends":
            inn.running[1].cancel()
        elif way == "drains":
            inn.controls[1].drain()
        else:
            spread = inn.servers[1]._spread
            spread.send = spread.beat = lambda *_: None  # type: ignore[method-assign]
        await until(lambda: tree_of(inn)[2] == 1)
        await asyncio.sleep(1.0)
    silence_s = kenji.longest_silence_s(at_s)
    assert silence_s <= (0.2 if way == "drains" else 1.2) * SLACK
    assert kenji.heard[-1][1] > time.monotonic() - 0.5 * SLACK


@pytest.mark.e2e
async def test_a_relay_that_is_killed_is_missed_for_a_second_at_most(inn: Inn) -> None:
    await inn.process()
    await inn.process()
    inn.order()
    host, amina = await inn.the_host(0, 1), await inn.member(0, 1)
    granted(inn, amina, host)
    async with talking(amina, Speaker()):
        await until(lambda: len(host.heard) > 20)
        first = host.seats.first
        assert first is not None
        killed = next(n for n, relay in enumerate(inn.relays) if relay.dh == first.link.contact.dh)
        at_s = time.monotonic()
        inn.children[killed].send_signal(signal.SIGKILL)
        await asyncio.sleep(2.0)
    assert SILENT_S / 2 < host.longest_silence_s(at_s) <= 1.0 * SLACK
    assert host.heard[-1][1] > at_s + 1.5


def bad(spread: object, way: str) -> None:
    """From now on a relay treats sound badly."""
    send, kept, count = spread.send, [], itertools.count()  # type: ignore[attr-defined]

    def badly(room: object, source: int, frame: bytes, now: float) -> None:
        number = next(count)
        if way == "drops":
            if number % 3:
                send(room, source, frame, now)
        elif way == "drops all":
            return
        elif way == "delays":
            later = asyncio.get_running_loop().call_later
            later(0.3, lambda: send(room, source, frame, time.monotonic()))
        elif way == "doubles":
            for _ in range(2):
                send(room, source, frame, now)
        elif way == "reorders":
            kept.append(frame)
            while len(kept) == 4:
                for one in (2, 0, 3, 1):
                    send(room, source, kept[one], now)
                kept.clear()
        else:  # swaps: the sound of an earlier frame under the head of this one
            kept.append(frame)
            send(room, source, frame[:20] + kept[number // 2][20:], now)

    spread.send = badly  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("drops", "loss"), ("drops all", "loss"), ("delays", "late"),
        ("doubles", "doubles"), ("reorders", "disorder"), ("swaps", "unopened"),
    ],
)  # fmt: skip
async def test_a_relay_that_treats_sound_badly_is_left(
    inn: Inn, way: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LISTEN_EVERY_S", 0.5)
    host, amina = await at_two_relays(inn, (0, 1), (1, 0))
    voice, first = Speaker(), host.seats.first
    host.opens = voice.opens
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 60)
        assert host.seats.first is first
        changes = sum(host.side.counters.values())
        bad(inn.servers[0]._spread, way)
        host.seats.comparison.changed_s -= 60.0
        await until(lambda: host.seats.first is not first)
        assert host.side.counters[f"changed: {why}"] == 1
        assert sum(host.side.counters.values()) == changes + 1
        count = len(host.heard)
        await until(lambda: len(host.heard) > count + 60)


async def test_who_sits_at_a_relay_that_drops_what_it_says_tries_another(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LISTEN_EVERY_S", 0.5)
    host, amina = await at_two_relays(inn, (1, 0), (0, 1))
    host.seats.set_slot(HOST_SLOT)
    first = amina.seats.first
    async with talking(amina, Speaker()), talking(host, Speaker(HOST_SLOT)):
        await until(lambda: len(host.heard) > 60 and len(amina.heard) > 60)
        await asyncio.sleep(2.5)
        assert amina.seats.first is first
        # Its own sound came back by the reserve, and was not taken for another's.
        assert amina.seats.seats[1].quality._slots.keys() == {SLOT, HOST_SLOT}
        assert amina.slots == {HOST_SLOT}
        spread = inn.servers[0]._spread
        send = spread.send
        spread.send = lambda room, link, frame, now: (
            None if tree_slot(frame) == SLOT else send(room, link, frame, now)
        )
        amina.seats.comparison.changed_s -= 60.0
        await until(lambda: amina.seats.first is not first)
    assert amina.side.counters["changed: loss"] == 1


async def test_two_relays_that_do_well_are_compared_and_nothing_changes(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LISTEN_EVERY_S", 0.3)
    host, amina = await at_two_relays(inn, (0, 1), (1, 0))
    first, reserve = host.seats.seats
    host.seats.comparison.changed_s -= 60.0
    async with talking(amina, Speaker()):
        await until(lambda: reserve.tuned)
        await until(lambda: not reserve.tuned)
        await until(lambda: reserve.tuned)
    assert reserve.quality._slots
    assert host.seats.seats == [first, reserve]


async def test_a_relay_that_carries_no_sound_says_so(inn: Inn) -> None:
    await inn.relay(bootstrap_only=True)
    amina = await inn.member(0, seats=0)
    await until(lambda: "no_sound" in amina.seats.refused.values())
    await inn.relay()
    amina.seats.set_relays(inn.relays)
    await until(lambda: amina.seats.first is not None)


async def test_a_seat_at_a_quiet_relay_is_looked_after_five_times_a_second_and_no_more(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inn.relay()
    host = await inn.the_host(0)
    looks = []
    tick = host.seats.tick
    monkeypatch.setattr(host.seats, "tick", lambda: (looks.append(1), tick()))
    await asyncio.sleep(1.0)
    assert 2 <= len(looks) <= 6
    looks.clear()
    host.seats.set_named(())  # what may change the seats is not left waiting
    await asyncio.sleep(0.01)
    assert looks
