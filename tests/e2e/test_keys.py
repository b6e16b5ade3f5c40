"""Keys that are wrong in every way in which people get them wrong."""

import asyncio

import pytest

from crypto.invite import parse_key_text
from crypto.keycode import CHECKSUM_BITS, KEY_VERSION, WORDS, _checksum
from crypto.roomkey import ROOM_KEY_BYTES
from crypto.wordlist import words_of as wordlist
from lab.programs.people import DHT, House, words_of
from lab.programs.person import SLACK, Person
from tests.e2e.wire import Wire

pytestmark = pytest.mark.e2e

INVITE = ("--only", "invite")

# Of a room that was never opened.
NO_ROOM = (
    "anchor wealth bracket glance transfer nothing uncover oven monster few tuition banana hint "
    "rescue hedgehog"
)
A, B, REST = NO_ROOM.split()[:4], NO_ROOM.split()[4:6], NO_ROOM.split()[6:]


async def refused(house: House, key: str) -> Person:
    """Somebody whose key is not even tried; it ends at once."""
    guest = await house.knock("guest", key, *DHT)
    await guest.ended()
    return guest


def complaint(person: Person) -> str:
    (error,) = person.heard("error")
    return f"{error['message']} {error['hint']}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*A, *B, *REST[:-1]], "15 words, not 14"),
        ([*A, *B[::-1], *REST], "Words 5 and 6 seem to be swapped"),
        ([*A, "abandon", "zoo", *REST], "More than one"),
        (["hello", "there"], ""),
        (["\x1b[2J\u202e" * 50], ""),
        (["x" * 100_000], ""),
        ([""], "no room key"),
    ],
    ids=["missing", "swapped", "two wrong", "none", "control characters", "long", "empty"],
)
async def test_a_key_that_cannot_be_one_is_refused_with_a_reason(
    house: House, words: list[str], said: str
) -> None:
    guest = await refused(house, " ".join(words))
    assert guest.code == 4
    assert said in complaint(guest)
    assert "\x1b" not in complaint(guest)
    assert guest.other == []


async def test_a_key_of_a_newer_version_says_that_a_newer_program_is_needed(house: House) -> None:
    body = (KEY_VERSION + 1) << (ROOM_KEY_BYTES * 8) | 0x1234567890
    code = body << CHECKSUM_BITS | _checksum(body)
    words = " ".join(wordlist("en")[symbol] for symbol in WORDS.symbols_of(code))
    guest = await refused(house, words)
    assert guest.code == 4
    assert "newer" in complaint(guest)


async def test_one_wrong_word_is_repaired_and_the_room_is_entered(house: House) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT)
    words = (await words_of(host)).split()
    words[6] = "zebra" if words[6] != "zebra" else "zoo"
    guest = await house.join("guest", " ".join(words), *DHT)
    await guest.sees("host")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["line", "digits", "words"])
async def test_every_form_of_the_key_opens_the_room(house: House, form: str) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT)
    await house.join("guest", host.heard("key")[0][form], *DHT)


@pytest.mark.slow
async def test_nobody_in_the_room_is_said_within_six_seconds(house: House) -> None:
    await house.entry_node()
    guest = await house.knock("guest", NO_ROOM, *DHT)
    assert await guest.ended() == 5
    assert "No one is here" in complaint(guest)
    assert guest.events[-1]["t_ms"] <= 6_000 * SLACK


@pytest.mark.slow
async def test_the_key_of_another_room_meets_silence(house: House) -> None:
    """The guest is led to a real door, with the key of a room that is not behind it."""
    host, other = await asyncio.gather(house.create("host"), house.create("other"))
    invite, wrong = host.heard("key")[0]["invite"], other.heard("key")[0]["line"]
    wire = await Wire.to(invite)
    try:
        guest = await house.knock("guest", wire.invite(parse_key_text(wrong).key), *INVITE)
        assert await guest.ended(30) in (3, 5)
        assert len(wire.to_door) > 3
        assert wire.from_door == []
        assert complaint(guest)

        # The same wire with the right key is not silent.
        await house.join("guest", wire.invite(parse_key_text(invite).key), *INVITE)
        await host.sees("guest", state="here")
        assert wire.from_door != []
    finally:
        wire.close()
    assert len(host.heard("member", name="guest", state="here")) == 1
