"""A running member's control socket."""

import asyncio
import contextlib

from p2p.api.view import RoomView
from tui.commands.own import leave
from tui.commands.stage import microphone
from tui.ctl.listening import Listening
from tui.ctl.words import CLIENTS_MAX, Word, answer, understood
from tui.nodelike import NodeLike

SETTLES_S = 0.3
"""How long a microphone may take to open before it is said that it stays closed."""
LOOK_EVERY_S = 0.01


class ControlServer:
    """Listens while the room lasts.

    Args:
        node: Whose microphone it is.
        place: Where it listens.
    """

    def __init__(self, node: NodeLike, place: Listening) -> None:
        self._node = node
        self._place = place
        self._writers: set[asyncio.StreamWriter] = set()
        self._holders: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            OSError: There is no place for it.
        """
        await self._place.open(self._serve)

    def close(self) -> None:
        """End, and leave nothing behind."""
        self._place.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= CLIENTS_MAX:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            # A line that is too long is a ValueError.
            with contextlib.suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    word = understood(line)
                    if word == "mic hold":
                        self._holders.add(writer)
                    elif word in ("mic on", "mic off", "mic toggle"):
                        self._holders.discard(writer)
                    writer.write(await self._obey(word))
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            self._let_go(writer)
            writer.close()

    def _let_go(self, writer: asyncio.StreamWriter) -> None:
        """The microphone closes when the last that holds it is gone, however that came."""
        if writer in self._holders:
            self._holders.discard(writer)
            if not self._holders:
                self._node.do(microphone(on=False))

    async def _obey(self, word: Word | None) -> bytes:
        if word is None:
            return answer(self._view(), "unknown_word")
        if word == "status":
            return answer(self._view())
        if word == "leave":
            self._node.do(leave())
            return answer(self._view())
        view = self._view()
        if view is None:
            return answer(None, "not_joined")
        wanted = word in ("mic on", "mic hold") or (word == "mic toggle" and not view.mic_on)
        self._node.do(microphone(on=wanted))
        return await self._settled(wanted)

    async def _settled(self, wanted: bool) -> bytes:
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + SETTLES_S
        while (view := self._view()) is not None and view.mic_on != wanted:
            if loop.time() > ends_s:
                return answer(view, "mic_stays_closed" if wanted else "mic_stays_open")
            await asyncio.sleep(LOOK_EVERY_S)
        return answer(view)

    def _view(self) -> RoomView | None:
        view = self._node.view()
        return view if any(one.me for one in view.members) else None
