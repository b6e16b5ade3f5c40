"""A program with one socket and at most one link, driven by JSON lines. For the tests beside it.

``echo PORT`` answers every datagram with the address it came from. ``peer`` takes commands on
stdin, one object a line, and answers each with one object.
"""

import asyncio
import json
import sys
import time

import msgspec

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.candidates import host_address_towards
from p2p.link.link import LinkFailed, MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.wire.offers import Candidate, CandidateKind, LinkOffer

QUESTION = b"\xc2?"
VEIL = Veil(DhKey(bytes(32)))


async def echo(port: int) -> None:
    mux = await Mux.open(("::", port), own=VEIL)
    mux.on_datagram = lambda _data, sender: mux.send(
        b"\xc3" + json.dumps(sender).encode(), sender, VEIL
    )
    print("ready", flush=True)
    await asyncio.Event().wait()


class Peer:
    def __init__(self) -> None:
        self.answers: asyncio.Queue = asyncio.Queue()
        self.arrivals: list[float] = []
        self.closed: list[str] = []
        self.link: MediaLink | None = None
        self.speaking: asyncio.Task | None = None

    async def open(self, listen=None):
        self.mux = await Mux.open(tuple(listen) if listen else None, own=VEIL)
        self.mux.on_datagram = lambda data, _sender: self.answers.put_nowait(json.loads(data[1:]))
        return {"port": self.mux.local_port}

    async def ask(self, helper):
        """Our address as the helper sees it."""
        while not self.answers.empty():
            self.answers.get_nowait()
        for _ in range(20):
            self.mux.send(QUESTION, tuple(helper), VEIL)
            try:
                async with asyncio.timeout(0.2):
                    return {"seen": await self.answers.get()}
            except TimeoutError:
                continue
        return {"seen": None}

    async def host(self, toward):
        return {"host": host_address_towards(self.mux, tuple(toward))}

    async def offer(self, controlling, hosts=(), seen=()):
        candidates = [Candidate.of(tuple(a), CandidateKind.HOST) for a in hosts]
        candidates += [Candidate.of(tuple(a), CandidateKind.SRFLX) for a in seen]
        self.link = MediaLink(
            self.mux, make_certificate(), VEIL, controlling=controlling, candidates=candidates
        )
        self.link.media.frames_to(self)
        self.link.on_closed = self.closed.append
        return {"offer": msgspec.msgpack.encode(self.link.offer).hex()}

    def frame(self, _frame, arrival_s):
        self.arrivals.append(arrival_s)

    async def connect(self, offer):
        began_s = time.monotonic()
        remote = msgspec.msgpack.decode(bytes.fromhex(offer), type=LinkOffer)
        try:
            await self.link.connect(remote)
        except LinkFailed as exc:
            return {"failed": exc.stage}
        return {"up_s": time.monotonic() - began_s} | await self.state()

    async def speak(self):
        async def frames():
            while self.link.is_up:
                self.link.media.send(bytes(150))
                await asyncio.sleep(0.02)

        self.speaking = asyncio.ensure_future(frames())
        return {}

    async def late(self, address):
        self.link.late_candidate(tuple(address))
        return {}

    async def state(self):
        now = time.monotonic()
        gaps = [b - a for a, b in zip(self.arrivals, self.arrivals[1:], strict=False)]
        return {
            "path": self.link.path,
            "remote": self.link.remote_address,
            "received": len(self.arrivals),
            "gap_s": max(gaps, default=0.0),
            "silent_s": now - self.arrivals[-1] if self.arrivals else None,
            "closed": self.closed,
        }

    async def quit(self):
        if self.speaking is not None:
            self.speaking.cancel()
        if self.link is not None:
            await self.link.close()
        self.mux.close()
        return {}


async def peer() -> None:
    one = Peer()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        name = command.pop("do")
        print(json.dumps(await getattr(one, name)(**command)), flush=True)
        if name == "quit":
            return


if __name__ == "__main__":
    asyncio.run(echo(int(sys.argv[2])) if sys.argv[1] == "echo" else peer())
