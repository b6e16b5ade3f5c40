"""Sound servers of our own with virtual sound cards: PulseAudio or PipeWire, no hardware, no root.

``spk`` is a null sink, what a program plays; its monitor is what an ear would hear. ``mic_in`` is
a null sink into which a voice is played; a remapped source ``mic`` is the microphone.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audio.pcm import RATE_HZ, Pcm

SERVERS = ("pulseaudio", "pipewire")
_PROGRAMS = {
    "pulseaudio": ("pulseaudio", "pactl", "pacat", "parec"),
    "pipewire": ("pipewire", "wireplumber", "pipewire-pulse", "pactl", "pacat", "parec"),
}
_PACKAGES = {
    "pulseaudio": "pulseaudio pulseaudio-utils",
    "pipewire": "pipewire wireplumber pipewire-pulse pulseaudio-utils dbus",
}
_START_LIMIT_S = 15.0
_SINKS = (
    "module-null-sink sink_name=spk rate=48000 channels=2",
    "module-null-sink sink_name=mic_in rate=48000 channels=1",
)
_MIC = "module-remap-source master=mic_in.monitor source_name=mic channels=1"


def missing(kind: str) -> str:
    """Return why a server of that kind cannot run here; empty if it can."""
    if sys.platform != "linux":
        return "virtual sound cards are for Linux only"
    wanted = [*_PROGRAMS[kind], *(["dbus-run-session"] if kind == "pipewire" else [])]
    absent = [program for program in wanted if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (apt install {_PACKAGES[kind]})"
    try:
        ctypes.CDLL("libportaudio.so.2")
    except OSError:
        return "PortAudio is not installed (apt install libportaudio2 libasound2-plugins)"
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "ALSA's plugin for PulseAudio is not installed (apt install libasound2-plugins)"
    return ""


class SoundServer:
    """One server with its two cards.

    Args:
        kind: One of ``SERVERS``.
        folder: An empty folder of its own; sockets and settings go there.

    Attributes:
        environ: What programs need in their environment to find it.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        pulse = folder / "native" if kind == "pulseaudio" else folder / "pulse" / "native"
        self._socket = pulse
        names = ("PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "XDG_RUNTIME_DIR", "HOME")
        self.environ = {name: str(folder) for name in names}
        if kind == "pipewire":
            self.environ["PULSE_RUNTIME_PATH"] = str(folder / "pulse")
        self.environ["PULSE_SERVER"] = f"unix:{pulse}"
        (folder / ".asoundrc").write_text("pcm.!default pulse\nctl.!default pulse\n")

    def start(self) -> None:
        """Start the server and wait until its cards are there.

        Raises:
            RuntimeError: It did not come up.
        """
        command = self._pulseaudio() if self.kind == "pulseaudio" else _PIPEWIRE
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **self.environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end_s = time.monotonic() + _START_LIMIT_S
        while self.control("info").returncode:
            if time.monotonic() > end_s:
                self.kill()
                raise RuntimeError(f"{self.kind} does not come up")
            time.sleep(0.1)
        if self.kind == "pipewire":
            for module in (*_SINKS, _MIC):
                self.control("load-module", *module.split())
                time.sleep(0.3)
        while self.control("set-default-source", "mic").returncode:
            if time.monotonic() > end_s:
                self.kill()
                raise RuntimeError(f"{self.kind} has no microphone")
            time.sleep(0.1)
        self.control("set-default-sink", "spk")

    def control(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """Run ``pactl`` against this server."""
        return subprocess.run(
            ["pactl", *words],
            env={**os.environ, **self.environ},
            capture_output=True,
            check=False,
            timeout=20,
        )

    def kill(self) -> None:
        """Let the server die at once, as in a crash."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._socket.unlink(missing_ok=True)

    @contextlib.contextmanager
    def speaking(self, samples: Pcm, sink: str = "mic_in") -> Iterator[None]:
        """Play samples into the virtual microphone, or another sink, while the block runs."""
        command = ["pacat", f"--device={sink}", "--rate=48000", "--channels=1", "--format=s16le"]
        process = subprocess.Popen(
            [*command, "--raw", "--latency-msec=20"],
            stdin=subprocess.PIPE,
            env={**os.environ, **self.environ},
        )
        assert process.stdin is not None
        stdin = process.stdin

        def feed() -> None:
            with contextlib.suppress(BrokenPipeError):
                stdin.write(samples.tobytes())
                stdin.close()

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        try:
            yield
        finally:
            process.kill()
            process.wait()
            thread.join(5)

    def listen(self, source: str) -> "Listener":
        """Record a source, for example ``spk.monitor``."""
        return Listener(source, {**os.environ, **self.environ})

    def _pulseaudio(self) -> list[str]:
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--disable-shm=yes", "--log-level=error"]
        protocol = f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"
        for module in (protocol, *_SINKS, _MIC):
            command += ["-L", module]
        return command


_PIPEWIRE = [
    "dbus-run-session",
    "--",
    "sh",
    "-c",
    "pipewire & sleep 0.5; wireplumber & sleep 0.5; pipewire-pulse & wait",
]


class Listener:
    """Records a source, with the time at which each piece came in."""

    def __init__(self, source: str, environ: dict[str, str]) -> None:
        command = ["parec", f"--device={source}", f"--rate={RATE_HZ}", "--channels=1"]
        self._process = subprocess.Popen(
            [*command, "--format=s16le", "--raw", "--latency-msec=5"],
            stdout=subprocess.PIPE,
            env=environ,
        )
        self.pieces: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 4096):
            self.pieces.append((time.monotonic(), data))

    def samples(self) -> Pcm:
        """All that was recorded so far."""
        data = b"".join(data for _, data in list(self.pieces))
        return np.frombuffer(data[: len(data) // 2 * 2], np.int16)

    def stop(self) -> Pcm:
        """End the recording and return it."""
        self._process.kill()
        self._process.wait()
        self._thread.join(5)
        return self.samples()

    def begin_s(self, after: int = 0) -> float:
        """When the first sample came in, from those pieces that were delayed least.

        Args:
            after: Leave that many samples at the beginning out: servers start unevenly.

        Returns:
            Monotonic seconds. Two recordings of one server that are placed by this are
            aligned to about a millisecond.
        """
        seen = 0
        begins = []
        for at_s, data in list(self.pieces):
            seen += len(data) // 2
            if seen > after:
                begins.append(at_s - seen / RATE_HZ)
        return min(begins)
