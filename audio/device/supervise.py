"""Keeps a sound device open: notices when it is gone and opens it again, beside the worker."""

import math
import threading
from collections.abc import Callable

from audio.device.device_errors import DeviceError
from audio.device.stream import Direction, Stream
from audio.device.watchdog import Verdict, Watchdog


class SupervisedStream:
    """A stream that comes back.

    Opening can block for seconds, so every attempt after the first one runs in a thread of its
    own, one at a time. ``check`` is to be called often, always by the same thread.

    Args:
        direction: What it is, for the words of a problem.
        open_stream: Opens the device; called from several threads, never by two at once.
        now: Monotonic seconds.

    Raises:
        DeviceError: The first attempt failed.
    """

    def __init__(self, direction: Direction, open_stream: Callable[[], Stream], now: float) -> None:
        self._direction = direction
        self._open_stream = open_stream
        self._lock = threading.Lock()
        self._closed = False
        self._attempt: threading.Thread | None = None
        self._stream: Stream | None = open_stream()
        self._name = self._stream.name
        self._watchdog = Watchdog(now)
        self._lost: Stream | None = None

    @property
    def name(self) -> str:
        """What the device is called, or was called while it is gone."""
        return self._name

    @property
    def running(self) -> bool:
        """The device is open and has called back."""
        return self.called_back_since(-math.inf)

    def called_back_since(self, then: float) -> bool:
        """Whether the device is open and its last callback was not before ``then``."""
        stream = self._stream
        if stream is None or stream.ended:
            return False
        heard_s = stream.heard_s
        return heard_s is not None and heard_s >= then

    def check(self, now: float) -> DeviceError | None:
        """Watch, and begin an attempt to open when one is due.

        Returns:
            A problem once per loss.
        """
        attempt = self._attempt
        if attempt is not None:
            if attempt.is_alive():
                return None
            self._attempt = None
            self._take_result(now)
        stream = self._stream
        heard_s = None if stream is None else stream.heard_s
        verdict = self._watchdog.check(heard_s, stream is not None and stream.ended, now)
        if verdict is Verdict.LOST:
            self._lost, self._stream = stream, None
            return self._problem()
        if verdict is Verdict.OPEN:
            self._attempt = threading.Thread(
                target=self._reopen, name=f"audio-open-{self._direction}", daemon=True
            )
            self._attempt.start()
        return None

    def close(self) -> None:
        """Close the device for good. An attempt that still runs closes what it opens."""
        with self._lock:
            self._closed = True
            streams = (self._stream, self._lost)
            self._stream = self._lost = None
        for stream in streams:
            if stream is not None:
                stream.close()

    def _take_result(self, now: float) -> None:
        if self._stream is None:
            self._watchdog.failed(now)
        else:
            self._watchdog.opened(now)
            self._name = self._stream.name

    def _reopen(self) -> None:
        # First let go of the old one: it must not fill the ring beside the new one.
        with self._lock:
            lost, self._lost = self._lost, None
        if lost is not None:
            lost.close()
        try:
            stream = self._open_stream()
        except DeviceError:
            return
        with self._lock:
            if not self._closed:
                self._stream = stream
                return
        stream.close()

    def _problem(self) -> DeviceError:
        if self._direction == "input":
            return DeviceError(
                "microphone_lost",
                "the microphone {name} is gone",
                "the room goes on; it is opened again as soon as it is back",
                name=self._name,
            )
        return DeviceError(
            "speaker_lost",
            "the speaker {name} is gone",
            "the room goes on; it is opened again as soon as it is back",
            name=self._name,
        )
