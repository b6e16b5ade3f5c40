"""What a door says from its yes on, until it has shown who it is and that we are in. Sans-IO."""

from dataclasses import dataclass

from crypto.ids import DhKey, MemberId
from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.node.peers.line_proofs import LineProofs
from p2p.room.room import Room
from p2p.wire.codec import Message
from p2p.wire.messages import Admit, Ops

INTRODUCTION_MAX = 2048
"""Operations that we look at before they show who the door is and that we are in: each may cost a
signature, and what shows it comes first."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """A member's yes. Secret.

    Attributes:
        admit: What it handed over; the member has shown who it is.
        at_s: When it came, monotonic seconds.
    """

    admit: Admit
    at_s: float


class Introduction:
    """One door's, for one newcomer.

    Args:
        room: What the members agree on, as far as we know it; takes what the door says.
        yes: The door's.
        expected: Its id, if we know whom we dialled.
        now: When the yes came, monotonic seconds.
    """

    def __init__(self, room: Room, yes: Admit, expected: MemberId | None, now: float) -> None:
        self._room = room
        self._expected = expected
        self._let_in = LetIn(yes, now)
        self._looked_at = 0
        self._look_at(yes.ops, now)

    @property
    def is_made(self) -> bool:
        """Whether the operations say who has let us in, and that we are in by it."""
        return self._let_in.admit.member in self._room.state.members and self._room.is_in

    def take(self, message: Message, now: float) -> None:
        """Takes what the door says next; raises RemoteError if that does not lead on."""
        if not isinstance(message, Ops) or self._looked_at > INTRODUCTION_MAX:
            raise RemoteError("does not show who it is")
        self._look_at(message.ops, now)

    def check(self, proofs: LineProofs, line: Conversation, dh: DhKey) -> LetIn:
        """Gives the door's yes, once all is shown.

        Args:
            proofs: Ours.
            line: The one that it came by.
            dh: The door's public key, proven by the handshake.

        Raises:
            RemoteError: It is another member than it says: anybody can show a join with another's
                exchange key.
        """
        admit = self._let_in.admit
        door = self._room.state.members[admit.member]
        if door.dh != dh or self._expected not in (None, admit.member):
            raise RemoteError("another member than it says")
        proofs.check_admit(admit, line, door.sign, dh)
        self._room.welcome(door.id, self._let_in.at_s)
        return self._let_in

    def _look_at(self, ops: tuple[bytes, ...], now: float) -> None:
        """Takes a page; who is in already takes only so many of one member, as over any link."""
        for op in ops:
            self._room.receive(op, self._expected, now)
        self._looked_at += len(ops) + 1
