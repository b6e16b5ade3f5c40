import asyncio

import pytest

from lab.node_house import Person, a_house
from p2p.api import commands as c
from p2p.api import events as e


async def _heard_on(person: Person, member: int, frames: int) -> None:
    """Waits until that many more frames of a member were played."""
    pipeline = person.node._ours.sound.pipeline
    before = pipeline.speaker_stats(member)["played"]
    for _ in range(1000):
        if pipeline.speaker_stats(member)["played"] >= before + frames:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the speaker is not heard")


async def test_a_speaker_goes_to_hall_and_back_and_is_heard_all_the_time() -> None:
    async with a_house() as house:
        host = await house.host("host")
        guest = await house.guest("guest", (await host.key()).invite)
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        n = guest.number_of("host")
        sizes: list[int] = []
        sound = host.node._ours.sound
        sealing = sound.pipeline._on_payload
        sound.pipeline._on_payload = lambda payload: (sizes.append(len(payload)), sealing(payload))
        for profile in ("hall", "table", "hall"):
            sound.set_profile(profile)
            await _heard_on(guest, n, 50)
        assert set(sizes) == {196, 306}, "both profiles were sent"
        stage = guest.session.secrets.frames
        assert stage is not None
        [heard] = [stage.heard(member) for member in stage._heard]
        assert heard.rejected == 0
        assert guest.node._ours.sound.pipeline.counts()["malformed"] == 0


async def test_there_are_no_other_profiles() -> None:
    async with a_house() as house:
        host = await house.host("host")
        with pytest.raises(KeyError):
            host.node._ours.sound.set_profile("stadium")
