import asyncio
import time
from types import SimpleNamespace

import pylibsrtp
import pytest
from OpenSSL import SSL

from p2p.errors import LocalError, RemoteError
from p2p.link import consent_clock, link
from p2p.link.link import LinkFailed, MediaLink
from p2p.link.srtp import SealKey
from p2p.wire.addresses import Scope
from p2p.wire.offers import LinkOffer
from tests.p2p.link.conftest import VEIL


async def test_two_nodes_exchange_frames_and_messages(bench):
    began_s = time.monotonic()
    a, b = await bench.pair()
    assert time.monotonic() - began_s < 1.0
    await bench.talks(a, b)
    assert a.link.is_up
    assert (a.link.path, a.link.scope) == ("loopback", Scope.LOOPBACK)
    assert a.link.remote_address == ("127.0.0.1", b.mux.local_port)
    await bench.until(lambda: a.link.rtt_ms is not None)
    assert 0 < a.link.rtt_ms < 500
    assert (a.link.media.arrivals.received, b.link.media.arrivals.received) == (1, 1)
    assert a.link.media.loss_pct == 0.0


async def test_frames_arrive_as_they_were_with_their_time_of_arrival(bench):
    a, b = await bench.pair()
    arrivals = []
    b.link.media.frames_to(SimpleNamespace(frame=lambda *frame: arrivals.append(frame)))
    before_s = time.monotonic()
    frames = [bytes([n]) * (n + 1) for n in range(50)]
    for frame in frames:
        a.link.media.send(frame)
    await bench.until(lambda: len(arrivals) == 50)
    assert [frame for frame, _ in arrivals] == frames
    assert all(before_s <= at_s <= time.monotonic() for _, at_s in arrivals)


async def test_messages_of_every_size_arrive_in_order(bench):
    a, b = await bench.pair()
    messages = [b"x", b"y" * 1160, b"y" * 1161, b"z" * 16384] * 5
    for message in messages:
        assert a.link.send_message(message)
    await bench.until(lambda: len(b.messages) >= 20)
    assert b.messages == messages


async def test_all_media_datagrams_of_one_frame_size_have_one_size(bench):
    a, b = await bench.pair()
    for _ in range(300):
        a.link.media.send(bytes(143))
    await bench.until(lambda: b.link.media.arrivals.received > 200)
    assert a.mux.media_sizes == {143 + 12 + 16: 300}


async def test_sizes_that_cannot_be_sent_are_our_own_mistake(bench):
    a, _ = await bench.pair()
    for frame in (b"", bytes(1201)):
        with pytest.raises(LocalError):
            a.link.media.send(frame)
    for message in (b"", bytes(16401)):
        with pytest.raises(LocalError):
            a.link.send_message(message)


async def test_before_and_after_its_life_a_link_sends_nothing(bench):
    a, b = bench.end(await bench.mux(), controlling=True), None
    assert not a.link.media.send(b"x")
    assert not a.link.send_message(b"x")
    assert (a.link.path, a.link.scope, a.link.rtt_ms) == ("none", None, None)
    a, b = await bench.pair()
    await a.link.close()
    assert not a.link.media.send(b"x")
    assert not a.link.send_message(b"x")
    a.link.late_candidate(("127.0.0.1", 9))
    with pytest.raises(LinkFailed):
        await a.link.connect(b.link.offer)


async def test_what_was_said_before_closing_still_arrives(bench):
    a, b = await bench.pair()
    for n in range(40):
        a.link.send_message(bytes([n]) * 1000)
    await a.link.close(drain_s=2.0)
    await bench.until(lambda: b.closed == ["peer"])
    assert len(b.messages) == 40
    assert a.closed == []
    assert not b.link.is_up


async def test_closing_twice_and_at_the_same_time_is_harmless(bench):
    a, b = await bench.pair()
    await asyncio.gather(a.link.close(), a.link.close(), b.link.close())
    await a.link.close()


async def test_nobody_there_is_known_in_time(bench):
    a, b = bench.end(await bench.mux(), controlling=True), await bench.mux()
    stranger = bench.end(b, controlling=False)
    offer = stranger.link.offer
    await stranger.link.close()
    began_s = time.monotonic()
    with pytest.raises(LinkFailed) as failed:
        await a.link.connect(offer, limit_s=0.3)
    assert failed.value.stage == "reach"
    assert time.monotonic() - began_s < 0.6


async def test_a_peer_without_the_promised_certificate_is_refused_by_both_ends(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    good = b.link.offer
    forged = LinkOffer(good.ufrag, good.pwd, bytes(32), good.candidates)
    results = await asyncio.gather(
        a.link.connect(forged, 1.0), b.link.connect(a.link.offer, 1.0), return_exceptions=True
    )
    assert [type(r) for r in results] == [LinkFailed, LinkFailed]
    assert results[0].stage == "identity"
    assert not a.link.media.send(b"x")


async def test_a_wrong_password_reaches_nobody(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    good = b.link.offer
    forged = LinkOffer(good.ufrag, "x" * 22, good.fingerprint, good.candidates)
    with pytest.raises(LinkFailed) as failed:
        await a.link.connect(forged, 0.4)
    assert failed.value.stage == "reach"
    assert b.mux.counters["stun_refused"] > 0
    assert b.mux.counters["sent"] == 0


@pytest.mark.parametrize("controlling", [True, False])
async def test_two_equal_roles_settle_it(bench, controlling):
    a, b = [bench.end(await bench.mux(), controlling=controlling) for _ in range(2)]
    await bench.up(a, b)
    await bench.talks(a, b)


async def test_a_peer_that_nobody_can_name_is_found_by_its_own_checks(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    bare = LinkOffer(a.link.offer.ufrag, a.link.offer.pwd, a.link.offer.fingerprint, ())
    await asyncio.gather(a.link.connect(b.link.offer), b.link.connect(bare))
    await bench.talks(a, b)


async def test_the_address_a_question_came_from_is_tried_as_well(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    bare_a = LinkOffer(a.link.offer.ufrag, a.link.offer.pwd, a.link.offer.fingerprint, ())
    bare_b = LinkOffer(b.link.offer.ufrag, b.link.offer.pwd, b.link.offer.fingerprint, ())
    seen_at = ("127.0.0.1", a.mux.local_port)
    await asyncio.gather(a.link.connect(bare_b), b.link.connect(bare_a, known=(seen_at,)))
    await bench.talks(a, b)


@pytest.mark.parametrize("listen", [("::1", 0), ("::", 0), None])
async def test_ipv6_carries_it_as_well(bench, listen):
    muxes = [await bench.mux(listen) for _ in range(2)]
    a, b = await bench.pair(*muxes, host="::1")
    await bench.talks(a, b)
    assert a.link.remote_address[0] == "::1"


async def test_a_dual_socket_reaches_an_old_one(bench):
    dual, old = await bench.mux(None), await bench.mux()
    a, b = await bench.pair(dual, old, host="127.0.0.1")
    await bench.talks(a, b)
    assert a.link.remote_address == ("127.0.0.1", old.local_port)


async def test_fifteen_links_share_one_socket(bench):
    hub = await bench.mux()
    pairs = await asyncio.gather(*(bench.pair(hub) for _ in range(15)))
    for a, b in pairs:
        await bench.talks(a, b)
    assert hub.routes.sizes()["ufrags"] == 15
    for a, _ in pairs[:7]:
        await a.link.close()
    for a, b in pairs[7:]:
        await bench.talks(a, b)


async def test_a_newer_link_between_the_same_nodes_lives_beside_and_after_the_old_one(bench):
    old_a, old_b = await bench.pair()
    new_a, new_b = await bench.pair(old_a.mux, old_b.mux)
    assert old_a.link.media.send(b"old")
    await bench.until(lambda: old_b.frames == [b"old"])
    await bench.talks(new_a, new_b)
    for end in (old_a, old_b):
        end.link._ice.probe()  # a consent check of the old link, which must not take the address
    await asyncio.sleep(0.05)
    await bench.talks(new_a, new_b)
    await old_a.link.close()
    await old_b.link.close()
    await bench.talks(new_a, new_b)


async def test_a_peer_that_crashed_and_came_back_on_the_same_port_gets_a_link(bench):
    a, b = await bench.pair()
    port = b.mux.local_port
    b.mux.close()  # no goodbye
    await asyncio.sleep(0.02)
    again = await bench.mux(("127.0.0.1", port))
    new_a, new_b = await bench.pair(a.mux, again)
    await bench.talks(new_a, new_b)
    await a.link.close()
    await bench.talks(new_a, new_b)


async def test_links_that_both_ends_began_at_once_leave_at_least_one(bench):
    muxes = [await bench.mux(), await bench.mux()]
    ends = [bench.end(m, controlling=c) for c in (True, False) for m in muxes]
    results = await asyncio.gather(
        ends[0].link.connect(ends[3].link.offer, 2.0),
        ends[3].link.connect(ends[0].link.offer, 2.0),
        ends[1].link.connect(ends[2].link.offer, 2.0),
        ends[2].link.connect(ends[1].link.offer, 2.0),
        return_exceptions=True,
    )
    up = [r is None for r in results]
    assert (up[0] and up[1]) or (up[2] and up[3])


async def test_a_receiver_that_refuses_a_frame_or_message_harms_nothing(bench):
    a, b = await bench.pair()

    def refuse(*_args):
        raise RemoteError("no")

    b.link.media.frames_to(SimpleNamespace(frame=refuse))
    b.link.on_message = refuse
    a.link.media.send(b"x")
    a.link.send_message(b"x")
    await bench.until(
        lambda: b.link.counters["frame_refused"] and b.link.counters["message_refused"]
    )
    b.link.media.frames_to(b)
    b.link.on_message = b.messages.append
    await bench.talks(a, b)


async def test_a_bug_in_a_receiver_of_messages_is_reported_and_the_link_lives(bench):
    a, b = await bench.pair()
    b.link.on_message = lambda _data: 1 / 0
    a.link.send_message(b"x")
    await bench.until(lambda: bench.failures)
    assert isinstance(bench.failures.pop()["exception"], ZeroDivisionError)
    b.link.on_message = b.messages.append
    await bench.talks(a, b)


async def test_giving_up_while_connecting_leaves_nothing_behind(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    attempt = asyncio.ensure_future(a.link.connect(b.link.offer))
    await asyncio.sleep(0.05)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert set(a.mux.routes.sizes().values()) == {0}


async def test_closing_while_connecting_ends_the_attempt(bench):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    attempt = asyncio.ensure_future(a.link.connect(b.link.offer))
    await asyncio.sleep(0.05)
    await a.link.close()
    with pytest.raises(LinkFailed) as failed:
        await attempt
    assert failed.value.stage == "closed"


async def test_a_silent_peer_is_noticed_and_given_up(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.02)
    monkeypatch.setattr(consent_clock, "CONSENT_LIMIT_S", 0.3)
    a, b = await bench.pair()
    await asyncio.sleep(0.5)
    assert time.monotonic() - a.link.last_heard_s < 0.2
    assert a.link.is_up
    b.mux.close()
    await bench.until(lambda: a.closed == ["silent"])
    assert 0.25 < time.monotonic() - a.link.last_heard_s < 1.0


async def test_sound_alone_proves_that_the_peer_is_there(bench):
    a, b = await bench.pair()
    await asyncio.sleep(0.1)
    before_s = b.link.last_heard_s
    a.link.media.send(b"x")
    await bench.until(lambda: b.frames)
    assert b.link.last_heard_s > before_s


async def test_too_many_links_on_one_socket_are_refused(bench):
    mux = await bench.mux()
    mux.routes._max_sessions = 1
    bench.end(mux, controlling=True)
    with pytest.raises(LocalError):
        MediaLink(mux, link.make_certificate(), VEIL, controlling=True)


async def test_a_peer_that_does_not_read_gets_a_bounded_backlog(bench):
    a, b = await bench.pair()
    b.mux.close()
    taken = sum(a.link.send_message(bytes(16384)) for _ in range(200))
    assert 60 <= taken <= 70


async def test_a_peer_that_leaves_before_the_channel_is_open_is_noticed_at_once(bench, monkeypatch):
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]

    async def leave(_self):
        await b.link._association._dtls.end()
        raise LinkFailed("channel")

    monkeypatch.setattr(b.link, "_open_channel", leave.__get__(b.link))
    began_s = time.monotonic()
    results = await asyncio.gather(
        a.link.connect(b.link.offer), b.link.connect(a.link.offer), return_exceptions=True
    )
    assert [result.stage for result in results] == ["channel", "channel"]
    assert time.monotonic() - began_s < 1.0
    assert a.closed == []


async def test_an_ssrc_that_another_link_has_is_refused(bench, monkeypatch):
    a, _ = await bench.pair()
    monkeypatch.setattr(link, "ssrc_of", lambda _sender, _receiver: 7)
    a.mux.routes.listen(7, a.link.media)
    second = bench.end(a.mux, controlling=True)
    with pytest.raises(LinkFailed) as failed:
        await second.link.connect(bench.end(await bench.mux(), controlling=False).link.offer)
    assert failed.value.stage == "reach"


async def test_of_two_attempts_to_one_peer_one_steps_back(bench):
    muxes = [await bench.mux(), await bench.mux()]
    ends = [bench.end(m, controlling=c) for c in (True, False) for m in muxes]
    for end in ends:
        end.link._agree_keys = lambda *_args, end=end: _held(bench, end)
    results = await asyncio.gather(
        ends[0].link.connect(ends[3].link.offer, 0.6),
        ends[3].link.connect(ends[0].link.offer, 0.6),
        ends[1].link.connect(ends[2].link.offer, 0.6),
        ends[2].link.connect(ends[1].link.offer, 0.6),
        return_exceptions=True,
    )
    assert sorted(result.stage for result in results) == ["reach"] * 2 + ["superseded"] * 2


async def _held(bench, end):
    """Between finding the peer and the handshake, both attempts wait for each other."""
    await bench.until(lambda: all(e.link.remote_address for e in bench.ends))
    await asyncio.sleep(0.05)
    mine = end.mux.routes.of_address(end.link.remote_address) is end.link
    raise LinkFailed("reach" if mine else "superseded")


async def test_early_packets_are_few_and_frames_need_keys(bench):
    media, opened = bench.end(await bench.mux(), controlling=True).link.media, []
    assert not media.send(b"x")
    assert media.outlet is None
    for n in range(100):
        media.take(b"packet %d" % n, ("192.0.2.1", 5), float(n))
    assert media.arrivals.received == 0

    class Opens:
        def unprotect(self, packet):
            opened.append(packet)
            raise pylibsrtp.Error

    media.start("a", "b", SealKey(bytes(44)), Opens())
    assert opened == [b"packet %d" % n for n in range(84, 100)]
    assert media.arrivals.received == 0


async def test_links_share_a_context_of_openssl_and_agree_on_keys_of_their_own(bench):
    hub = await bench.mux()
    ends = [*await bench.pair(hub), *await bench.pair(hub)]
    assert len({end.link.tie for end in ends}) == 2
    [context] = {end.link._association._dtls._ssl.get_context() for end in ends}
    assert context.get_session_cache_mode() == SSL.SESS_CACHE_OFF


async def test_who_sends_frames_is_told_how_they_come(bench):
    a, b = await bench.pair()
    b.link.media.frames_to(b, reported=True)
    began_s = time.monotonic()
    for number in range(60):
        a.link.media.send(bytes(224) + bytes([number]))
        await asyncio.sleep(0.02)
    each_s = (time.monotonic() - began_s) / 60  # a busy machine sleeps longer
    load = a.link.media.measure.load(time.monotonic())
    assert load is not None
    assert (load.loss, load.stands) == (0.0, False)
    assert load.carried_bps == pytest.approx(8 * (225 + 28 + 28) / each_s, rel=0.3)
    assert a.frames == []
    assert len(b.frames) == 60
    assert b.link.media.measure.load(time.monotonic()) is None


async def test_nobody_is_told_who_did_not_ask_and_heartbeats_are_not_worth_it(bench):
    a, b = await bench.pair()
    for _ in range(20):
        a.link.media.send(bytes(225))
        await asyncio.sleep(0.02)
    assert a.link.media.arrivals.received == 0
    b.link.media.frames_to(b, reported=True)
    for _ in range(20):
        a.link.media.send(b"\x40")
        await asyncio.sleep(0.02)
    assert a.link.media.arrivals.received == 0


async def test_a_report_of_another_length_is_counted_and_reaches_nobody(bench):
    a, b = await bench.pair()
    a.link.media.send(b"\x41" + bytes(20))
    await bench.until(lambda: b.link.counters["frame_refused"] == 1)
    assert b.frames == []
