import shutil

import pytest

from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import UserError
from p2p.node import Settings, create_room
from p2p.node.control.local_audio import _language_of


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
async def test_a_typed_line_is_heard_by_the_others_and_no_microphone_is_opened() -> None:
    async with a_house() as house:
        host = await house.host("host", mask="typed", mic="default")
        assert (await host.until(e.Notice, lambda n: n.code == "mask")).message.startswith("What")
        assert host.node.view().mask == "typed"
        guest = await house.guest("guest", (await host.key()).invite)
        await guest.until(e.Joined)
        host.node.do(c.Say("too early"))
        assert (await host.until(e.ErrorRaised)).code == "typed_off"
        host.node.do(c.SetMic(True))
        host.node.do(c.Say("welcome to the tea house"))
        await guest.until(e.SpeakingChanged, lambda s: s.on)
        assert not [x for x in host.all(e.ErrorRaised) if x.code == "no_microphone"]


async def test_who_speaks_with_a_voice_cannot_type() -> None:
    async with a_house() as house:
        host = await house.host("host")
        host.node.do(c.Say("hello"))
        assert (await host.until(e.ErrorRaised)).code == "typed_off"


async def test_a_disguised_voice_is_heard_and_labelled() -> None:
    async with a_house() as house:
        host = await house.host("host", mask="disguise")
        assert "analysis" in (await host.until(e.Notice, lambda n: n.code == "mask")).message
        guest = await house.guest("guest", (await host.key()).invite)
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)


async def test_unknown_choices_are_refused() -> None:
    for settings in (Settings(mask="hat"), Settings(echo="loud")):
        with pytest.raises(UserError, match="bad_option"):
            await create_room(settings)


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello", "en"), ("喝茶", "zh"), ("ياخشىمۇسىز", "ug"), ("привет", "ru"), ("…", "en")],
)
def test_the_voice_follows_the_script_of_the_line(text: str, language: str) -> None:
    assert _language_of(text) == language
