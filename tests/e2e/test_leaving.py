"""Going and being gone: politely, by a signal, by death; and the room that goes on."""

import asyncio
import signal

import pytest

from lab.programs.people import DHT, ENGLISH, House, MuteNode, give_the_floor, words_of
from lab.programs.person import SLACK, Person

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


NO_ROOM = "11ZG8-TSHBS-SJVES-CXT7M-NCX8H-4BBTV-JTM"


async def room_of_three(house: House, mic: str = "silence") -> list[Person]:
    await house.entry_node()
    host = await house.create("host", *DHT)
    words = await words_of(host)
    first = await house.join("first", words, *DHT, mic=mic)
    second = await house.join("second", words, *DHT)
    await asyncio.gather(first.sees("second", state="here"), second.sees("first", state="here"))
    return [host, first, second]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_leaves_the_room_politely(house: House, number: signal.Signals) -> None:
    host, first, second = await room_of_three(house)
    first.signal(number)
    for other in (host, second):
        await other.sees("first", state="left", within_s=3)
        assert other.heard("member", name="first", state="gone") == []
    assert await first.ended(5) == 0
    assert first.events[-1]["event"] == "left"
    assert first.events[-1]["why"] == "signal"


async def test_a_second_signal_while_leaving_ends_at_once(house: House) -> None:
    host = await house.create("host")
    host.signal(signal.SIGINT)
    host.signal(signal.SIGTERM)
    assert await host.ended(5) in (0, 130)
    assert not any("Traceback" in line for line in host.talk)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_before_joined_ends_the_program(
    house: House, number: signal.Signals
) -> None:
    with MuteNode() as node:
        guest = await house.knock("guest", NO_ROOM, *DHT, "--bootstrap", node.line)
        await node.is_asked()
        guest.signal(number)
        assert await guest.ended(5) == 0
    assert guest.other == []
    assert not any("Traceback" in line for line in guest.talk)


async def test_the_killed_are_gone_within_ten_seconds_and_may_join_again(house: House) -> None:
    host, first, second = await room_of_three(house)
    loop = asyncio.get_running_loop()
    killed_s = loop.time()
    await first.kill()
    for other in (host, second):
        await other.sees("first", state="gone", within_s=10)
    assert loop.time() - killed_s <= 10 * SLACK
    marks = [other.now for other in (host, second)]
    again = await house.join("first", await words_of(host), *DHT)
    await asyncio.gather(again.sees("second", state="here"), again.sees("host", state="here"))
    for other, mark in zip((host, second), marks, strict=True):
        await other.sees("first", mark, state="here")
        numbers = {event["n"] for event in other.heard("member", name="first")}
        assert len(numbers) == 2, "one who comes back without its keys is somebody new"


@pytest.mark.parametrize("politely", [True, False], ids=["host leaves", "host killed"])
async def test_the_room_goes_on_without_its_host(house: House, politely: bool) -> None:
    host, first, second = await room_of_three(house, mic=ENGLISH)
    await give_the_floor(host, first)
    await second.hears_more_of("first")
    if politely:
        await host.leave()
    else:
        await host.kill()
    for other in (first, second):
        await other.sees("host", state="left" if politely else "gone", within_s=10)
    await second.hears_more_of("first", 100)

    third = await house.join("third", host.heard("key")[0]["words"], *DHT)
    await asyncio.gather(third.sees("first", state="here"), third.sees("second", state="here"))
    await third.hears_more_of("first", 50)
    assert await third.total("rejected", "first") == 0


async def test_the_entry_node_may_go_once_people_have_met(house: House) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT, mic=ENGLISH)
    host.say("mic on")
    guest = await house.join("guest", await words_of(host), *DHT)
    await guest.hears_more_of("host")
    await house.people[0].kill()
    await guest.hears_more_of("host", 200)


async def test_the_last_one_may_leave_and_the_room_is_gone(house: House) -> None:
    host, first, second = await room_of_three(house)
    words = await words_of(host)
    for person in (host, first, second):
        await person.leave()
    late = await house.knock("late", words, *DHT)
    assert await late.ended(20) in (3, 5)
    assert late.heard("error")
