"""Which microphones and loudspeakers there are now, asked beside the event loop."""

import asyncio
from importlib import import_module

from p2p.api.events import DevicesListed
from p2p.api.view import RoomView


async def devices_listed(view: RoomView) -> DevicesListed:
    """Return what this machine has, and what the room uses. May take seconds the first time."""
    names = await asyncio.to_thread(lambda: import_module("audio.device.sound_card").list_devices())
    return DevicesListed(names.inputs, names.outputs, view.mic, view.speaker)
