import asyncio
import os

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from p2p.link import consent_clock
from p2p.link.consent import (
    SettledChecks,
    answer_to,
    is_signed,
    mapped_address,
    signed,
    transaction_of,
)

KEY, OTHER = b"a password of somebody", b"another password"
FOUR, SIX = ("192.0.2.7", 4711), ("2001:db8::5:0", 65535)
transactions = st.binary(min_size=12, max_size=12)
addresses = st.one_of(
    st.tuples(st.ip_addresses(v=4).map(str), st.integers(1, 65535)),
    st.tuples(st.ip_addresses(v=6).map(str), st.integers(1, 65535)),
)


def a_request(transaction=bytes(range(12))):
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction)
    request.attributes |= {"USERNAME": "ab:cd", "PRIORITY": 7, "ICE-CONTROLLING": 1 << 60}
    return request


@given(transactions, st.binary(min_size=1, max_size=40))
def test_what_is_signed_here_is_what_aioice_makes(transaction, key):
    ours = signed(bytes(a_request()), transaction, key)
    theirs = a_request(transaction)
    theirs.add_message_integrity(key)
    assert ours == bytes(theirs)
    assert is_signed(ours, key)
    assert transaction_of(ours) == transaction


@given(transactions, addresses)
def test_an_answer_is_what_aioice_makes_and_reads(transaction, address):
    request = signed(bytes(a_request()), transaction, OTHER)
    ours = answer_to(request, address, KEY)
    theirs = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction)
    theirs.attributes["XOR-MAPPED-ADDRESS"] = address
    theirs.add_message_integrity(KEY)
    assert ours == bytes(theirs)
    assert stun.parse_message(ours).attributes["XOR-MAPPED-ADDRESS"] == address
    assert mapped_address(ours) == address


@pytest.mark.parametrize("address", [FOUR, SIX])
def test_no_changed_byte_passes(address):
    good = answer_to(bytes(a_request()), address, KEY)
    assert is_signed(good, KEY)
    assert not is_signed(good, OTHER)
    for at in [*range(2), *range(4, len(good))]:
        bad = bytearray(good)
        bad[at] ^= 1
        assert not is_signed(bytes(bad), KEY), at


def test_a_proof_alone_or_a_fingerprint_alone_is_not_enough():
    request = a_request()
    request.attributes["MESSAGE-INTEGRITY"] = bytes(20)
    request.add_fingerprint()
    assert not is_signed(bytes(request), KEY)
    request.add_message_integrity(KEY)
    request.attributes["FINGERPRINT"] ^= 1
    assert not is_signed(bytes(request), KEY)
    del request.attributes["FINGERPRINT"]
    assert not is_signed(bytes(request), KEY)


@given(st.binary(max_size=120))
def test_rubbish_is_neither_signed_nor_an_answer(data):
    assert not is_signed(data, KEY)
    assert mapped_address(data) is None


def test_answers_of_other_kinds_are_left_to_aioice():
    error = stun.Message(stun.Method.BINDING, stun.Class.ERROR, bytes(12))
    error.attributes["ERROR-CODE"] = (487, "Role Conflict")
    error.add_message_integrity(KEY)
    more = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, bytes(12))
    more.attributes |= {"XOR-MAPPED-ADDRESS": FOUR, "SOFTWARE": "x"}
    more.add_message_integrity(KEY)
    plain = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, bytes(12))
    for message in (error, more, plain, a_request()):
        assert mapped_address(bytes(message)) is None


def test_a_repeat_differs_in_transaction_and_proof_only():
    checks, way = SettledChecks(), object()
    first = signed(bytes(a_request()), os.urandom(12), KEY)
    assert not checks.repeats(first, FOUR, way)
    checks.learn(first, FOUR, way)
    again = signed(bytes(a_request()), os.urandom(12), KEY)
    assert again != first
    assert checks.repeats(again, FOUR, way)
    assert not checks.repeats(again, SIX, way)
    assert not checks.repeats(again, FOUR, object())
    other = a_request()
    other.attributes["USE-CANDIDATE"] = None
    assert not checks.repeats(signed(bytes(other), os.urandom(12), KEY), FOUR, way)


def test_our_check_of_a_way_is_made_once():
    checks, made = SettledChecks(), []

    def make():
        made.append(b"check %d" % len(made))
        return made[-1]

    assert [checks.own(way, make) for way in ("a", "a", "b", "b", "a")] == [
        *(b"check 0", b"check 0", b"check 1", b"check 1", b"check 2")
    ]


async def test_on_a_settled_link_aioice_takes_no_check_apart(bench, monkeypatch):
    a, b = await bench.pair()
    parsed, parse = [], stun.parse_message

    def noted(data, *more):
        parsed.append(data)
        return parse(data, *more)

    monkeypatch.setattr("p2p.link.ice.stun.parse_message", noted)

    async def round_of_checks():
        """Both were answered once more."""
        clocks = a.link._ice.consent, b.link._ice.consent
        before = [clock.answered_s for clock in clocks]
        await bench.until(
            lambda: all(c.answered_s > s for c, s in zip(clocks, before, strict=True)), 10.0
        )

    async with asyncio.timeout(20.0):
        while True:  # a check that was under way before it was settled may come late
            await round_of_checks()
            if not parsed:
                break
            parsed.clear()
    await round_of_checks()
    assert parsed == []
    assert a.mux.counters["stun_refused"] == b.mux.counters["stun_refused"] == 0
    assert a.link.rtt_ms < 500


async def test_a_forged_repeat_is_refused_and_not_answered(bench):
    a, b = await bench.pair()
    real, caught = b.mux._take, []

    def keep(kind, data, address, arrival_s):
        if data[:2] == b"\x00\x01":
            caught.append((data, address))
        real(kind, data, address, arrival_s)

    b.mux._take = keep
    a.link._ice.probe()
    await bench.until(lambda: caught)
    data, address = caught[0]
    await asyncio.sleep(0.1)
    a.link._ice.probe()
    await bench.until(lambda: len(caught) == 2)
    sent = b.mux.counters["sent"]
    for at in (10, 70, -10, -1):
        forged = bytearray(data)
        forged[at] ^= 1
        b.link._ice.on_stun(bytes(forged), address)
    assert b.mux.counters["sent"] == sent
    refused = b.mux.counters["stun_refused"] + b.mux.counters["stun_malformed"]
    assert refused == 4


async def checks_in(mux, seconds):
    before = mux.counters["stun"]
    await asyncio.sleep(seconds)
    return mux.counters["stun"] - before


async def test_a_link_with_a_relay_asks_for_consent_more_rarely_while_it_hears_it(
    bench, monkeypatch
):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.3)
    counts = {}
    for patient in (False, True):
        relay = bench.end(await bench.mux(), controlling=False)
        member = bench.end(await bench.mux(), controlling=True)
        for end in (relay, member) if patient else ():
            end.link.be_patient()
        await bench.up(member, relay)

        async def speak(link=relay.link):
            while True:
                link.media.send(b"here I am")
                await asyncio.sleep(0.05)

        task = asyncio.ensure_future(speak())
        await asyncio.sleep(0.6)
        counts[patient] = await checks_in(relay.mux, 3.0)
        task.cancel()
    assert 0 < counts[True] < counts[False] / 2


async def a_relay_and_a_member(bench):
    relay = bench.end(await bench.mux(), controlling=False)
    member = bench.end(await bench.mux(), controlling=True)
    for end in (relay, member):
        end.link.be_patient()
    await bench.up(member, relay)
    return relay, member


async def test_a_silent_relay_is_asked_every_second_as_ever(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.3)
    relay, _ = await a_relay_and_a_member(bench)
    await asyncio.sleep(0.6)
    weather = bench.weather(relay.mux)
    weather.lose = lambda _data: True
    asked = relay.mux.counters["stun"]
    await bench.until(lambda: relay.mux.counters["stun"] >= asked + 4, 4.0)


async def test_a_relays_check_stands_for_that_of_a_member_who_hears_it_and_never_the_other_way(
    bench, monkeypatch
):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.1)
    relay, member = await a_relay_and_a_member(bench)
    asked = {relay: [], member: []}
    for end, times in asked.items():
        end.mux._take = counting_requests(end.mux._take, times)

    async def speak():
        while True:
            relay.link.media.send(b"here I am")
            await asyncio.sleep(0.02)

    task = asyncio.ensure_future(speak())
    await asyncio.sleep(0.5)
    for times in asked.values():
        times.clear()
    await bench.until(lambda: len(asked[member]) >= 6, 20.0)
    task.cancel()
    assert len(asked[relay]) <= 1
    assert relay.link.is_up
    assert member.link.is_up
    assert relay.link._ice.consent.answered_s > asked[member][-3]

    relay.link._ice.consent.answered_s = 0.0
    member.link._ice.probe()
    asked[relay].clear()
    await bench.until(lambda: asked[relay])
    assert relay.link._ice.consent.answered_s == 0.0


def counting_requests(receive, times):
    def count(kind, data, address, arrival_s):
        if data[:2] == b"\x00\x01":
            times.append(arrival_s)
        receive(kind, data, address, arrival_s)

    return count
