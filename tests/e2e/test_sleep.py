"""The lid is closed for a while: SIGSTOP, 15 s, SIGCONT."""

import asyncio
import signal

import pytest

from lab.programs.people import DHT, ENGLISH, MANDARIN, House, give_the_floor, words_of
from lab.programs.person import SLACK, Person

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASLEEP_S = 15.0
BACK_S = 5.0


async def sleeps(person: Person) -> None:
    person.signal(signal.SIGSTOP)
    await asyncio.sleep(ASLEEP_S)
    person.signal(signal.SIGCONT)


def members_seen(person: Person, name: str) -> set[tuple[int, str]]:
    return {(event["n"], event["id"]) for event in person.heard("member", name=name)}


@pytest.mark.parametrize("sleeper", ["speaker", "listener"])
async def test_sound_is_back_five_seconds_after_waking(house: House, sleeper: str) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT, mic=MANDARIN)
    words = await words_of(host)
    speaker = await house.join("speaker", words, *DHT, mic=ENGLISH)
    listener = await house.join("listener", words, *DHT)
    early = await house.join("early", words, *DHT)
    host.say("mic on")
    await give_the_floor(host, speaker)
    early.say("hand")
    await host.hears("hand", n=host.n_of("early"), place=1)
    listener.say("hand")
    await host.hears("hand", n=host.n_of("listener"), place=2)
    await listener.hears_more_of("speaker")

    one = {"speaker": speaker, "listener": listener}[sleeper]
    mark, host_mark = one.now, host.now
    await sleeps(one)
    await host.sees(sleeper, host_mark, state="gone", within_s=1)
    loop = asyncio.get_running_loop()
    woke_s = loop.time()
    # What lay in the buffers of the kernel is opened before: only what comes after this counts.
    await host.sees(sleeper, host_mark, state="here", within_s=BACK_S)
    await listener.hears_more_of("speaker", 50, within_s=BACK_S)
    if sleeper == "speaker":
        await speaker.hears_more_of("host", 50, within_s=BACK_S)
    assert loop.time() - woke_s < BACK_S * SLACK

    assert one.code is None
    assert one.heard("error", mark) == []
    for other in (host, early):
        assert len(members_seen(other, sleeper)) == 1, "the same person came back"
    hands = await places(host)
    assert hands == {"early": 1, "listener": 2}
    assert await places(one) == hands
    roles = {event["role"] for event in host.heard("member", host_mark, name=sleeper)}
    assert roles == {sleeper}
    assert one.heard("mic", mark) == [], "nothing was retyped, and nothing had to be"


async def places(person: Person) -> dict[str, int]:
    """The queue as this person sees it."""
    mark = person.now
    person.say("hands")
    person.say("stats")
    await person.hears("stats", mark)
    names = {event["n"]: event["name"] for event in person.heard("member")}
    return {names[event["n"]]: event["place"] for event in person.heard("hand", mark)}
