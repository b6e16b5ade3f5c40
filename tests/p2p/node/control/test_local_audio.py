import asyncio

import pytest

from audio.capture.capture import capture_from
from audio.choices import CUES
from audio.playout.playout import NullPlayout
from p2p.api import commands, events
from p2p.errors import UserError
from p2p.link.work import Work
from p2p.node.control.local_audio import LocalAudio
from p2p.node.media.devices import Devices
from p2p.node.media.media import Sound
from p2p.node.member_numbers import MemberNumbers


class Room:
    def __init__(self) -> None:
        self.told: list[events.Event] = []
        self.played: list[str] = []
        self.numbers = MemberNumbers(b"me".ljust(16))
        self.numbers.number(b"lau".ljust(16))
        self.work = Work()
        devices = Devices(capture_from("tone:440"), NullPlayout())
        self.sound = Sound(devices, lambda _payload: None, self.told.append)  # type: ignore[arg-type]
        self.sound.pipeline.play_cue = self.played.append  # type: ignore[method-assign]
        self.desk = LocalAudio(self.sound, self.numbers, self.work, self.told.append)

    async def __aenter__(self) -> "Room":
        await self.work.__aenter__()
        self.sound.start()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self.work.__aexit__(*problem)  # type: ignore[arg-type]
        await self.sound.stop()

    async def answered(self) -> events.Event:
        for _ in range(500):
            if self.told:
                return self.told.pop(0)
            await asyncio.sleep(0.01)
        raise AssertionError("no answer")


def _notices(room: Room) -> list[str]:
    return [event.code for event in room.told if isinstance(event, events.Notice)]


def _lau(role: str) -> events.MemberChanged:
    return events.MemberChanged(2, "00", "lau", role, "here")  # type: ignore[arg-type]


async def test_another_microphone_is_used_and_told():
    async with Room() as room:
        room.desk.do(commands.UseDevice("mic", "tone:880"))
        assert await room.answered() == events.DeviceChanged("mic", "tone 880 Hz")
        assert room.sound.pipeline.capture_name == "tone 880 Hz"
        room.desk.do(commands.UseDevice("speaker", "null"))
        assert await room.answered() == events.DeviceChanged("speaker", "null")


async def test_a_device_that_is_not_there_leaves_everything_as_it_was():
    async with Room() as room:
        room.desk.do(commands.UseDevice("mic", "file:/no/such.wav"))
        answer = await room.answered()
        assert isinstance(answer, events.ErrorRaised)
        assert answer.code == "no_sound_file"
        room.desk.do(commands.UseDevice("speaker", "no such speaker"))
        answer = await room.answered()
        assert isinstance(answer, events.ErrorRaised)
        assert answer.code == "no_speaker"
        assert room.sound.pipeline.capture_name == "tone 440 Hz"


async def test_the_last_of_many_wishes_stays():
    async with Room() as room:
        for hz in (500, 600, 700, 800):
            room.desk.do(commands.UseDevice("mic", f"tone:{hz}"))
        for hz in (500, 600, 700, 800):
            assert await room.answered() == events.DeviceChanged("mic", f"tone {hz} Hz")
        assert room.sound.pipeline.capture_name == "tone 800 Hz"


async def test_a_microphone_that_was_missing_is_no_longer_missing():
    async with Room() as room:
        room.sound.missing["no_microphone"] = UserError("no_microphone", "none")
        room.desk.do(commands.UseDevice("mic", "silence"))
        await room.answered()
        assert room.sound.missing == {}


async def test_volumes_are_ours_alone_and_answered():
    async with Room() as room:
        room.desk.do(commands.SetVolume(2, 40.0))
        assert room.told.pop() == events.VolumeChanged(2, 12.0, False)
        room.desk.do(commands.SetHushed(2, True))
        assert room.told.pop() == events.VolumeChanged(2, 12.0, True)
        assert room.sound.pipeline.is_muted(2)
        room.desk.do(commands.SetHushed(2, False))
        assert room.told.pop() == events.VolumeChanged(2, 12.0, False)


@pytest.mark.parametrize(("n", "code"), [(1, "own_volume"), (7, "no_member")])
async def test_volumes_are_for_others_who_are_there(n, code):
    async with Room() as room:
        with pytest.raises(UserError) as caught:
            room.desk.do(commands.SetVolume(n, 3.0))
        assert caught.value.code == code


async def test_what_is_none_of_its_commands_is_left_alone():
    async with Room() as room:
        assert not room.desk.do(commands.RaiseHand())


async def test_cues_can_be_chosen_and_unknown_ones_are_refused():
    async with Room() as room:
        assert room.sound.pipeline.cues == CUES
        room.desk.do(commands.SetCues(("lost", "live")))
        assert room.told.pop() == events.CuesChanged(("live", "lost"))
        with pytest.raises(UserError) as caught:
            room.desk.do(commands.SetCues(("trumpet",)))
        assert caught.value.code == "no_cue"
        room.desk.choose_cues(None)
        assert room.sound.pipeline.cues == CUES


async def test_echo_cancellation_goes_off_for_headphones_and_back():
    async with Room() as room:
        for mode in ("off", "auto", "on"):
            room.desk.do(commands.SetEcho(mode))
            assert room.told.pop() == events.EchoChanged(mode)
            assert room.sound.pipeline.treatment.echo.value == mode
        with pytest.raises(UserError, match="no_echo_mode"):
            room.desk.do(commands.SetEcho("loud"))
        assert room.sound.pipeline.treatment.echo.value == "on"


async def test_others_are_heard_sooner_or_with_fewer_holes():
    async with Room() as room:
        assert not room.sound.pipeline.low_delay
        for on in (True, False):
            room.desk.do(commands.SetLowDelay(on))
            assert room.told.pop() == events.DelayChanged(on)
            assert room.sound.pipeline.low_delay is on


async def test_changes_of_our_microphone_are_heard_once_each():
    async with Room() as room:
        for event in (
            events.MicChanged(False, "granted"),
            events.MicChanged(True, "asked"),
            events.MicChanged(True, "asked"),
            events.MicChanged(False, "muted"),
            events.MicChanged(False, "lapsed"),
        ):
            room.desk.heed(event, 0.0)
        assert room.played == ["granted", "live", "muted"]


async def test_someone_who_comes_on_stage_is_heard_not_someone_who_was_there():
    async with Room() as room:
        for role in ("speaker", "listener", "speaker", "moderator", "listener"):
            room.desk.heed(_lau(role), 0.0)
        assert room.played == ["stage"]


async def test_a_lost_connection_is_heard_once_per_loss():
    async with Room() as room:
        for lost in (False, True, True, False, True):
            room.desk.connection(1.0, lost=lost)
        assert room.played == ["lost", "lost"]


async def test_a_loss_that_lasts_is_said_once_and_so_is_its_end():
    async with Room() as room:
        for now, lost in ((0, False), (1, True), (6, True), (7, True), (20, True), (21, False)):
            room.desk.connection(float(now), lost=lost)
            if now == 6:
                assert not _notices(room)
        assert _notices(room) == ["nobody_reached", "reached_again"]


async def test_who_has_just_come_in_and_reaches_nobody_reads_it_and_hears_no_loss():
    async with Room() as room:
        for now in (0.0, 3.0, 6.0):
            room.desk.connection(now, lost=True)
        assert room.played == []
        assert _notices(room) == ["nobody_reached"]
