from types import SimpleNamespace

from crypto.identity import Identity, member_id
from p2p import commands as c
from p2p import events as e
from p2p.rng import system_rng
from p2p.room import kinds
from p2p.room.ops import Pen
from tests.p2p.node.rooms import a_house


async def test_a_join_with_a_copied_exchange_key_takes_nobodys_link() -> None:
    """Anyone can sign a join that names another's key; only the handshake proves who has it."""
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="dht")
        words = (await host.key()).words
        victim = await house.guest("victim", words, only="dht")
        await victim.until(e.Joined)
        members = victim.node._members
        assert members is not None
        dh = members.room.myself.dh
        for _ in range(8):  # some of them sort before the victim's own id
            fake = Identity.generate(system_rng)
            twin = SimpleNamespace(member_id=member_id(fake.sign_key, dh), sign=fake.sign)
            pen = Pen(twin, members.room.room_id)
            join = pen.write(kinds.Join, fake.sign_key, dh, bytes(32), "fake")
            assert members.room.receive(join.data, None, 0.0)
        members.pump()
        await host.until(e.Joined)
        for neighbour in list(members.neighbours.values()):
            await neighbour.line.close()
        await victim.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "gone")
        seen = len(victim.told)
        await victim.until(e.MemberChanged, lambda m: m.name == "host" and m.state == "here", seen)
        host.node.do(c.SetMic(True))
        await victim.until(e.FirstSound)
        [link] = host.node._members.neighbours
        assert link == members.room.me
