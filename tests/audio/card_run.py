"""A pipeline on the virtual cards of a sound server of its own, through everything that can happen.

A program for ``test_servers.py``: sound libraries read their environment once, so each server gets
a process. Prints one JSON object.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from audio.capture.capture import capture_from
from audio.capture.sources import source_from
from audio.device import sound_card as device
from audio.device_check import mic_level
from audio.pcm import RATE_HZ
from audio.pipeline import Pipeline
from audio.playout.playout import playout_to
from bench.soundserver import SoundServer

LIMIT_S = 20.0


def until(true, what: str) -> float:
    """Wait; return how long it took in seconds."""
    began_s = time.monotonic()
    while not true():
        if time.monotonic() - began_s > LIMIT_S:
            raise RuntimeError(f"did not happen: {what}")
        time.sleep(0.005)
    return time.monotonic() - began_s


def speech(seconds: float) -> np.ndarray:
    """A voice: a tone would be noise to every noise reduction."""
    source = source_from("clip:english")
    assert source is not None
    return np.concatenate([source.read() for _ in range(round(seconds * 100))])


class Talk:
    """Hears itself, so that the speaker plays what the microphone was given."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.sent_s: list[float] = []
        self.pipeline = Pipeline(
            capture_from("default"), playout_to("default"), self._back, self._problem
        )

    def _back(self, payload: bytes) -> None:
        self.sent_s.append(time.monotonic())
        self.pipeline.put(1, payload, self.sent_s[-1])

    def _problem(self, error) -> None:
        self.problems.append(error.code)

    def both_run(self) -> bool:
        return self.pipeline.devices_running == (True, True)

    def goes_on(self) -> bool:
        return bool(self.sent_s) and time.monotonic() - self.sent_s[-1] < 0.1


def is_heard(server: SoundServer, source: str) -> bool:
    """Whether a voice comes out there, within the next 2 s."""
    listener = server.listen(source)
    try:
        until(lambda: len(listener.samples()) > 2 * RATE_HZ, "a recording")
    finally:
        heard = listener.stop()
    return mic_level(heard).level_dbfs > -45


def changed_while_talking(server: SoundServer, talk: Talk) -> dict[str, object]:
    """Another microphone, another loudspeaker, plugged in a moment ago."""
    server.control(
        *("load-module", "module-null-sink", "sink_name=second", "rate=48000"),
        "sink_properties=device.description=Second",
    )
    until(lambda: any("Second" in name for name in device.list_devices().outputs), "hot-plug")
    names = device.list_devices()
    mic = next(name for name in names.inputs if "emapped" in name)
    second = next(name for name in names.outputs if "Second" in name)
    began = len(talk.sent_s)
    talk.pipeline.use_capture(capture_from(mic))
    talk.pipeline.use_playout(playout_to(second))
    until(talk.both_run, "running after the change")
    until(lambda: len(talk.sent_s) > began + 100, "payloads after the change")
    gaps = np.diff(talk.sent_s[max(0, began - 20) :])
    until(lambda: is_heard(server, "second.monitor"), "the voice at the second speaker")
    return {
        "mic": talk.pipeline.capture_name,
        "speaker": talk.pipeline.playout_name,
        "mic_on": talk.pipeline.mic_on,
        "gap_ms": round(1000 * float(gaps.max())),
    }


def death_and_return(server: SoundServer, talk: Talk, away_s: float) -> dict[str, object]:
    """The server dies and is back after a while."""
    talk.problems.clear()
    server.kill()
    until(lambda: len(talk.problems) >= 2, "notice of the loss")
    time.sleep(away_s)
    server.start()
    back_s = until(lambda: talk.both_run() and talk.goes_on(), "recovery")
    with server.speaking(speech(20.0)):
        heard = is_heard(server, "spk.monitor") or is_heard(server, "spk.monitor")
    return {"recovery_s": round(back_s, 2), "heard": heard, "problems": sorted(set(talk.problems))}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cards-") as folder:
        server = SoundServer(sys.argv[1], Path(folder))
        os.environ.update(server.environ)
        server.start()
        talk = Talk()
        try:
            talk.pipeline.start()
            until(talk.both_run, "running")
            talk.pipeline.set_mic(True)
            with server.speaking(speech(60.0)):
                until(lambda: is_heard(server, "spk.monitor"), "the voice at the speaker")
                changed = changed_while_talking(server, talk)
            talk.pipeline.use_capture(capture_from("default"))
            talk.pipeline.use_playout(playout_to("default"))
            until(talk.both_run, "running on the default devices")
            dead = [death_and_return(server, talk, away_s) for away_s in (0.0, 4.0)]
        finally:
            talk.pipeline.stop()
            server.kill()
        print(json.dumps({"changed": changed, "dead": dead}))


if __name__ == "__main__":
    main()
