import asyncio

from crypto.mutable_item import MutableItem
from p2p.relay.mainline_desk import AT_ONCE, LOOKUP_RATE, MainlineDesk, NoMainline

ITEM = MutableItem.create(b"s" * 32, 7, b"sealed")


class Network:
    """Answers when told to."""

    def __init__(self, count: int = 1) -> None:
        self.asked, self.answers = list[bytes](), asyncio.Event()
        self._count = count

    async def get(self, target: bytes) -> list[MutableItem]:
        self.asked.append(target)
        await self.answers.wait()
        return [ITEM] * self._count


async def test_what_is_found_is_handed_over_as_it_is_signed_and_four_at_most() -> None:
    network = Network(9)
    network.answers.set()
    found = await MainlineDesk(network, lambda: 0.0).look_up(ITEM.target)
    assert [MutableItem.decode(each) for each in found] == [ITEM] * 4
    assert network.asked == [ITEM.target]


async def test_few_look_ups_run_at_once_and_who_comes_then_gets_nothing() -> None:
    network = Network()
    desk = MainlineDesk(network, lambda: 0.0)
    running = [asyncio.ensure_future(desk.look_up(bytes(20))) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    assert await desk.look_up(bytes(20)) == []
    assert (len(network.asked), desk.counts["refused"]) == (AT_ONCE, 1)
    network.answers.set()
    assert all(await asyncio.gather(*running))
    assert await desk.look_up(bytes(20))


async def test_all_members_together_have_a_measure() -> None:
    network, now = Network(), [0.0]
    network.answers.set()
    desk = MainlineDesk(network, lambda: now[0])
    found = [await desk.look_up(bytes(20)) for _ in range(50)]
    assert sum(map(bool, found)) == LOOKUP_RATE.burst
    now[0] = 2.0 / LOOKUP_RATE.per_s
    assert sum([bool(await desk.look_up(bytes(20))) for _ in range(50)]) == 2


async def test_a_relay_that_is_not_to_be_seen_there_finds_nothing() -> None:
    assert await MainlineDesk(NoMainline()).look_up(bytes(20)) == []
