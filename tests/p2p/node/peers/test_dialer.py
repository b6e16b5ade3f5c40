import asyncio
import time

from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e


async def test_two_who_call_each_other_at_once_get_one_link_soon() -> None:
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        guest = await house.guest("guest", (await host.key()).words, only="dht")
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        both = [host.session.peers, guest.session.peers]
        for _ in range(5):
            lines = [n.line for members in both for n in members.neighbours.values()]
            for members in both:
                [neighbour] = members.neighbours.values()
                members._drop(neighbour)
                members.mesh.dial_now(neighbour.member, time.monotonic())
                members.follow_room(time.monotonic())
            await asyncio.gather(*(line.close() for line in lines))
            async with asyncio.timeout(3.0):
                while not all(m.neighbours for m in both):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
            links = [n.line for members in both for n in members.neighbours.values()]
            assert [line.open for line in links] == [True, True]
            assert {line.dialled for line in links} == {True, False}
            assert not any(members.dialer._dials for members in both)


async def test_the_question_of_the_smaller_key_counts() -> None:
    async with a_house() as house:
        host = await house.host("host", only="lan")
        dialer = host.session.peers.dialer
        for other, answers in ((b"\xff" * 32, False), (bytes(32), True)):
            dialing = asyncio.ensure_future(dialer.dial(bytes(16), other))
            await asyncio.sleep(0.05)
            assert dialer._dials.yields_to(other) is answers
            await asyncio.sleep(0.05)
            assert dialing.done() is answers
            dialing.cancel()
            await asyncio.gather(dialing, return_exceptions=True)
        assert dialer._dials.yields_to(b"\xff" * 32)
