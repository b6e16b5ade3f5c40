"""Who is heard: whoever the room lets speak, from one moment to the next."""

import contextlib
import time

import pytest

from audio.codec.framer import PAYLOAD_SIZES
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.node.peers.dispatch import Dispatch
from p2p.room import commands as room_commands


async def on_stage(house: House) -> tuple[Person, Person]:
    """A host, and a guest that it hears."""
    host = await house.host("host")
    guest = await house.guest("guest", (await host.key()).invite)
    await guest.until(e.Joined)
    await host.until(e.MemberChanged, lambda m: m.name == "guest")
    guest.node.do(c.RaiseHand())
    await host.until(e.HandChanged)
    host.node.do(c.AcceptHand(host.number_of("guest")))
    await guest.until(e.MicChanged)
    guest.node.do(c.SetMic(True))
    await host.until(e.FirstSound)
    return host, guest


def goes_on_to_speak(guest: Person, host: Person, slot: int) -> dict[str, int]:
    """The guest's program obeys nobody; gives what the host's has refused so far."""
    secrets = guest.session.secrets
    room_s = secrets.room_time.at(time.monotonic())
    frame = secrets.frames.seal(bytes(min(PAYLOAD_SIZES)), slot, room_s)
    host.session.routing.relay_frame(frame, time.monotonic())
    return dict(host.session.secrets.frames.heard(b"\0" * 16).refused)


@pytest.mark.parametrize("command", [c.Mute, c.MoveDown, c.Remove])
async def test_who_may_not_speak_any_more_is_not_heard_from_that_moment_on(command: type) -> None:
    async with a_house() as house:
        host, guest = await on_stage(house)
        slot = guest.session.peers.room.myself.slot
        before = goes_on_to_speak(guest, host, slot).get("slot", 0)
        opened = host.session.secrets.frames.heard(guest.session.peers.room.me).opened
        host.node.do(command(host.number_of("guest")))
        assert goes_on_to_speak(guest, host, slot)["slot"] == before + 1
        assert host.session.secrets.frames.heard(guest.session.peers.room.me).opened == opened


async def test_that_holds_too_where_something_of_our_own_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        host, guest = await on_stage(house)
        slot, me = guest.session.peers.room.myself.slot, guest.session.peers.room.me
        before = goes_on_to_speak(guest, host, slot).get("slot", 0)
        monkeypatch.setattr(Dispatch, "pump", None)
        host.session.peers.room.do(room_commands.Mute(me), time.monotonic())
        with contextlib.suppress(TypeError):
            host.session.follow()
        assert goes_on_to_speak(guest, host, slot)["slot"] == before + 1
        monkeypatch.undo()
