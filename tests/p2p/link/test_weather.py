"""Links over lines that lose, delay and cut; and peers that move."""

import asyncio
import socket
import time

import pytest

from p2p.link import checks, consent_clock, ice
from p2p.link.demux import KINDS, Kind
from tests.p2p.link.conftest import covered

CHECK = Kind.STUN
APPLICATION_DATA = 23
TRIES = 3


async def new_pair(bench):
    ends = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    return *ends, *(bench.weather(end.mux) for end in ends)


async def test_a_first_check_that_is_lost_costs_little(bench):
    a, b, wa, wb = await new_pair(bench)
    for weather in (wa, wb):
        weather.lose_first(1, lambda data: KINDS[data[0]] is CHECK)
    began_s = time.monotonic()
    await bench.up(a, b)
    assert time.monotonic() - began_s < 0.45
    await bench.talks(a, b)


async def test_the_peers_own_check_shows_that_the_way_is_open_now(bench, monkeypatch):
    monkeypatch.setattr(checks, "FIRST_REPEAT_S", 3.0)
    a, b, wa, _ = await new_pair(bench)
    wa.lose_first(1, lambda data: KINDS[data[0]] is CHECK)
    early = asyncio.ensure_future(a.link.connect(b.link.offer))
    await asyncio.sleep(0.05)
    began_s = time.monotonic()
    await asyncio.gather(early, b.link.connect(a.link.offer))
    assert time.monotonic() - began_s < 1.0


async def test_what_overtakes_the_handshake_does_not_leave_the_channel_one_behind(bench):
    client, server, _, w_server = await new_pair(bench)
    flights = []

    def hold_s(data):
        if KINDS[data[0]] is Kind.DTLS and data[0] != APPLICATION_DATA:
            flights.append(data)
            return 0.4 if len(flights) >= 2 else 0.0
        return 0.0

    w_server.hold_s = hold_s
    await bench.up(server, client)
    for n in range(5):
        server.link.send_message(b"%d" % n)
        await bench.until(lambda n=n: client.messages == [b"%d" % k for k in range(n + 1)], 0.2)


async def test_an_asker_that_starts_late_is_met_at_once(bench):
    asker, door, _, _ = await new_pair(bench)
    early = asyncio.ensure_future(door.link.connect(asker.link.offer))
    assert asker.mux.routes.of_ufrag(asker.link.offer.ufrag.encode()) is asker.link
    await asyncio.sleep(0.42)
    began_s = time.monotonic()
    await asker.link.connect(door.link.offer)
    await early
    assert time.monotonic() - began_s < 0.3
    await bench.talks(asker, door)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("flight", [1, 2])
async def test_a_lost_handshake_flight_is_repeated_soon(bench, side, flight):
    took_s = []
    while min(took_s, default=1.0) >= 0.95:  # OpenSSL's own timer takes a second every time
        assert len(took_s) < TRIES
        a, b, *weathers = await new_pair(bench)
        weathers[side].lose_first(
            flight, lambda data: KINDS[data[0]] is Kind.DTLS and data[0] != APPLICATION_DATA
        )
        began_s = time.monotonic()
        await bench.up(a, b)
        took_s.append(time.monotonic() - began_s)
    await bench.talks(a, b)


@pytest.mark.parametrize("side", [0, 1])
async def test_a_lost_start_of_the_data_channel_is_repeated_soon(bench, side):
    a, b, *weathers = await new_pair(bench)
    weathers[side].lose_first(2, lambda data: data[0] == APPLICATION_DATA)
    began_s = time.monotonic()
    await bench.up(a, b)
    assert time.monotonic() - began_s < 1.0
    await bench.talks(a, b)


async def test_sound_that_overtakes_the_handshake_is_kept_for_its_end(bench):
    client, server, _, w_server = await new_pair(bench)
    # The server's last flight is lost; what it says meanwhile arrives before the repeat.
    flights = []

    def lose(data):
        if KINDS[data[0]] is Kind.DTLS and data[0] != APPLICATION_DATA:
            flights.append(data)
            return len(flights) == 2
        return False

    w_server.lose = lose
    connecting = asyncio.ensure_future(bench.up(server, client))
    await bench.until(lambda: server.link.standing.established)
    for n in range(5):
        assert server.link.media.send(b"early %d" % n)
    assert not client.link.standing.established
    await connecting
    assert client.frames == [b"early %d" % n for n in range(5)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
async def test_over_a_line_that_loses_every_tenth_datagram_links_come_up(bench, seed):
    a, b, *weathers = await new_pair(bench)
    for n, weather in enumerate(weathers):
        weather.lose_some(0.1, 2 * seed + n)
    await bench.up(a, b)
    messages = [b"%d" % n * 300 for n in range(100)]
    for message in messages:
        a.link.send_message(message)
        b.link.send_message(message)
    await bench.until(lambda: len(a.messages) == len(b.messages) == 100, 30.0)
    assert a.messages == b.messages == messages


async def test_loss_is_measured(bench):
    a, b, weather, _ = await new_pair(bench)
    await bench.up(a, b)
    media = [0]

    def lose(data):
        media[0] += KINDS[data[0]] is Kind.MEDIA
        return KINDS[data[0]] is Kind.MEDIA and media[0] % 5 == 0

    weather.lose = lose
    for _ in range(100):
        a.link.media.send(bytes(100))
    await bench.until(lambda: b.frames)
    await asyncio.sleep(0.05)
    assert b.link.media.loss_pct == pytest.approx(20.0, abs=2.0)
    assert a.link.media.loss_pct == 0.0


async def test_the_round_trip_is_measured_and_long_ones_are_survived(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.05)
    monkeypatch.setattr(consent_clock, "CONSENT_LIMIT_S", 0.5)
    a, b, *weathers = await new_pair(bench)
    await bench.up(a, b)
    for weather in weathers:
        weather.delay_s = 0.15
    await asyncio.sleep(1.5)
    assert a.link.is_up
    assert b.link.is_up
    assert 250 < a.link.rtt_ms < 400


async def test_heavy_loss_is_not_taken_for_silence(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.4)
    monkeypatch.setattr(consent_clock, "CONSENT_REPEAT_S", 0.03)
    a, b, *weathers = await new_pair(bench)
    await bench.up(a, b)
    for n, weather in enumerate(weathers):
        weather.lose_some(0.3, n)
    longest_s = 0.0
    for _ in range(200):
        await asyncio.sleep(0.01)
        longest_s = max(longest_s, time.monotonic() - a.link.last_heard_s)
    assert longest_s < 1.0


async def test_a_cut_of_some_seconds_ends_nothing(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.1)
    a, b, *weathers = await new_pair(bench)
    await bench.up(a, b)
    for weather in weathers:
        weather.lose = lambda _data: True
    a.link.send_message(b"said during the cut")
    await asyncio.sleep(1.5)
    assert time.monotonic() - b.link.last_heard_s > 1.3
    for weather in weathers:
        weather.lose = lambda _data: False
    began_s = time.monotonic()
    await bench.until(lambda: b.messages == [b"said during the cut"], 4.0)
    assert a.link.media.send(b"x")
    await bench.until(lambda: b.frames)
    assert time.monotonic() - began_s < 3.0
    assert time.monotonic() - b.link.last_heard_s < 1.0


class Router(asyncio.DatagramProtocol):
    """A home's NAT: what is sent to ``inside`` comes out of ``outside``; answers go back."""

    def __init__(self, home, far):
        self.home, self.far = home, far
        self.outside = None

    @classmethod
    async def of(cls, home, far):
        loop = asyncio.get_running_loop()
        router = cls(home, far)
        router.inside, _ = await loop.create_datagram_endpoint(
            lambda: _Port(router._leave),
            local_addr=("127.0.0.1", 0),
        )
        await router.rebind()
        return router

    def _leave(self, data):
        if self.outside is not None:
            self.outside.sendto(data, self.far)

    async def rebind(self):
        old, self.outside = self.outside, None
        if old is not None:
            old.close()
        loop = asyncio.get_running_loop()
        self.outside, _ = await loop.create_datagram_endpoint(
            lambda: _Port(self._enter),
            local_addr=("127.0.0.1", 0),
        )

    @property
    def inside_address(self):
        return self.inside.get_extra_info("sockname")

    @property
    def outside_address(self):
        return self.outside.get_extra_info("sockname")

    def _enter(self, data):
        if not self.inside.is_closing():
            self.inside.sendto(data, self.home)

    def close(self):
        outside, self.outside = self.outside, None
        self.inside.close()
        outside.close()


class _Port(asyncio.DatagramProtocol):
    def __init__(self, forward):
        self.forward = forward

    def datagram_received(self, data, addr):
        self.forward(data)


@pytest.mark.parametrize("home_controls", [True, False])
@pytest.mark.parametrize("who_speaks", ["home", "nobody"])
async def test_a_peer_whose_router_gave_it_a_new_port_is_followed(
    bench, home_controls, who_speaks, monkeypatch
):
    # By its next consent check, or before that by its sound.
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.3 if who_speaks == "nobody" else 100.0)
    monkeypatch.setattr(consent_clock, "CONSENT_REPEAT_S", 0.01)
    home = bench.end(await bench.mux(), controlling=home_controls)
    far = bench.end(await bench.mux(), controlling=not home_controls)
    router = await Router.of(("127.0.0.1", home.mux.local_port), ("127.0.0.1", far.mux.local_port))
    far_offer, home_offer = (
        type(e.link.offer)(
            e.link.offer.ufrag,
            e.link.offer.pwd,
            e.link.offer.fingerprint,
            (type(e.link.offer.candidates[0]).of(address, 0),),
        )
        for e, address in ((far, router.inside_address), (home, router.outside_address))
    )
    await asyncio.gather(home.link.connect(far_offer), far.link.connect(home_offer))
    await bench.talks(home, far)
    old = far.link.remote_address
    await router.rebind()
    began_s = time.monotonic()
    while far.link.remote_address != router.outside_address:
        if who_speaks == "home":
            home.link.media.send(b"where am I")
        await asyncio.sleep(0.02)
        assert time.monotonic() - began_s < 3.0
    assert far.link.remote_address != old
    await asyncio.sleep(0.05)
    await bench.talks(home, far)
    router.close()


async def test_a_new_address_told_by_somebody_else_is_tried(bench):
    a, b = await bench.pair()
    away = await bench.mux()  # where b's datagrams reach a from now on
    b_transmit = away._transmit
    b.mux._transmit = lambda data, address, veil: b_transmit(data, address, veil)
    away._received = lambda data, address, at_s: b.mux._received(data, address, at_s)
    a.link.late_candidate(("127.0.0.1", away.local_port))
    await bench.until(lambda: a.link.remote_address == ("127.0.0.1", away.local_port))
    await bench.talks(a, b)


async def test_a_peer_that_comes_back_to_an_earlier_address_is_followed(bench, monkeypatch):
    monkeypatch.setattr(consent_clock, "SILENT_PATH_S", 0.3)
    monkeypatch.setattr(consent_clock, "CONSENT_EVERY_S", 0.1)
    a, b = await bench.pair()
    home = a.link.remote_address
    away, at_home = await bench.mux(), b.mux._transmit
    b.mux._transmit = away._transmit
    away._received = lambda data, address, at_s: b.mux._received(data, address, at_s)
    a.link.late_candidate(("127.0.0.1", away.local_port))
    await bench.until(lambda: a.link.remote_address == ("127.0.0.1", away.local_port))
    b.mux._transmit = at_home
    away._received = lambda *_args: None
    await bench.until(lambda: a.link.remote_address == home)
    await bench.talks(a, b)


async def test_a_late_candidate_of_the_wrong_kind_or_repeated_is_harmless(bench):
    a, b = await bench.pair()
    for _ in range(40):
        a.link.late_candidate(("::1", 9))
        a.link.late_candidate(("127.0.0.1", b.mux.local_port))
    for port in range(1, 60):
        a.link.late_candidate(("127.0.0.1", port))
    assert len(a.link._ice._check_list) <= ice.MAX_PAIRS
    await bench.talks(a, b)


async def test_a_replayed_media_packet_is_refused_and_moves_nothing(bench):
    a, b = await bench.pair()
    packets = []
    real = b.mux._take
    b.mux._take = lambda kind, data, address, at_s: (
        packets.append(covered(data)) if kind is Kind.MEDIA else None,
        real(kind, data, address, at_s),
    )
    a.link.media.send(b"once")
    await bench.until(lambda: b.frames)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.1", 0))
        thief.sendto(packets[0], ("127.0.0.1", b.mux.local_port))
        await bench.until(lambda: b.link.counters["media_refused"])
        assert b.link.remote_address == ("127.0.0.1", a.mux.local_port)
    assert b.frames == [b"once"]
