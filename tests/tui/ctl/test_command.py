"""A member and what commands it, as real programs."""

import asyncio
import json
import os
import signal
import sys

import pytest

from lab.programs.people import House

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        sys.platform != "linux", reason="there; Windows in tests/windows/test_ctl.py"
    ),
]


@pytest.fixture
async def house(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    async with House() as made:
        made.environment["XDG_RUNTIME_DIR"] = str(runtime)
        yield made


async def ctl(house, *words):
    asking = await house.run("ctl", *words)
    code = await asking.ended()
    return code, asking.other, asking.events, asking.talk


async def test_a_key_of_the_desktop_opens_and_closes_the_microphone(house, tmp_path):
    host = await house.create("host", "--ctl")
    assert await ctl(house, "mic", "on") == (0, ["microphone on, 1 here"], [], [])
    await host.hears("mic", on=True)
    code, lines, events, _ = await ctl(house, "status", "--json")
    said = events[0] if events else json.loads(lines[0])
    assert (code, said["mic"], said["on_stage"]) == (0, True, True)
    mark = host.now
    assert (await ctl(house, "mute"))[0] == 0
    await host.hears("mic", mark, on=False)
    assert (await ctl(house, "leave"))[0] == 0
    assert await host.ended() == 0
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL", "SIGINT"])
async def test_holding_ends_with_the_command_however_that_ends(house, how):
    host = await house.create("host", "--ctl")
    holding = await house.run("ctl", "mic", "hold")
    await host.hears("mic", on=True)
    await holding.until(lambda: holding.other, "answer")
    mark = host.now
    os.kill(holding.process.pid, signal.Signals[how])
    await host.hears("mic", mark, on=False)


async def test_a_program_that_stays_says_one_line_for_each_press(house):
    host = await house.create("host", "--ctl")
    pedal = await house.run("ctl", "-")
    pedal.say("mic hold")
    await host.hears("mic", on=True)
    mark = host.now
    pedal.say("mic off")
    await host.hears("mic", mark, on=False)


async def test_unless_it_was_asked_for_there_is_no_socket(house, tmp_path):
    await house.create("host")
    code, _, _, talk = await ctl(house, "mic", "on")
    assert code == 5
    assert any("--ctl" in line for line in talk)
    assert list((tmp_path / "run").iterdir()) == []


async def test_two_members_are_not_mixed_up(house):
    await house.create("one", "--ctl")
    await house.create("two", "--ctl")
    code, _, _, talk = await ctl(house, "mic", "on")
    assert code == 2
    assert any("More than one" in line for line in talk)


async def test_a_place_that_others_can_enter_ends_the_member_before_it_begins(house, tmp_path):
    (tmp_path / "run").chmod(0o755)
    host = await house.run("create", "--plain", "--json", "--mode", "open", "--ctl")
    assert await host.ended() == 1
    assert [event["code"] for event in host.events] == ["unsafe_folder"]


async def test_after_a_crash_the_next_member_is_found(house):
    first = await house.create("first", "--ctl")
    first.process.kill()
    await asyncio.wait_for(first.process.wait(), 10)
    await house.create("second", "--ctl")
    assert (await ctl(house, "mic", "on"))[0] == 0


@pytest.mark.parametrize("words", [("mic",), ("mute", "on"), ("sing",), ("mic", "louder")])
async def test_words_that_make_no_sense_are_a_usage_error(house, words):
    assert (await ctl(house, *words))[0] == 2
