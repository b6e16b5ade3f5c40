"""Sound on Windows: what is found, what is said where nothing is, a voice disguised and typed."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio.capture.sources import decode
from bench.soundserver import SoundServer, missing
from lab.programs.person import CLIPS, Person
from tests.windows.conftest import MixedHouse, Package
from tests.windows.test_units import libraries

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ANYWHERE = ("--listen", "[::]:0")


@pytest.fixture
def card(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SoundServer]:
    """Virtual sound cards, which Wine shows as those of Windows."""
    if why := missing("pulseaudio"):
        pytest.skip(why)
    server = SoundServer("pulseaudio", tmp_path)
    server.start()
    for name, value in server.environ.items():
        monkeypatch.setitem(package.wine.environment, name, value)
    yield server
    server.kill()


def asked(package: Package, *words: str) -> str:
    """What a program says on its way through."""
    return package.wine.run(*package.command(*words)[1:]).stdout


def test_the_doctor_gives_no_advice_for_another_system(package: Package) -> None:
    said = asked(package, "doctor")
    assert "win32" in said
    assert "page file" in said
    assert "apt install" not in said
    assert "systemctl" not in said


def test_microphones_and_loudspeakers_are_listed(package: Package, card: SoundServer) -> None:
    assert card.environ
    found = json.loads(asked(package, "devices", "--list", "--json"))
    assert "Remapped Monitor of Null Output" in found["inputs"]
    assert "Null Output" in found["outputs"]


async def is_heard(host: Person, mixed: MixedHouse) -> Person:
    """Somebody on Linux to whom the host's microphone is open."""
    guest = await mixed.join("guest", host.heard("key")[0]["invite"], *ANYWHERE, "--only", "invite")
    host.say("mic on")
    await host.hears("mic", on=True)
    return guest


async def test_a_real_microphone_is_heard(mixed: MixedHouse, card: SoundServer) -> None:
    # Not disguised: Wine 8 lacks what numpy asks for complex numbers (cexp, cimag).
    host = await mixed.create("host", *ANYWHERE, mic="default")
    guest = await is_heard(host, mixed)
    voice = np.concatenate(list(decode(io.BytesIO((CLIPS / "english.opus").read_bytes()))))
    with card.speaking(np.tile(voice, 30)):
        await guest.hears("speaking", n=guest.n_of("host"), on=True)


async def test_a_typed_voice_is_heard_where_the_wheel_that_speaks_lies_beside(
    mixed: MixedHouse, package: Package, tmp_path: Path
) -> None:
    said = asked(package, "create", "--plain", "--json", "--mode", "open", "--mask", "typed")
    assert "espeakng-loader for win_amd64" in said
    beside = package.top / "lib" / "espeakng_loader"
    beside.symlink_to(libraries(tmp_path / "wheels") / "espeakng_loader")
    try:
        host = await mixed.create("host", *ANYWHERE, "--mask", "typed")
        guest = await is_heard(host, mixed)
        host.say("say welcome to the tea house")
        await guest.hears("speaking", n=guest.n_of("host"), on=True)
    finally:
        beside.unlink()
