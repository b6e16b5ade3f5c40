"""What a host can do, seen by everybody; and what members do with it."""

import asyncio

import pytest

from lab.programs.people import DHT, ENGLISH, House, give_the_floor, words_of
from lab.programs.person import SLACK, Person
from tui.commands.stage import ACCEPT_EVERY_S

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ALIKE_WITHIN_S = 2.0


async def room_with_speaker(house: House) -> tuple[Person, Person, Person]:
    await house.entry_node()
    host = await house.create("host", *DHT)
    words = await words_of(host)
    speaker = await house.join("speaker", words, *DHT, mic=ENGLISH)
    listener = await house.join("listener", words, *DHT)
    await listener.sees("speaker", state="here")
    await give_the_floor(host, speaker)
    await listener.hears_more_of("speaker")
    return host, speaker, listener


async def falls_silent(speaker: Person) -> None:
    """Its counter of sealed frames stands still."""
    before = -1
    for _ in range(50):
        sealed = (await speaker.counts())["sealed"]
        if sealed == before:
            return
        before = sealed
        await asyncio.sleep(0.3)
    raise AssertionError(f"{speaker.name} goes on sealing")


async def test_a_locked_room_lets_nobody_in_until_it_is_unlocked(house: House) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT)
    words = await words_of(host)
    inside = await house.join("inside", words, *DHT)
    await host.asks("lock", "lock", on=True)
    await inside.hears("lock", on=True)
    assert (await host.asks("lock", "error"))["code"] == "locked_already"
    outside = await house.knock("outside", words, *DHT)
    assert await outside.ended() == 6
    assert outside.heard("error")[0]["code"] == "locked"
    assert inside.heard("member", name="outside") == []
    await host.asks("unlock", "lock", on=False)
    await inside.hears("lock", on=False)
    await house.join("outside", words, *DHT)


async def test_the_removed_are_out_and_everybody_sees_it(house: House) -> None:
    host, speaker, listener = await room_with_speaker(house)
    mark = host.now
    host.say("remove speaker")
    assert await speaker.ended() == 6
    assert speaker.events[-1]["event"] == "left"
    assert speaker.events[-1]["why"] == "removed"
    for other in (host, listener):
        seen = await other.sees("speaker", state="removed")
        assert seen["by"] == other.n_of("host")
    opened = await listener.total("opened", "speaker")
    assert await listener.total("opened", "speaker") == opened
    assert host.heard("error", mark) == []


async def test_the_muted_stay_on_stage_and_ask_again(house: House) -> None:
    host, speaker, listener = await room_with_speaker(house)
    mark, marks = speaker.now, {person: person.now for person in (host, listener)}
    host.say("mute speaker")
    await speaker.hears("mic", mark, on=False, why="muted")
    for person, since in marks.items():
        await person.sees("speaker", since, role="speaker", by=person.n_of("host"))
    await falls_silent(speaker)
    assert (await speaker.asks("mic on", "error"))["code"] == "muted"
    assert (await speaker.counts())["sealed"] == (await speaker.counts())["sealed"]
    host.say("accept speaker")
    mark = speaker.now
    await speaker.hears("mic", why="granted", since=mark)
    await speaker.asks("mic on", "mic", on=True)
    await listener.hears_more_of("speaker")


async def test_one_moved_down_is_a_listener_and_may_ask_again(house: House) -> None:
    host, speaker, listener = await room_with_speaker(house)
    mark = speaker.now
    host.say("down speaker")
    await speaker.hears("mic", mark, on=False, why="down")
    await listener.sees("speaker", role="listener", since=mark)
    await falls_silent(speaker)
    assert (await speaker.asks("mic on", "error"))["code"] == "not_on_stage"
    await give_the_floor(host, speaker)
    await listener.hears_more_of("speaker")


async def test_a_speaker_goes_back_to_the_audience_by_itself(house: House) -> None:
    host, speaker, listener = await room_with_speaker(house)
    marks = {person: person.now for person in (host, speaker, listener)}
    speaker.say("audience")
    for person in (host, speaker, listener):
        await person.sees("speaker", marks[person], role="listener")
    await speaker.hears("mic", since=marks[speaker], on=False)
    await falls_silent(speaker)


async def test_an_invitation_may_be_declined(house: House) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT)
    guest = await house.join("guest", await words_of(host), *DHT)
    guest.say("hand")
    await host.hears("hand", place=1)
    host.say("accept guest")
    await guest.hears("mic", why="granted")
    await guest.asks("no", "mic", on=False, why="declined")
    assert (await guest.asks("mic on", "error"))["code"] == "not_on_stage"
    # And the hand may go up again; two acceptances in one moment would be one.
    await asyncio.sleep(ACCEPT_EVERY_S)
    await give_the_floor(host, guest)


async def test_every_client_shows_the_same_queue(house: House) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT)
    words = await words_of(host)
    guests = [await house.join(f"guest {number}", words, *DHT) for number in range(3)]
    for guest in guests:
        guest.say("hand")
    order = await same_queue([host, *guests], 3)
    first = next(guest for guest in guests if guest.name == order[0])
    first.say("lower")
    assert await same_queue([host, *guests], 2) == order[1:]


async def same_queue(people: list[Person], length: int) -> list[str]:
    """Waits until the queue has this length and everybody shows it alike."""
    async with asyncio.timeout(ALIKE_WITHIN_S * SLACK):
        while True:
            queues = [await queue(person) for person in people]
            if len(queues[0]) == length and all(one == queues[0] for one in queues):
                return queues[0]
            await asyncio.sleep(0.1)


async def queue(person: Person) -> list[str]:
    """Names in the queue, the first one first, as this person sees it."""
    mark = person.now
    person.say("hands")
    await person.asks("stats", "stats")
    names = {event["n"]: event["name"] for event in person.heard("member")}
    places = {event["n"]: event["place"] or 0 for event in person.heard("hand", mark)}
    return [names[n] for n in sorted(places, key=places.__getitem__) if places[n]]
