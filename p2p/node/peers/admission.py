"""Letting in and being let in: JOIN, then ADMIT with the keys of the present, or a reason for no.

It runs over any line to a member, a link or one that somebody carries.
"""

import asyncio
import time
from collections.abc import Callable, Collection

from crypto.identity import Identity
from crypto.ids import DhKey, MemberId
from p2p.dht.addresses import neighbourhood
from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.link.line import Line
from p2p.mesh.mesh import ROOM_LIMIT
from p2p.node.inbox import Inbox, KeptOutside, RoomChanged
from p2p.node.peers.doorstep import Doorstep, Net
from p2p.node.peers.introduction import Introduction, LetIn
from p2p.node.peers.line_proofs import LineProofs
from p2p.node.secrets import RoomSecrets
from p2p.room.ops.op import decode_op
from p2p.room.room import Room
from p2p.wire.codec import Message, pages
from p2p.wire.messages import Admit, Fresh, Join, Ops, Refuse, Wait

ATTACH_LIMIT_S = 4.0
ATTACH_TRIPS = 10.0
ATTACH_LIMIT_MAX_S = 12.0
"""With so many round trips of the line more, but never longer: others wait for their turn."""
FIRST_MESSAGE_LIMIT_S = 10.0
WAIT_LIMIT_S = 120.0
"""How long somebody may wait outside until a moderator says yes or no."""
LOOK_EVERY_S = 0.25
REFUSED_STAYS_S = 0.5
"""A line stays open so long after a no, or the other side might not read why."""


class RefusedError(RemoteError):
    """A member did not let us in. ``reason``: see ``wire.messages.Refuse``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AdmissionRequest:
    """Our side: we ask members to let us in.

    Args:
        room: What the members agree on, as far as we know it; takes what they say.
        identity: Ours.
        inbox: Told when we are kept waiting outside, and when the room may have changed.

    Attributes:
        waiting: We wait outside until a moderator says yes or no.
    """

    def __init__(self, room: Room, identity: Identity, inbox: Inbox) -> None:
        self.waiting = False
        self._room = room
        self._proofs = LineProofs(identity, room.room_id)
        self._inbox = inbox

    async def ask(self, line: Conversation, dh: DhKey, expected: MemberId | None = None) -> LetIn:
        """Asks to be let in over a line that we dialled.

        Args:
            line: To a member.
            dh: The member's public key, proven by the handshake.
            expected: Its id, if we know whom we dialled.

        Raises:
            RefusedError: It said no.
            RemoteError: It said nonsense.
            ConnectionError: The line ended.
            TimeoutError: It did not answer in time.
        """
        limit_s = min(ATTACH_LIMIT_S + ATTACH_TRIPS * line.rtt_s, ATTACH_LIMIT_MAX_S)
        async with asyncio.timeout(limit_s) as limit:
            line.send(self._proofs.join(self._room.join_op, line, dh))
            answer = await line.receive()
            if isinstance(answer, Wait):
                loop = asyncio.get_running_loop()
                limit.reschedule(loop.time() + WAIT_LIMIT_S)
                answer = await self._outside(line)
                limit.reschedule(loop.time() + limit_s)
            if isinstance(answer, Refuse):
                raise RefusedError(answer.reason)
            if not isinstance(answer, Admit):
                raise RemoteError("neither yes nor no")
            introduction = Introduction(self._room, answer, expected, time.monotonic())
            self._inbox.post(RoomChanged())
            while not introduction.is_made:
                introduction.take(await line.receive(), time.monotonic())
                self._inbox.post(RoomChanged())
        return introduction.check(self._proofs, line, dh)

    async def _outside(self, line: Conversation) -> Message:
        """Waits for a moderator's word."""
        self.waiting = True
        self._inbox.post(KeptOutside())
        try:
            return await line.receive()
        finally:
            self.waiting = False


async def first_message(line: Conversation) -> Message | None:
    """What somebody says first over a line that it dialled; None: nothing in time."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_LIMIT_S):
            return await line.receive()
    except (ConnectionError, TimeoutError):
        await line.close()
        return None


class Admission:
    """The door's side: we let members in.

    Args:
        room: What the members agree on.
        secrets: Ours and the room's.
        neighbours: Members that have a link with us: there is room for so many; others hear
            ``full``. Looked at anew each time.
        inbox: Told when somebody comes in or asks to: the others are to hear of it at once.
        word: Gives the moderator's word that we show to newcomers.
    """

    def __init__(
        self,
        room: Room,
        secrets: RoomSecrets,
        neighbours: Collection[MemberId],
        inbox: Inbox,
        word: Callable[[], Fresh | None],
    ) -> None:
        self._word = word
        self._room = room
        self._secrets = secrets
        self._proofs = LineProofs(secrets.identity, room.room_id)
        self._neighbours = neighbours
        self._inbox = inbox
        self._doorstep = Doorstep(time.monotonic())

    async def answer(
        self, line: Conversation, dh: DhKey, question: Message, *, all_at_once: bool = True
    ) -> MemberId | None:
        """Answers a newcomer, or somebody who comes back, over a line that it dialled.

        Args:
            line: To the newcomer.
            dh: Its public key, proven by the handshake.
            question: What it said first.
            all_at_once: Send all operations, or on a narrow line only the first page.

        Returns:
            The id of the member that was let in; None: it was not, and the line is closed.
        """
        try:
            if not isinstance(question, Join):
                raise RemoteError("no join")
            member = await self._check(line, question, dh)
        except RefusedError as refused:
            line.send(Refuse(refused.reason))
            await asyncio.sleep(REFUSED_STAYS_S)
            await line.close()
        except RemoteError:
            await line.close()
        except BaseException:
            await line.close()
            raise
        else:
            return await self._let_in(line, dh, member, all_at_once=all_at_once)
        return None

    async def _let_in(
        self, line: Conversation, dh: DhKey, member: MemberId, *, all_at_once: bool
    ) -> MemberId | None:
        word = self._word()
        author = None if word is None else word.author
        # First of all by whom we came, and it: so the newcomer knows who speaks.
        first, *more = pages(self._room.introduction(member, author))
        proof = self._proofs.of_admit(line, dh)
        taker = member, self._room.state.members[member].recv
        try:
            line.send(self._secrets.admit(first, proof, time.monotonic(), taker, word))
        except RemoteError:  # a receive key of no use
            await line.close()
            return None
        for page in more if all_at_once else ():
            line.send(Ops(page))
        return member

    async def _check(self, line: Conversation, question: Join, dh: DhKey) -> MemberId:
        """Checks a join operation and whose it is; returns the member's id."""
        join = question.op
        reason = self._refusal(join, dh)
        if reason in (None, "ask"):  # the operation itself is good
            self._check_joiner(line, question)
        if reason == "ask":
            reason = await self._moderators_word(line, join, dh)
        if reason is not None:
            raise RefusedError(reason)
        member = decode_op(join, self._room.room_id).author
        if not self._has_place(member):
            raise RefusedError("full")
        self._room.admit(join)
        self._inbox.post(RoomChanged())
        if member not in self._room.state.members or member == self._room.me:
            raise RefusedError("bad_join")
        return member

    def _check_joiner(self, line: Conversation, question: Join) -> None:
        try:
            self._proofs.check_join(question, line)
        except RemoteError:
            raise RefusedError("bad_join") from None

    def _has_place(self, member: MemberId) -> bool:
        # Our own links, not what others say of theirs: ghosts must not fill a room.
        return member in self._neighbours or len(self._neighbours) < ROOM_LIMIT - 1

    def _refusal(self, join: bytes, dh: DhKey) -> str | None:
        return self._room.refusal(join, dh, self._secrets.room_time.at(time.monotonic()))

    async def _moderators_word(self, line: Conversation, join: bytes, dh: DhKey) -> str | None:
        """Asks the moderators, and waits; None: a moderator said yes."""
        member = decode_op(join, self._room.room_id).author
        until_s = time.monotonic() + WAIT_LIMIT_S
        if not self._doorstep.come(member, _net_of(line), time.monotonic()):
            return "busy"
        line.send(Wait())
        reason: str | None = "ask"
        try:
            while reason == "ask" and line.open and time.monotonic() < until_s:
                self._ask_for(member, join)
                await asyncio.sleep(LOOK_EVERY_S)
                reason = self._refusal(join, dh)
                if reason == "ask" and not self._doorstep.has(member):
                    reason = "busy"
        finally:
            self._doorstep.leave(member)
        return "denied" if reason == "ask" else reason

    def _ask_for(self, member: MemberId, join: bytes) -> None:
        """Says that somebody waits here, again if others have taken its place in our list."""
        if all(asking.member != member for asking in self._room.state.asking):
            self._room.write_ask(join)
            self._inbox.post(RoomChanged())


def _net_of(line: Conversation) -> Net:
    address = line.link.remote_address if isinstance(line, Line) else None
    return None if address is None else neighbourhood(address[0])
