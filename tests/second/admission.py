"""Join, and what answers it (protocol.md, section 5, "Coming in")."""

import time
from typing import Any, NamedTuple

from tests.second import records as r
from tests.second.frames import GroupKeys
from tests.second.kit import blake, dh_public, sign, sign_public, verify
from tests.second.line import Line
from tests.second.ops import Keys, Known, Writer
from tests.second.records import pack, unpack
from tests.second.words import RoomKey
from tests.second.wraps import open_heads


class Room(NamedTuple):
    """What a door has shown."""

    genesis: bytes
    room: bytes

    @classmethod
    def shown(cls, key: RoomKey, genesis: bytes, r_: bytes) -> "Room":
        """Raises ValueError for another room than the words are of."""
        if not key.is_of(genesis, r_):
            raise ValueError("another room")
        return cls(genesis, blake(genesis, 256))


class Joiner(NamedTuple):
    """What stands in our Join op; ``recv`` is the secret half of the receive key."""

    name: str
    recv: bytes
    ticket: bytes = b""


class Admitted:
    """A member's own state after the yes: operations, keys, the clock of the room."""

    def __init__(self, me: Keys, room: Room) -> None:
        self.me, self.room_id, self.genesis = me, room.room, room.genesis
        self.known, self.keys = Known(), GroupKeys()
        self.writer = Writer(me, room.room)
        self.began_s = 0.0

    async def ask(self, line: Line, joiner: Joiner, door_dh: bytes, tie: bytes) -> None:
        """Says Join and reads what comes until the operations say that we are in."""
        ours, theirs = self.me.dh_public, door_dh
        join = self.writer.join(joiner.name, dh_public(joiner.recv), joiner.ticket)
        proof = sign(self.me.seed, b"join", self.room_id + ours + theirs + tie)
        line.send(r.JOIN, join, proof)
        while (answer := await line.receive())[0] != r.ADMIT:
            if answer[0] == r.REFUSE:
                raise PermissionError(answer[1])
        _, member, room_time_ms, step, sealed, shared, ops, proof, word = answer
        if blake(shared, 256, b"teahouse/members") != unpack(self.genesis)[5]:
            raise ValueError("another members' secret")
        self.members_secret = shared
        self.began_s = time.monotonic() - room_time_ms / 1000
        self.known.take(ops)
        while not {member, self.me.member} <= self.known.members().keys():
            message = await line.receive()
            if message[0] == r.OPS:
                self.known.take(message[1])
        told = self.room_id + theirs + ours + tie
        verify(self.known.keys_of(member)[0], b"admit", told, proof)
        if word is not None:
            self._check_word(word)
        self.keys.turn(self.take_heads(sealed, step, member, joiner.recv))

    def take_heads(self, sealed: bytes, step: int, giver: bytes, recv: bytes) -> tuple[bytes, ...]:
        """Keeps secrets that a member hands over; returns their epochs."""
        heads = open_heads(sealed, step, giver, self.me.member, recv)
        for epoch, secret, pass_ in heads:
            if sign_public(pass_) != self.known.epoch(epoch).pass_public:
                raise ValueError("another epoch's pass")
            self.keys.put(epoch, step, secret, pass_)
        return tuple(epoch for epoch, _, _ in heads)

    def _check_word(self, word: list[Any]) -> None:
        """That it is by the host, and of heads that we know (section 7, "Fresh words")."""
        _tag, *told, signature = word
        author, _, _, heads, _ = told
        if author != Known.host_of(self.genesis) or not set(heads) <= self.known.ops.keys():
            raise ValueError("a word of somebody else, or of other keys")
        record = pack([self.room_id, *told])
        verify(self.known.keys_of(author)[0], b"fresh", record, signature)
