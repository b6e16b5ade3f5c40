"""The main thing: people meet by words, and hear each other."""

import asyncio

import pytest

from lab.programs.people import DHT, ENGLISH, MANDARIN, House, give_the_floor, words_of
from lab.programs.person import Person

pytestmark = pytest.mark.e2e

EVENT_FIELDS = {
    "key": {"words", "line", "digits", "invite"},
    "joined": {"n", "role", "members", "via", "admitted_ms"},
    "first_sound": {"from", "ms"},
    "member": {"n", "id", "name", "role", "state", "by"},
    "hand": {"n", "place"},
    "mic": {"on", "why"},
    "lock": {"on"},
    "speaking": {"n", "on"},
    "stats": {"me", "speakers", "links", "totals", "counters"},
    "left": {"why", "totals"},
    "error": {"code", "message", "hint"},
}


def keeps_the_contract(person: Person) -> None:
    assert person.other == [], "something that is no event stands on standard output"
    times = [event["t_ms"] for event in person.events]
    assert times == sorted(times)
    for event in person.events:
        fields = set(event) - {"schema", "event", "t_ms"}
        assert event["schema"] == 1
        assert fields == EVENT_FIELDS[event["event"]], event


async def everything_arrives(speaker: Person, listener: Person) -> None:
    sent = await speaker.total("sent", listener.name)
    assert sent > 0
    await listener.opens(speaker.name, sent)
    assert await listener.total("opened", speaker.name) == sent
    assert await listener.total("rejected", speaker.name) == 0


async def test_three_people_meet_by_words_and_hear_each_other(house: House) -> None:
    await house.entry_node()
    host = await house.create("王小明", *DHT, "--topic", "tea", mic=MANDARIN)
    words = await words_of(host)
    amina, kenji = await asyncio.gather(
        house.join("amina", words, *DHT, mic=ENGLISH), house.join("kenji", words, *DHT)
    )
    assert {host.heard("joined")[0]["role"]} == {"host"}
    for guest in (amina, kenji):
        (joined,) = guest.heard("joined")
        assert (joined["role"], joined["via"]) == ("listener", "dht")
    await asyncio.gather(
        amina.sees("kenji", state="here"),
        kenji.sees("amina", state="here"),
        host.sees("amina", state="here"),
        host.sees("kenji", state="here"),
    )

    host.say("mic on")
    await host.hears("mic", on=True, why="asked")
    await give_the_floor(host, amina)
    sounds = await asyncio.gather(*(p.hears("first_sound") for p in (host, amina, kenji)))
    assert sounds[0]["from"] == host.n_of("amina")
    assert sounds[1]["from"] == amina.n_of("王小明")
    await kenji.hears("speaking", n=kenji.n_of("amina"), on=True)
    await kenji.hears("speaking", n=kenji.n_of("王小明"), on=True)
    await asyncio.gather(kenji.hears_more_of("amina", 50), kenji.hears_more_of("王小明", 50))

    for speaker in (host, amina):
        await speaker.asks("mic off", "mic", on=False)
    for speaker, listener in ((host, amina), (host, kenji), (amina, host), (amina, kenji)):
        await everything_arrives(speaker, listener)

    ends = [await kenji.leave()]
    for other in (host, amina):
        await other.sees("kenji", state="left")
    ends += [await amina.leave(), await host.leave()]
    sizes = {size for end in ends for size in end["totals"]["packet_sizes"]}
    assert len(sizes) == 1
    assert [end["why"] for end in ends] == ["asked"] * 3
    for person in (host, amina, kenji):
        keeps_the_contract(person)
