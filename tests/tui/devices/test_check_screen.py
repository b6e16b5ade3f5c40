import asyncio
import threading

import numpy as np
import pytest

from audio.device.sound_card import DeviceNames
from audio.pcm import BLOCK_SAMPLES
from tests.tui.devices.test_command import Room
from tests.tui.drawn import app_with, text_of
from tui.devices import check_screen
from tui.devices.check_screen import CheckScreen
from tui.start.start_screen import StartScreen

NAMES = DeviceNames(("Headset Mic", "Built-in Audio Analog Stereo"), ("Headset",))


def telephone() -> Room:
    """A room whose microphone is cut off at 8 kHz."""
    room = Room(gain=1.0, noise=0.0)
    spectrum = np.fft.rfft(room.rng.normal(0, 400, 48_000 * 20))
    spectrum[len(spectrum) // 3 :] = 0
    room.air = list(np.fft.irfft(spectrum).reshape(-1, BLOCK_SAMPLES))
    return room


async def until(pilot, true):
    async with asyncio.timeout(30):
        while not true():
            await pilot.pause(0.02)


@pytest.fixture
def in_room(monkeypatch):
    def put(room: Room) -> Room:
        machine = room.machine(names=NAMES)
        monkeypatch.setattr(check_screen.CheckScreen.__init__, "__defaults__", (lambda: machine,))
        return room

    return put


async def test_the_sound_is_tried_from_the_start_screen_and_never_by_itself(in_room):
    room = in_room(Room())
    app = app_with(None)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, StartScreen)
        assert "F2: try the sound" in text_of(app)
        assert room.played == []
        await pilot.press("f2")
        await until(pilot, lambda: "gaps:" in text_of(app))
        assert "echo: -20 dB: without headphones others hear themselves" in text_of(app)
        assert "instead" not in text_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, StartScreen)
        assert app._settings.mic == "default"
    assert room.closed == 2


async def test_a_headset_that_sounds_like_a_telephone_is_left_for_the_built_in_microphone(in_room):
    in_room(telephone())
    app = app_with(None)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: "B: speak into" in text_of(app))
        assert "nothing of it is above 8 kHz" in " ".join(text_of(app).split())
        await pilot.press("b")
        await pilot.pause()
        assert app._settings.mic == "Built-in Audio Analog Stereo"


async def test_one_key_ends_it_in_the_middle_and_the_devices_are_let_go(in_room):
    room, never = Room(), threading.Event()
    room.wait = lambda seconds: setattr(room, "now", room.now + 0.002 + 0.0 * never.wait(0.01))
    in_room(room)
    app = app_with(None)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: "Say something" in text_of(app))
        await pilot.press("escape")
        assert isinstance(app.screen, StartScreen)
        await until(pilot, lambda: room.closed == 2)
    assert not any(block.any() for block in room.played)


async def test_a_sound_system_that_hangs_holds_up_nothing():
    held = threading.Event()

    def hangs():
        held.wait()
        return Room().machine()

    app = app_with(None)
    async with app.run_test(size=(80, 40)) as pilot:
        app.push_screen(CheckScreen("default", "default", hangs))
        await pilot.pause()
        assert "Looking for devices" in text_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, StartScreen)
    held.set()
