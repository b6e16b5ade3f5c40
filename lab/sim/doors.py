"""Doors at which simulated newcomers knock: of honest members, and of those who lie.

A door that lies belongs to somebody who was removed, to a name that such a one has made up, or to a
member in force. It keeps a newcomer waiting, hides operations, shows a word of before or none,
names another time, and gives keys that it has made up.
"""

import contextlib
import random
from collections.abc import Callable, Sequence

from crypto.epoch import Keyring
from crypto.frame import FrameOpener
from crypto.handover import keyring_from
from crypto.head import STEP_S, step_at
from lab.sim.coming_in import Tie, credentials
from lab.sim.room_client import MEMBERS_SECRET, Client
from p2p.errors import RemoteError
from p2p.node.peers.line_proofs import LineProofs
from p2p.node.secrets import RoomSecrets
from p2p.rekey.sealed_heads import seal_heads
from p2p.room.ops import kinds
from p2p.room.room import Room
from p2p.wire.codec import Message, pages
from p2p.wire.messages import Admit, Fresh, Ops, Refuse, Wait

LIES = ("silent", "waits", "withholds", "hides", "word", "time", "keys")
LIE_MAX_S = 60.0
NEAR_S, FAR_S = (0.005, 0.03), (0.02, 0.2)
"""Who lies is nearer."""
HIDDEN: tuple[tuple[type[kinds.Body], ...], ...] = (
    (kinds.Remove,), (kinds.Epoch,), (kinds.Remove, kinds.Epoch), (kinds.Admit, kinds.Join),
    (kinds.Recv, kinds.Rank, kinds.Roster, kinds.Lock),
)  # fmt: skip


class HonestDoor:
    """A member's, as the shipped code has it.

    Args:
        client: The member.
        answers: Whether it is in reach and runs.
        ask: Has a moderator asked whether somebody may come in.
        dice: Decides how far it is.
    """

    def __init__(
        self,
        client: Client,
        answers: Callable[[Client], bool],
        ask: Callable[[Client, Client], None],
        dice: random.Random,
    ) -> None:
        self.client = client
        self._answers = answers
        self._ask = ask
        self._dice = dice

    def trip_s(self) -> float:
        """How long a message takes."""
        return self._dice.uniform(*FAR_S)

    def refusal(self, newcomer: Client) -> str | None:
        """Why it would not let somebody in."""
        join, door = newcomer.room.join_op, self.client
        return door.room.refusal(join, newcomer.identity.dh, door.room_s)

    def say(self, newcomer: Client, line: Tie) -> Sequence[Message]:
        """Its answer."""
        client = self.client
        if not self._answers(client):
            return []
        reason = self.refusal(newcomer)
        if reason == "ask":
            self._ask(client, newcomer)
            return [Wait()]
        if reason is not None:
            return [Refuse(reason)]
        client.room.admit(newcomer.room.join_op)
        client.pump()
        word = client.words.to_show(client.room_s, client.now)
        first, *more = introduction(client.room, newcomer, word)
        secrets = RoomSecrets(
            *credentials(client), MEMBERS_SECRET, client.keyring, client.room_time, client.rng
        )
        taker = newcomer.id, client.room.state.members[newcomer.id].recv
        proof = proof_of(client, line, newcomer)
        return [secrets.admit(first, proof, client.now, taker, word), *more_pages(more)]


class FalseDoor:
    """Of somebody who lies.

    Args:
        client: Whose it is.
        room: What it shows: of somebody who was removed, as it was before.
        heard: Words of moderators that it may show.
        dice: Decides how it lies.
        lies: Of ``LIES``; by default as the dice fall.
        ahead_s: By so much it lies about the time, if it does.
    """

    def __init__(
        self,
        client: Client,
        room: Room,
        heard: Sequence[Fresh],
        dice: random.Random,
        *,
        lies: Sequence[str] = (),
        ahead_s: float | None = None,
    ) -> None:
        self.client = client
        self._room = room
        self._made_up: list[Keyring] = []
        self._heard = heard
        self._dice = dice
        self._lies = lies or dice.sample(LIES, dice.randint(1, 3))
        self._hidden = dice.choice(HIDDEN)
        self._ahead_s = dice.uniform(-LIE_MAX_S, LIE_MAX_S) if ahead_s is None else ahead_s

    def trip_s(self) -> float:
        """How long a message takes."""
        return self._dice.uniform(*NEAR_S)

    def say(self, newcomer: Client, line: Tie) -> Sequence[Message]:
        """Its answer: not the truth, or not all of it."""
        if "silent" in self._lies:
            return []
        if "waits" in self._lies:
            return [Wait()]
        client, room, lies = self.client, self._room, self._lies
        room.admit(newcomer.room.join_op)
        word = self._word()
        ops = room.introduction(newcomer.id, None if word is None else word.author)
        if "hides" in lies:
            ops = [op for op in ops if not self._is_hidden(op, newcomer)]
        if "withholds" in lies:
            ops = ops[: self._dice.randint(1, len(ops))]
        first, *more = [*pages(ops)] or [()]
        admit = self._admit(newcomer, first, proof_of(client, line, newcomer), word)
        return [admit, *more_pages(more)]

    def opens(self, frame: bytes, speaker: Client) -> bool:
        """Whether a frame opens with the keys that newcomers have from it and nobody else."""
        slots = dict.fromkeys(range(1, 64), speaker.id)
        for keyring in self._made_up:
            keyring.advance(speaker.room_s)
            with contextlib.suppress(RemoteError):
                FrameOpener(keyring).open(frame[1:], slots)
                return True
        return False

    def _is_hidden(self, data: bytes, newcomer: Client) -> bool:
        body = self._room._ops.read(data).body
        needed = newcomer.room.join_op in data or self._dice.random() < 0.3
        return isinstance(body, self._hidden) and not needed

    def _word(self) -> Fresh | None:
        client = self.client
        if "word" in self._lies:
            return self._dice.choice([None, *self._heard])
        own = client.words.word(client.room_s + self._off_s) if client.words else None
        return own or (self._heard[-1] if self._heard else None)

    @property
    def _off_s(self) -> float:
        return self._ahead_s if "time" in self._lies else 0.0

    def _admit(
        self, newcomer: Client, ops: tuple[bytes, ...], proof: bytes, word: Fresh | None
    ) -> Admit:
        client, keyring = self.client, self.client.keyring
        keyring.advance(client.room_s)
        step, room_s = keyring.seal_step, max(0.0, client.room_s + self._off_s)
        heads = keyring.export(step)
        if step_at(room_s) > step:  # true secrets, hashed forward
            later = keyring_from(heads, step, step * STEP_S, client.id)
            later.advance(room_s)
            heads = later.export(later.step)
        step = step_at(room_s)
        if "keys" in self._lies:
            heads = [(epoch, client.rng(32), pass_) for epoch, _, pass_ in heads]
            with contextlib.suppress(RemoteError):
                self._made_up.append(keyring_from(heads, step, room_s, client.id))
        taker = newcomer.id, newcomer.recv.public
        sealed = seal_heads(heads, step, client.id, taker, client.rng)
        room_time_ms = int(room_s * 1000)
        return Admit(client.id, room_time_ms, step, sealed, MEMBERS_SECRET, ops, proof, word)


def introduction(room: Room, newcomer: Client, word: Fresh | None) -> Sequence[tuple[bytes, ...]]:
    """Pages of operations, those first that show who speaks."""
    author = None if word is None else word.author
    return [*pages(room.introduction(newcomer.id, author))]


def more_pages(more: Sequence[tuple[bytes, ...]]) -> list[Message]:
    """Further pages, as messages."""
    return [Ops(page) for page in more]


def proof_of(client: Client, line: Tie, newcomer: Client) -> bytes:
    """That a yes is of this member, for this line."""
    proofs = LineProofs(client.identity, client.room.room_id)
    return proofs.of_admit(line, newcomer.identity.dh)  # type: ignore[arg-type]
