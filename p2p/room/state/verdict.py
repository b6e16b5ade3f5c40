"""A set of operations, and whose word in it counts: as much as pruning needs."""

from collections.abc import Iterable

from crypto.ids import MemberId
from p2p.room.ops.kinds import EntryMode
from p2p.room.ops.op import Op
from p2p.room.ops.registers import Registers
from p2p.room.state.admitted import Admitted
from p2p.room.state.authority import Authority
from p2p.room.state.epochs import Epochs
from p2p.room.state.invites import Lineage
from p2p.room.state.room_settings import Settings


class Findings:
    """A set of operations, sorted, and its powers worked out.

    Attributes:
        registers: The set, sorted.
        lineage: Who came by whose invite.
        authority: Whose word on others counts.
        epochs: Which epochs are heads.
        settings: The settings of the room.
        admitted: Who is a member.
    """

    def __init__(self, ops: Iterable[Op], host: MemberId, entry: EntryMode) -> None:
        self.registers = Registers(ops, host)
        self.lineage = Lineage(self.registers)
        self.authority = Authority(self.registers, self.lineage)
        self.epochs = Epochs(self.registers, self.authority)
        self.settings = Settings(self.authority, entry)
        self.admitted = Admitted(self.registers, self.authority, self.lineage, self.settings)
