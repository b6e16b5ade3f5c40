"""The demo in a terminal: the room screen of one more member, who is you."""

import asyncio
import sys
from typing import Any

from p2p.api.settings import Settings
from p2p.link.work import Work
from tui.app import TeahouseApp
from tui.backend import RealBackend
from tui.demo.run import Demo
from tui.i18n import tr
from tui.nodelike import NodeLike


class _Guest:
    """Starts the others, then joins them by their room's words."""

    def __init__(self, backend: RealBackend, settings: Settings) -> None:
        self._backend = backend
        self._settings = settings
        self._others: asyncio.Future[None] | None = None

    async def open(self) -> NodeLike:
        """What the screen calls to get into the room."""
        words: asyncio.Future[tuple[str, tuple[str, ...]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._others = asyncio.ensure_future(self._run_others(words))
        both: list[asyncio.Future[Any]] = [words, self._others]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not words.done():
            self._others.result()
        text, bootstrap = words.result()
        settings = Settings(
            name=self._settings.name,
            bootstrap=bootstrap,
            listen=("127.0.0.1", 0),
            only="dht",
            seconds=self._settings.seconds,
        )
        return await self._backend.join(settings, self._backend.parse_key(text))

    async def _run_others(self, words: "asyncio.Future[tuple[str, tuple[str, ...]]]") -> None:
        demo = Demo(None)
        async with Work() as work:
            try:
                text = await demo.start(work)
                words.set_result((text, tuple(demo.bootstrap)))
                await demo.hold(None)
            finally:
                await demo.stop()


def run_screen(seconds: float | None) -> int:
    """Opens the room screen; the other members end with it.

    Args:
        seconds: Leave so long after joining; None: when you do.

    Returns:
        The exit code.
    """
    backend, settings = RealBackend(), Settings(name=tr("visitor"), seconds=seconds)
    app = TeahouseApp(backend, settings, lambda asked: _Guest(backend, asked).open(), meter_hz=10.0)
    app.run()
    if app.failure is not None:
        raise app.failure
    sys.stdout.write(tr("The demo is over. Everybody but you was a recording.") + "\n")
    sys.stdout.write(tr("A room of your own: `teahouse create`; README says how.") + "\n")
    return app.return_code or 0
