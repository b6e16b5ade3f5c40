"""Everything secret that a member holds, in one place, so that it is easy to see who gets it."""

import time
from dataclasses import dataclass

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.genesis import Genesis
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.ids import DhKey, MemberId
from crypto.roomkey import RoomKey
from p2p.errors import RemoteError
from p2p.mesh.frame_crypto import FrameCrypto
from p2p.rekey.room_time import RoomTime
from p2p.rekey.sealed_heads import open_heads, seal_heads
from p2p.rng import Rng
from p2p.wire.messages import Admit, Fresh


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a member has before anybody lets it in. Secret.

    Attributes:
        identity: Our keys of this run.
        room_key: The room's key, as it was handed to us.
        recv: The receive key that our join names.
    """

    identity: Identity
    room_key: RoomKey
    recv: KeyPair


@dataclass(frozen=True, slots=True)
class Origin:
    """What a room key commits to. Secret.

    Attributes:
        genesis: The room's first record.
        r: 16 secret bytes.
    """

    genesis: bytes
    r: bytes


@dataclass(frozen=True, slots=True)
class NewRoom:
    """A room that we make. Secret.

    Attributes:
        origin: What its key commits to.
        members_secret: What its genesis commits to, for members alone.
    """

    origin: Origin
    members_secret: bytes


class RoomSecrets:
    """Keys of one member in one room that it is in.

    Args:
        credentials: Ours and the room's.
        origin: What the room key commits to.
        members_secret: 32 bytes that all members hold, and nobody else.
        keyring: The epoch's secrets.
        room_time: The room's clock.
        rng: Source of frame filler.

    Attributes:
        frames: Seals and opens frames.
        recv: Our receive keys, the newest first.
        keys_differ: Two doors handed out different keys: one of them lied, maybe the first.
    """

    def __init__(
        self,
        credentials: Credentials,
        origin: Origin,
        members_secret: bytes,
        keyring: Keyring,
        room_time: RoomTime,
        rng: Rng,
    ) -> None:
        self.identity = credentials.identity
        self.room_key = credentials.room_key
        self.recv: tuple[KeyPair, ...] = (credentials.recv,)
        self._rng = rng
        self.genesis, self.r = origin.genesis, origin.r
        self.members_secret = members_secret
        self.keyring = keyring
        self.frames = FrameCrypto(keyring, self.identity.member_id, rng)
        self.room_time = room_time
        self.keys_differ = False
        self._wall_at_0_s = time.time() - room_time.at(time.monotonic())

    @classmethod
    def from_admit(
        cls, credentials: Credentials, origin: Origin, admit: Admit, now: float, rng: Rng
    ) -> "RoomSecrets":
        """Takes what an admitting member handed over.

        Args:
            credentials: Ours and the room's.
            origin: What the room key commits to.
            admit: From a member that has shown who it is.
            now: When it came, monotonic seconds.
            rng: Source of frame filler.

        Raises:
            RemoteError: It does not fit together.
        """
        Genesis.decode(origin.genesis).check_members_secret(admit.members_secret)
        room_s = admit.room_time_ms / 1000
        me, recv = credentials.identity.member_id, (credentials.recv,)
        opened = open_heads(admit.heads, admit.step, admit.member, me, recv)
        heads = [(head.epoch_id, head.secret, head.pass_key) for head in opened]
        keyring = keyring_from(heads, admit.step, room_s, admit.member)
        room_time = RoomTime(now, room_s)
        return cls(credentials, origin, admit.members_secret, keyring, room_time, rng)

    def readmitted(self, admit: Admit, now: float) -> None:
        """We come back to a member: only the time is taken from it.

        Args:
            admit: From a member that has shown who it is.
            now: When it came, monotonic seconds.
        """
        self.keys_differ |= not self._agrees(admit)
        missed_s = time.time() - self._wall_at_0_s - self.room_time.at(now)
        self.room_time.readmitted(admit.room_time_ms / 1000, now, missed_s)

    def admit(
        self,
        ops: tuple[bytes, ...],
        proof: bytes,
        now: float,
        taker: tuple[MemberId, DhKey],
        word: Fresh | None = None,
    ) -> Admit:
        """What we hand over to somebody whom we let in: the present, never the past.

        Args:
            ops: First operations.
            proof: Ours, for the line.
            now: Monotonic seconds.
            taker: Its member id, and its newest receive key.
            word: A moderator's.

        Raises:
            RemoteError: The receive key is of no use.
        """
        me, room_s = self.identity.member_id, self.room_time.at(now)
        self.keyring.advance(room_s)
        step = self.keyring.seal_step
        heads = seal_heads(self.keyring.export(step), step, me, taker, self._rng)
        room_time_ms, shared = int(room_s * 1000), self.members_secret
        return Admit(me, room_time_ms, step, heads, shared, ops, proof, word)

    def _agrees(self, admit: Admit) -> bool:
        """Whether another door holds the same secrets of the epochs that both know."""
        step, me = self.keyring.seal_step, self.identity.member_id
        if admit.step != step:
            return True
        try:
            theirs = open_heads(admit.heads, step, admit.member, me, self.recv)
        except RemoteError:  # it has not heard yet of our newest receive key
            return True
        ours = {epoch: secret for epoch, secret, _ in self.keyring.export(step)}
        return all(ours.get(head.epoch_id, head.secret) == head.secret for head in theirs)
