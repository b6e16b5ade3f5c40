"""One frame to many links: how relays and speakers send copies.

Each copy is an SRTP packet of its own link, with the link's own source and numbers. Where the
system can, a batch of them leaves in one system call. What a batch can not carry (a peer behind a
TCP stream, a socket that takes no more) goes the way of ``Media.send``.
"""

from collections.abc import Sequence
from typing import NamedTuple

from crypto.frame import MAX_FRAME_BYTES
from p2p.errors import LocalError
from p2p.link.backends import Backend, best_backend
from p2p.link.link import MediaLink
from p2p.link.media import Outlet
from p2p.link.mux import Mux
from p2p.link.sealing import Seal, SealCopies, SealInPlace
from p2p.link.sendmmsg import SLOTS, Batch, socket_address

__all__ = ["FanOut", "Route"]


class _Part(NamedTuple):
    """As many links as fit into a batch."""

    outlets: list[Outlet]
    names: bytes
    prepared: object


class FanOut:
    """Sends frames to many links of one socket.

    Args:
        mux: The socket.
        backend: None: the best that works here.

    Attributes:
        backend: The one in use.
    """

    def __init__(self, mux: Mux, backend: Backend | None = None) -> None:
        self.backend = best_backend(mux.raw_socket.family) if backend is None else backend
        self._mux = mux
        self._batch: Batch | None = None
        self._seal: Seal | None = None
        if self.backend is not Backend.PORTABLE:
            self._batch = Batch(mux.raw_socket)
            in_place = self.backend is Backend.IN_PLACE
            self._seal = SealInPlace(self._batch) if in_place else SealCopies(self._batch)

    def send(self, frame: bytes, links: Sequence[MediaLink]) -> int:
        """Sends one frame to each link once.

        Returns:
            To how many; the others have no keys or no way now, or were refused by the kernel.
            What the socket's queue drops is counted there.

        Raises:
            LocalError: The frame is empty or longer than 1,200 bytes.
        """
        return self.route(links).send(frame)

    def route(self, links: Sequence[MediaLink]) -> "Route":
        """For links that get many frames. Those that end are left out by themselves."""
        return Route(self._mux, links, self._batch, self._seal)


class Route:
    """The way of frames to a fixed list of links; from ``FanOut.route``."""

    def __init__(
        self, mux: Mux, links: Sequence[MediaLink], batch: Batch | None, seal: Seal | None
    ) -> None:
        self._mux = mux
        self._links = tuple(links)
        self._batch = batch
        self._seal = seal
        self._parts: list[_Part] = []
        self._one_by_one: Sequence[MediaLink] = self._links
        self._changes = -1

    def send(self, frame: bytes) -> int:
        """Sends one frame to all; see ``FanOut.send``."""
        if not 0 < len(frame) <= MAX_FRAME_BYTES:
            raise LocalError("frame of a size that cannot be sent")
        batch, seal, sent = self._batch, self._seal, 0
        if batch is not None and seal is not None:
            if self._changes != self._mux.changes:
                self._look_again(seal)
            for part in self._parts:
                sent += self._send_part(frame, part, batch, seal)
        for link in self._one_by_one:
            sent += link.media.send(frame)
        return sent

    def _look_again(self, seal: Seal) -> None:
        """Some link of the socket came, moved or went: where are ours?"""
        self._changes = self._mux.changes
        family = self._mux.raw_socket.family
        one_by_one, ways = [], []
        for link in self._links:
            outlet = link.media.outlet
            if outlet is None:
                continue
            target = self._mux.target(outlet.address)
            if target is None:
                one_by_one.append(link)
            else:
                ways.append((outlet, socket_address(family, target)))
        self._one_by_one = one_by_one
        self._parts = []
        for start in range(0, len(ways), SLOTS):
            some = ways[start : start + SLOTS]
            outlets = [outlet for outlet, _ in some]
            names = b"".join(name for _, name in some)
            self._parts.append(_Part(outlets, names, seal.prepare(outlets)))

    def _send_part(self, frame: bytes, part: _Part, batch: Batch, seal: Seal) -> int:
        count = len(part.outlets)
        seal.fill(frame, part.outlets, part.prepared)
        batch.address(part.names)
        taken, failed = batch.flush(count)
        sizes = batch.sizes(taken)
        if failed:
            self._mux.counters["socket_errors"] += len(failed)
            for slot in reversed(failed):
                del sizes[slot]
        self._mux.sent_media(sizes)
        return len(sizes) + self._hand_over(range(taken, count), part, batch)

    def _hand_over(self, slots: Sequence[int], part: _Part, batch: Batch) -> int:
        """To the socket's queue, which is bounded and counts what it drops; the veil is on them."""
        for slot in slots:
            self._mux.send_media(batch.packet(slot), part.outlets[slot].address)
        return len(slots)
