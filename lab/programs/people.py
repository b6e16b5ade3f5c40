"""People in rooms: members, relays and how they get together. For the tests beside it."""

import asyncio
import os
import socket
import sys

from crypto.dh import KeyPair
from lab.programs.person import CLIPS, LIMIT_S, SLACK, Person
from p2p.dht.contact import NodeContact

LIVES_MAX_S = 600.0
PROGRAM = (sys.executable, "-P", "-B", "-m", "tui")
DHT = ("--only", "dht")
ENGLISH, MANDARIN = f"file:{CLIPS / 'english.opus'}", f"file:{CLIPS / 'mandarin.opus'}"


class House:
    """All processes of one test; none outlives it.

    Args:
        lives_max_s: How long a member stays if nobody makes it leave before.

    Attributes:
        environment: For every process, beside our own.
    """

    def __init__(self, lives_max_s: float = LIVES_MAX_S) -> None:
        self._seconds = str(lives_max_s)
        self.environment = {"TEAHOUSE_MAINLINE": "no"}  # but where a test has such a network
        self.people: list[Person] = []
        self.entry_nodes: list[str] = []

    async def __aenter__(self) -> "House":
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(person.kill() for person in self.people))

    async def run(
        self, *arguments: str, name: str = "somebody", stdin: int = asyncio.subprocess.PIPE
    ) -> Person:
        """Starts ``teahouse ARGUMENTS``."""
        person = Person(name)
        self.people.append(person)
        await person.start(*PROGRAM, *arguments, stdin=stdin, environment=self.environment)
        return person

    async def entry_node(self) -> Person:
        """Starts a relay; who comes later knows it."""
        relay = await self.run(
            *("relay", "--listen", "127.0.0.1:0", "--state-dir", ""),
            *self._bootstrap(),
            name="entry node",
        )
        await relay.until(lambda: relay.other, "contact line")
        self.entry_nodes.append(relay.other[0])
        return relay

    async def create(self, name: str, *options: str, mic: str = "silence") -> Person:
        """Opens a room and waits until it is there."""
        host = await self.run("create", *self._common(name, mic), *options, name=name)
        await host.hears("joined")
        return host

    async def knock(self, name: str, key: str, *options: str, mic: str = "silence") -> Person:
        """Starts somebody with a key, and does not wait."""
        guest = await self.run("join", "-", *self._common(name, mic), *options, name=name)
        guest.say(key)
        return guest

    async def join(self, name: str, key: str, *options: str, mic: str = "silence") -> Person:
        """Lets somebody join and waits until that has happened."""
        guest = await self.knock(name, key, *options, mic=mic)
        await guest.hears("joined")
        return guest

    def _common(self, name: str, mic: str) -> tuple[str, ...]:
        return (
            *("--plain", "--json", "--mode", "open", "--listen", "127.0.0.1:0", "--name", name),
            *("--mic", mic, "--speaker", "null", "--seconds", self._seconds),
            *self._bootstrap(),
        )

    def _bootstrap(self) -> tuple[str, ...]:
        return tuple(part for line in self.entry_nodes for part in ("--bootstrap", line))


class MuteNode:
    """An entry node that takes questions and answers none.

    Attributes:
        line: Its line for ``--bootstrap``.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        public = KeyPair(os.urandom(32)).public
        self.line = str(NodeContact(self._socket.getsockname(), public))

    def __enter__(self) -> "MuteNode":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def is_asked(self) -> None:
        """Waits for the first question."""
        question = asyncio.get_running_loop().sock_recv(self._socket, 2048)
        await asyncio.wait_for(question, LIMIT_S * SLACK)


async def words_of(host: Person) -> str:
    """The words of the room that this person has created."""
    return str((await host.hears("key"))["words"])


async def give_the_floor(host: Person, guest: Person) -> None:
    """A hand goes up, the host accepts, the guest opens its microphone."""
    mark, host_mark = guest.now, host.now
    guest.say("hand")
    await host.hears("hand", host_mark, place=1)
    host.say("accept 1")
    await guest.hears("mic", mark, on=False, why="granted")
    guest.say("mic on")
    await guest.hears("mic", mark, on=True)
    await host.sees(guest.name, host_mark, role="speaker")
