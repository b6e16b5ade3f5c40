"""Operations: writing our own, reading those of others (protocol.md, section 6)."""

from typing import Any, NamedTuple

from tests.second.kit import blake, dh_public, hkdf, sign, sign_public
from tests.second.records import pack, unpack

NONE = bytes(16)
JOIN, LEAVE, HAND, TAKE = 1, 2, 3, 4
GRANT, DOWN, EPOCH, ADMIT = 7, 9, 15, 24
FLOOR = frozenset({7, 8, 9, 10, 11, 14, 15, 16, 22, 23, 25})
"""What relays judge by; lists of these are what ``Open`` and ``Floor`` carry."""


class Keys(NamedTuple):
    """The two secrets of one member."""

    seed: bytes
    dh: bytes

    @property
    def sign_public(self) -> bytes:
        return sign_public(self.seed)

    @property
    def dh_public(self) -> bytes:
        return dh_public(self.dh)

    @property
    def member(self) -> bytes:
        return blake(self.sign_public + self.dh_public, 128)


class EpochFields(NamedTuple):
    """What a member needs of an Epoch op."""

    step: int
    ephemeral: bytes
    commit: bytes
    pass_public: bytes


def op_id(op: bytes) -> bytes:
    return blake(op, 128)


def body_of(op: bytes) -> list[Any]:
    """``version, room, author, seq, prev, auth, kind``, then the kind's own fields."""
    return unpack(op[:-64])


class Writer:
    """Writes our operations in a row."""

    def __init__(self, keys: Keys, room: bytes) -> None:
        self._keys, self._room = keys, room
        self._seq, self._prev = 0, NONE

    def join(self, name: str, recv: bytes, ticket: bytes = b"") -> bytes:
        """With the ticket of a personal invite, or none."""
        invite, proof = ticket[16:] or NONE, b""
        if ticket:
            told = self._room + self._keys.member
            proof = sign(hkdf(ticket[:16], b"invite"), b"invite", told)
        keys = self._keys.sign_public, self._keys.dh_public
        op = self.write(JOIN, *keys, recv, name, invite, proof)
        self._prev = op_id(op)
        return op

    def write(self, kind: int, *fields: object) -> bytes:
        head = [1, self._room, self._keys.member, self._seq, self._prev, NONE, kind]
        body = pack([*head, *fields])
        self._seq += 1
        return body + sign(self._keys.seed, b"op", body)


class Known:
    """All operations that we have seen, and the little that this client asks of them."""

    def __init__(self) -> None:
        self.ops: dict[bytes, bytes] = {}

    def take(self, ops: list[bytes]) -> list[bytes]:
        """Keeps them; returns those that are new."""
        new = [op for op in ops if op_id(op) not in self.ops]
        self.ops.update((op_id(op), op) for op in new)
        return new

    def _bodies(self, kind: int) -> list[tuple[bytes, list[Any]]]:
        found = ((name, body_of(op)) for name, op in self.ops.items())
        return [(name, body) for name, body in found if body[6] == kind]

    def floor(self) -> list[bytes]:
        return [op for op in self.ops.values() if body_of(op)[6] in FLOOR]

    @staticmethod
    def host_of(genesis: bytes) -> bytes:
        """The host's member id."""
        _, sign_key, dh_key, *_ = unpack(genesis)
        return blake(sign_key + dh_key, 128)

    def member_of(self, dh: bytes) -> bytes:
        """Whose X25519 key it is."""
        return next(bytes(body[2]) for body in self._joins() if body[8] == dh)

    def keys_of(self, member: bytes) -> tuple[bytes, bytes]:
        """Its Ed25519 and X25519 keys, as its join says."""
        (_, *body) = next(body for body in self._joins() if body[2] == member)
        return body[6], body[7]

    def _joins(self) -> list[list[Any]]:
        alone = [body for _, body in self._bodies(JOIN)]
        return alone + [body_of(body[7]) for _, body in self._bodies(ADMIT)]

    def members(self) -> dict[bytes, str]:
        """Whoever's join is here, alone or in an Admit."""
        return {body[2]: body[10] for body in self._joins()}

    def heads(self) -> tuple[bytes, ...]:
        """Epochs that no other names as a parent."""
        epochs = self._bodies(EPOCH)
        replaced = {parent for _, body in epochs for parent, _ in body[7]}
        return tuple(sorted(name for name, _ in epochs if name not in replaced))

    def epoch(self, epoch: bytes) -> EpochFields:
        _, step, _, ephemeral, commit, pass_public, *_ = body_of(self.ops[epoch])[7:]
        return EpochFields(step, ephemeral, commit, pass_public)

    def grant_of(self, member: bytes) -> tuple[bytes, int] | None:
        """The last grant of a member: its id and slot."""
        grants = [(name, b[8]) for name, b in self._bodies(GRANT) if b[9] == member]
        return grants[-1] if grants else None

    def slots(self, host: bytes) -> dict[int, bytes]:
        """Who may speak in which slot, newest last."""
        return {1: host} | {body[8]: body[9] for _, body in self._bodies(GRANT)}

    def short_ids(self) -> list[bytes]:
        return sorted(name[:8] for name in self.ops)

    def beyond(self, ids: list[bytes], first: bytes, last: bytes) -> list[bytes]:
        """What we have in a range and somebody who says Have does not."""
        theirs = set(ids)
        return [
            op
            for name, op in self.ops.items()
            if first <= name[:8] <= last and name[:8] not in theirs
        ]
