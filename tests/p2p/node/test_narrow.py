"""A speaker whose line, or whose relay, carries little."""

import asyncio

import pytest

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.mesh.arrivals import Arrivals
from p2p.mesh.line_reports import LineReports
from p2p.node.peers import narrow_doubt
from p2p.relay.server import Relay
from p2p.wire.line_report import LineReport

LIMIT_S = 20.0


class HeldBack(LineReports):
    """What a relay reports that wants a speaker to believe in a queue that grows and grows."""

    def __init__(self) -> None:
        super().__init__()
        self.want(wanted=True)
        self._held: list[tuple[float, LineReport]] = []
        self._began_s: float | None = None

    def make(self, arrivals: Arrivals, now: float) -> LineReport:
        self._began_s = self._began_s or now
        wait_s = min(3.0, 0.8 * (now - self._began_s))
        self._held.append((now, super().make(arrivals, now)))
        while len(self._held) > 1 and now - self._held[1][0] >= wait_s:
            del self._held[0]
        _, late = self._held[0]
        return late._replace(arrival_ms=late.arrival_ms + round(1000 * wait_s))


async def by_two_relays(house: House) -> tuple[Person, Person]:
    relays = (await house.relay(), await house.relay())
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": relays}
    host = await house.host("host", **ways)
    guest = await house.guest("guest", (await host.key()).words, **ways)
    await guest.until(e.Joined)
    await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
    await until(lambda: len(seats(host)) == 2)
    return host, guest


async def until(true) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not true():  # noqa: ASYNC110  a walk tells nobody of its steps
            await asyncio.sleep(0.05)


def seats(person: Person):
    return person.session.peers.dispatch.relay_room.failover.seats


def profile(person: Person) -> str:
    return person.session.sender.shape.profile


def relay_of(house: House, person: Person) -> Relay:
    """The relay that carries this person's sound."""
    first = seats(person)[0].link.contact.address[1]
    return next(one for one in house.relays if one._station.mux.local_port == first)


def hold_back_reports(relay: Relay) -> None:
    for link in relay._lines.links.values():
        link.media.reports = HeldBack()


async def test_on_a_good_line_the_room_is_spoken_to_in_its_own_profile() -> None:
    async with a_house() as house:
        host, guest = await by_two_relays(house)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        link = seats(host)[0].link
        await until(lambda: link.load(asyncio.get_running_loop().time()) is not None)
        assert profile(host) == "table"
        assert host.all(e.LineChanged) == guest.all(e.LineChanged) == []


@pytest.mark.slow
async def test_a_relay_that_holds_reports_back_is_left_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(narrow_doubt, "AFTER_S", 3.0)
    async with a_house() as house:
        host, guest = await by_two_relays(house)
        false = relay_of(house, host)
        hold_back_reports(false)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        await until(lambda: profile(host) == "thin")
        await host.until(e.LineChanged, lambda line: line.narrow_out and not line.narrow_in)
        await until(lambda: relay_of(house, host) is not false)
        await until(lambda: profile(host) == "slim")
        counters = host.session.peers.dispatch.relay_room.failover.counters
        assert counters["changed: narrow"] == 1


async def test_a_listener_with_a_narrow_line_gets_a_portion_and_hears_every_frame() -> None:
    async with a_house() as house:
        host, guest = await by_two_relays(house)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        relay, first = relay_of(house, guest), seats(guest)[0]
        guest.session._line._listening._walk.shape = 2
        room = relay._rooms.rooms()[0]
        await until(lambda: (3, 0, 3) in [seat.portion for seat in room.seating.seats.values()])
        before, opened = played(guest, host), heard(guest, host)
        await asyncio.sleep(2.0)
        assert played(guest, host) - before > 80
        assert heard(guest, host) - opened < 50
        assert seats(guest)[0] is first
        [row] = [row for row in guest.node.view().members if row.name == "host"]
        assert not row.loss_pct


def played(person: Person, speaker: Person) -> int:
    n = person.number_of(speaker.node._ours.settings.name)
    return person.node._ours.sound.pipeline.speaker_stats(n)["played"]


def heard(person: Person, speaker: Person) -> int:
    return person.session.secrets.frames.heard(speaker.session.peers.room.me).opened
