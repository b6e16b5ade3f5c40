"""Everything secret that a member holds, in one place, so that it is easy to see who gets it."""

import time

from crypto.epoch import Keyring
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.roomkey import RoomKey
from p2p.mesh.frame_crypto import Stage
from p2p.rekey.room_time import RoomTime
from p2p.rng import Rng
from p2p.wire.messages import Admit, HeadSecret


class RoomSecrets:
    """Keys of one member in one room.

    Args:
        identity: Our keys of this run.
        room_key: The room's key.
        rng: Source of frame filler.

    Attributes:
        genesis: The room's first record; empty until it is known.
        r: The 16 secret bytes that the room key commits to; empty until they are known.
        keyring: The epoch's secrets; None until we are admitted.
        stage: Seals and opens frames; None until we are admitted.
        room_time: The room's clock.
        keys_differ: Two doors handed out different keys: one of them lied, maybe the first.
    """

    def __init__(self, identity: Identity, room_key: RoomKey, rng: Rng) -> None:
        self.identity = identity
        self.room_key = room_key
        self.genesis = b""
        self.r = b""
        self.keyring: Keyring | None = None
        self.stage: Stage | None = None
        self.room_time = RoomTime(0.0)
        self.keys_differ = False
        self._rng = rng
        self._wall_at_0_s = 0.0

    def begin(self, genesis: bytes, r: bytes, now: float) -> None:
        """We make the room; its key begins with ``hold``."""
        self.genesis, self.r = genesis, r
        self.room_time = RoomTime(now)
        self._wall_at_0_s = time.time()

    @property
    def the_keyring(self) -> Keyring:
        """The epoch's secrets; raises LookupError before we are admitted."""
        if self.keyring is None:
            raise LookupError("not admitted ourselves")
        return self.keyring

    def admitted(self, admit: Admit, now: float) -> None:
        """Takes what an admitting member handed over; when we come back, only the time.

        Raises:
            RemoteError: It does not fit together.
        """
        room_s = admit.room_time_ms / 1000
        if self.keyring is not None:
            self.keys_differ |= not self._agrees(self.keyring, admit)
            missed_s = time.time() - self._wall_at_0_s - self.room_time.at(now)
            self.room_time.readmitted(room_s, now, missed_s)
            return
        heads = [(head.epoch_id, head.secret, head.pass_key) for head in admit.heads]
        keyring = keyring_from(heads, admit.step, room_s, admit.member)
        self.room_time = RoomTime(now, room_s)
        self._wall_at_0_s = time.time() - self.room_time.at(time.monotonic())
        self.hold(keyring)

    def admit(self, ops: tuple[bytes, ...], now: float) -> Admit:
        """What we hand over to somebody whom we let in: the present, never the past."""
        keyring = self.the_keyring
        room_s = self.room_time.at(now)
        keyring.advance(room_s)
        step = keyring.seal_step
        heads = tuple(HeadSecret(*head) for head in keyring.export(step))
        return Admit(self.identity.member_id, int(room_s * 1000), step, heads, ops)

    @staticmethod
    def _agrees(keyring: Keyring, admit: Admit) -> bool:
        """Whether another door holds the same secrets of the epochs that both know."""
        if admit.step != keyring.seal_step:
            return True
        ours = {epoch: secret for epoch, secret, _ in keyring.export(keyring.seal_step)}
        return all(ours.get(head.epoch_id, head.secret) == head.secret for head in admit.heads)

    def hold(self, keyring: Keyring) -> None:
        """Takes over the room's keys."""
        self.keyring = keyring
        self.stage = Stage(keyring, self.identity.member_id, self._rng)
