"""A member on Windows and what commands it from the same Windows, as real programs."""

import pytest

from lab.programs.person import Person
from tests.windows.conftest import MixedHouse

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.parametrize("windows", [{"host", "key"}], ids=["one Windows"]),
]
ANYWHERE = ("--listen", "[::]:0")


async def press(mixed: MixedHouse, *words: str) -> Person:
    """Starts ``teahouse ctl WORDS`` there."""
    return await mixed.run("ctl", *words, name="key")


async def test_a_key_opens_and_closes_the_microphone(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE, "--ctl")
    pressed = await press(mixed, "mic", "on")
    await host.hears("mic", on=True)
    assert await pressed.ended() == 0
    assert [line.strip() for line in pressed.other] == ["microphone on, 1 here"]
    mark = host.now
    assert await (await press(mixed, "mute")).ended() == 0
    await host.hears("mic", mark, on=False)
    assert await (await press(mixed, "leave")).ended() == 0
    assert await host.ended() == 0


async def test_holding_ends_with_the_program_that_holds(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE, "--ctl")
    holding = await press(mixed, "mic", "hold")
    await host.hears("mic", on=True)
    mark = host.now
    await holding.kill()
    await host.hears("mic", mark, on=False)


async def test_a_pedal_that_stays_says_one_line_for_each_press(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE, "--ctl")
    pedal = await press(mixed, "-")
    pedal.say("mic hold")
    await host.hears("mic", on=True)
    mark = host.now
    pedal.hang_up()
    await host.hears("mic", mark, on=False)


async def test_unless_it_was_asked_for_nobody_is_there(mixed: MixedHouse) -> None:
    await mixed.create("host", *ANYWHERE)
    pressed = await press(mixed, "mic", "on")
    assert await pressed.ended() == 5
    assert any("--ctl" in line for line in pressed.talk)


async def test_two_members_are_not_mixed_up(mixed: MixedHouse) -> None:
    await mixed.create("host", *ANYWHERE, "--ctl")
    await mixed.create("host", *ANYWHERE, "--ctl")
    assert await (await press(mixed, "mic", "on")).ended() == 2
