"""Two ways to cheat, for ``kick_real.py``; the program beside them is the one that ships.

``outcast.py stay LOG PORT ARGUMENTS...``: a member that ignores its removal. It cuts nobody, goes
on with all that it holds, tries it on every frame that reaches it, asks for keys, and writes the
time of each frame that opens into LOG. ``outcast.py leak PORT ARGUMENTS...``: a member that stays
in the room and hands every frame, operation and wrap that it gets to the outcast's port.
"""

import asyncio
import socket
import sys
import time
from typing import Any

from p2p.errors import RemoteError
from p2p.node.media.routing import Routing
from p2p.node.node import Node
from p2p.node.peers.dispatch import Dispatch
from p2p.node.peers.peers import Peers
from p2p.node.session import Session
from p2p.wire import codec
from p2p.wire.messages import Ops, Wraps
from tui.cli import main as run

FRAME, MESSAGE = b"f", b"m"
HELD_MAX = 4096
AGAIN_EVERY_S = 0.02


def leak(port: int) -> None:
    """Everything that comes goes to the port as well."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    open_frame, take_message = Routing._open, Dispatch.take

    def opens(self: Routing, sender: bytes | None, data: bytes, *args: Any, **more: Any) -> bool:
        out.sendto(FRAME + data, ("127.0.0.1", port))
        return open_frame(self, sender, data, *args, **more)

    def take(self: Dispatch, frm: bytes, message: Any, now: float) -> bool:
        if isinstance(message, Ops | Wraps):
            out.sendto(MESSAGE + frm + codec.encode(message), ("127.0.0.1", port))
        return take_message(self, frm, message, now)

    Routing._open, Dispatch.take = opens, take  # type: ignore[method-assign]


class Outcast:
    """What the member that stays does beside the shipped program."""

    def __init__(self, log: str, port: int) -> None:
        self._log = open(log, "w", buffering=1)  # noqa: SIM115 - as long as the program
        self._port = port
        self._session: Session | None = None
        self._held: list[bytes] = []
        self._slots: dict[int, bytes] = {}

    def stay(self) -> None:
        """Puts itself in the place of what the shipped program does when it is removed."""
        leave, start, play = Node.leave, Session.start, Routing._play

        def ignore(node: Node, why: str, exit_code: int = 0) -> None:
            if why != "removed":
                leave(node, why, exit_code)

        def started(session: Session, *args: Any) -> None:
            start(session, *args)
            self._session = session
            self._listening = asyncio.ensure_future(self._listen())

        def opened(routing: Routing, one: Any) -> None:
            self._log.write(f"{time.monotonic()}\n")
            play(routing, one)

        Node.leave, Session.start = ignore, started  # type: ignore[method-assign]
        Routing._play = opened  # type: ignore[method-assign]
        Routing._speakers = lambda routing: self._slots | routing._room.state.slots  # type: ignore[method-assign]
        Peers._cut_removed = lambda _members: None  # type: ignore[method-assign]

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        outcast = self

        class Ear(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple) -> None:
                outcast.heard(data)

        await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", self._port))
        self._task = asyncio.ensure_future(self._try_again())

    def heard(self, data: bytes) -> None:
        """Something leaked."""
        if self._session is None:
            return
        if data[:1] == FRAME:
            self._held = [*self._held[-HELD_MAX:], data[1:]]
            self._try(data[1:])
        else:
            try:
                message = codec.decode(data[17:])
                self._session.peers.dispatch.take(data[1:17], message, time.monotonic())
            except RemoteError:
                pass

    def _try(self, frame: bytes) -> None:
        """Opens it, if anything that is held opens it."""
        assert self._session is not None
        # Who spoke in which slot may be forgotten by the room, not by whoever wants to listen.
        self._slots |= self._session.peers.room.state.slots
        self._session.routing.relay_frame(frame, time.monotonic())

    async def _try_again(self) -> None:
        """All that did not open, over and over: a key may have come by any way."""
        while True:
            await asyncio.sleep(AGAIN_EVERY_S)
            for frame in self._held[-50:]:
                self._try(frame)


def main() -> int:
    """Runs the shipped program with one of the two."""
    how, *rest = sys.argv[1:]
    if how == "leak":
        leak(int(rest[0]))
        return run(rest[1:])
    Outcast(rest[0], int(rest[1])).stay()
    return run(rest[2:])


if __name__ == "__main__":
    sys.exit(main())
