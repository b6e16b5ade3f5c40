"""A door that lets somebody in with true secrets and a false time."""

import asyncio
import time

import pytest

from crypto.head import Head
from lab.node_house import LIMIT_S, House, Person, a_house
from lab.programs.person import SLACK
from p2p.api import commands as c
from p2p.api import events as e
from p2p.link.conversation import Conversation
from p2p.rekey.sealed_heads import seal_heads
from p2p.wire.messages import Admit, Refuse

HEARS_WITHIN_S = 8.0


async def host_and_liar(house: House, **ways: object) -> tuple[Person, Person]:
    host = await house.host("host", **ways)
    liar = await house.guest("liar", (await host.key()).words, **ways)
    await liar.until(e.Joined)
    n = (await host.until(e.MemberChanged, lambda m: m.name == "liar" and m.state == "here")).n
    host.node.do(c.Promote(n, "moderator"))  # so that it can sign a word of that time
    room = liar.session.peers.room
    async with asyncio.timeout(5.0):
        while room.myself.rank > 2:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.05)
    return host, liar


def lies_about_time(liar: Person, by_steps: int) -> None:
    """Whom it lets in is told so many steps too much, with secrets to match."""
    secrets, group_key = liar.session.secrets, liar.session.peers.dispatch.group_key
    ring, me = secrets.keyring, secrets.identity.member_id

    def admit(ops, proof, now, taker, word) -> Admit:
        room_s, step = secrets.room_time.at(now), ring.seal_step
        heads = []
        for epoch, secret, pass_key in ring.export(step):
            head = Head(epoch, secret, step)
            head.forward_to(step + by_steps)
            heads.append((epoch, bytes(head.secret), pass_key))
        step, room_s = step + by_steps, room_s + 10.0 * by_steps
        word = group_key._words.word(room_s)
        sealed = seal_heads(heads, step, me, taker, secrets._rng)
        return Admit(me, int(room_s * 1000), step, sealed, secrets.members_secret, ops, proof, word)

    secrets.admit = admit


def busy_until(person: Person, over: asyncio.Event) -> None:
    """Its door says that it is busy, so that others are asked."""
    door = person.session.peers._admission
    answer = door.answer

    async def busy(line: Conversation, *more: object, **how: object) -> bytes | None:
        if over.is_set():
            return await answer(line, *more, **how)
        line.send(Refuse("busy"))
        await asyncio.sleep(0.5)
        await line.close()
        return None

    door.answer = busy


@pytest.mark.parametrize(
    ("mode", "by_steps"),
    [
        ("shield", 6),
        ("open", -6),
        pytest.param("shield", -6, marks=pytest.mark.slow),
        pytest.param("open", 6, marks=pytest.mark.slow),
    ],
)
async def test_who_was_told_a_time_a_minute_off_hears_within_seconds(
    mode: str, by_steps: int
) -> None:
    async with a_house() as house:
        ways: dict[str, object] = {"mode": mode, "relays": (await house.relay(),)}
        if mode == "shield":
            house.entry_nodes.clear()
        host, liar = await host_and_liar(house, **ways)
        for person in (host, liar):  # a room that is old enough
            person.session.secrets.room_time.slept(200.0)
        await asyncio.sleep(0.5)
        host.node.do(c.SetMic(True))
        lies_about_time(liar, by_steps)
        busy_until(host, is_in := asyncio.Event())
        late = await house.guest("late", (await host.key()).words, **ways)
        await late.until(e.Joined)
        is_in.set()
        joined_s = time.monotonic()
        ours, theirs = (person.session.secrets.room_time for person in (late, host))
        assert abs(ours.at(joined_s) - theirs.at(joined_s)) > 50.0
        await late.until(e.FirstSound)
        assert time.monotonic() - joined_s < HEARS_WITHIN_S * SLACK
        await late.until(e.Notice, lambda notice: notice.code == "time_wrong")
        async with asyncio.timeout(LIMIT_S):
            while abs(ours.at(joined_s) - theirs.at(joined_s)) > 2.0:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        since = [(person, len(person.told)) for person in (late, liar)]
        await asyncio.sleep(12.0)  # longer than a step
        silences = [
            sum(isinstance(one, e.SpeakingChanged) and not one.on for one in person.told[count:])
            for person, count in since
        ]
        assert silences[0] <= silences[1], "it misses no more than who had the time all along"
