"""Coming in by several doors at once: the cores of ``p2p.node.joining``, in virtual time.

A door is knocked at, asked when it is its turn, and knocked at again if that came to nothing. What
the doors say is weighed by ``Answers``, as in a node; here are only its sockets and timers.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from crypto.ids import DhKey
from crypto.roomkey import RoomKey
from lab.sim.room_client import Client
from lab.sim.room_network import Clock
from p2p.errors import RemoteError
from p2p.node.joining.answers import Answer, Answers
from p2p.node.joining.failure import ENTER_LIMIT_S
from p2p.node.joining.join import AGAIN_S, ASKED_AT_ONCE, LOOK_EVERY_S, PATIENCE_S
from p2p.node.peers.admission import ATTACH_LIMIT_S
from p2p.node.peers.admission import LOOK_EVERY_S as ASK_EVERY_S
from p2p.node.peers.introduction import Introduction
from p2p.node.peers.line_proofs import LineProofs
from p2p.node.secrets import Credentials, Origin, RoomSecrets
from p2p.wire.codec import Message
from p2p.wire.messages import Admit, Refuse, Wait

ROOM_KEY = RoomKey(bytes(16))


class Tie(NamedTuple):
    """A line, as far as proofs are concerned."""

    tie: bytes


class Door(Protocol):
    """Whoever is knocked at."""

    client: Client

    def trip_s(self) -> float:
        """How long a message takes to it, or back."""
        ...

    def say(self, newcomer: Client, line: Tie) -> Sequence[Message]:
        """Its answer, all that it is going to say; nothing: it says nothing, ever."""
        ...


class ComingIn:
    """One attempt.

    Args:
        newcomer: Still outside.
        doors: All that it has found.
        clock: Virtual.
        dice: Decides what the network does.
        over: Told once: with whether it is in.

    Attributes:
        yes: How many doors have let it in.
    """

    def __init__(
        self,
        newcomer: Client,
        doors: Sequence[Door],
        clock: Clock,
        dice: random.Random,
        over: Callable[[bool], None],
    ) -> None:
        self.yes = 0
        self._newcomer = newcomer
        self._clock = clock
        self._dice = dice
        self._over = over
        self._is_over = False
        self._answers = Answers()
        self._asking = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._gives_up_s = clock.now + ENTER_LIMIT_S
        for door in doors:
            self._knock(door)
        clock.later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._decide()
        if self._is_over:
            return
        if self._clock.now >= self._gives_up_s and not self._answers.given:
            self._is_over = True
            self._over(False)
        else:
            self._clock.later(LOOK_EVERY_S, self._look)

    def _decide(self) -> None:
        if self._is_over or not (chosen := self._answers.chosen(self._newcomer.now)):
            return
        self._is_over = True
        self._newcomer.come_in(chosen[0].room, chosen[0].secrets)
        if chosen[0].word is not None:
            self._newcomer.receive(chosen[0].word, self._newcomer)
        self._over(True)

    # --- one door -------------------------------------------------------------------------------

    def _knock(self, door: Door) -> None:
        if not self._is_over:
            self._answers.knock(_key(door))
            self._clock.later(2 * door.trip_s(), partial(self._reached, door))

    def _reached(self, door: Door) -> None:
        self._answers.reached(_key(door))
        self._waiting.append(partial(self._ask, door))
        self._take_turns()

    def _take_turns(self) -> None:
        while self._waiting and self._asking < ASKED_AT_ONCE:
            self._asking += 1
            self._waiting.popleft()()

    def _ask(self, door: Door) -> None:
        question = _Question(self._newcomer, door, self._dice.randbytes(32))
        self._clock.later(PATIENCE_S, partial(self._end_turn, question))
        self._clock.later(ATTACH_LIMIT_S, partial(self._end, question))
        self._clock.later(door.trip_s(), partial(self._asked, question))

    def _asked(self, question: "_Question") -> None:
        said = question.door.say(self._newcomer, question.line)
        if said == [Wait()]:  # it asks a moderator, time and again
            self._clock.later(ASK_EVERY_S, partial(self._asked, question))
        elif said and not question.is_over:
            self._clock.later(question.door.trip_s(), partial(self._said, question, said))

    def _said(self, question: "_Question", said: Sequence[Message]) -> None:
        if question.is_over or self._is_over:
            return
        try:
            answer = question.take(said)
        except RemoteError:
            self._end(question)
            return
        if answer is not None:
            self.yes += 1
            question.has_said_yes = True
            self._answers.take(answer, self._newcomer.now)
            self._end(question)

    def _end_turn(self, question: "_Question") -> None:
        if question.has_turn:
            question.has_turn = False
            self._asking -= 1
            self._take_turns()

    def _end(self, question: "_Question") -> None:
        if question.is_over:
            return
        question.is_over = True
        self._end_turn(question)
        self._answers.ended(_key(question.door))
        self._decide()
        if not question.has_said_yes:
            self._clock.later(AGAIN_S, partial(self._knock, question.door))


class _Question:
    """What we ask one door, over one line."""

    def __init__(self, newcomer: Client, door: Door, tie: bytes) -> None:
        self.door = door
        self.line = Tie(tie)
        self.has_turn = True
        self.is_over = self.has_said_yes = False
        self._newcomer = newcomer

    def take(self, said: Sequence[Message]) -> Answer | None:
        """Read what the door says; None if it does not come to the end of it.

        Raises:
            RemoteError: It lets nobody in, or not so.
        """
        newcomer, now = self._newcomer, self._newcomer.now
        yes, *more = said
        if isinstance(yes, Refuse) or not isinstance(yes, Admit):
            raise RemoteError("refused")
        room = newcomer.make_room()
        introduction = Introduction(room, yes, None, now)
        for message in more:
            if not introduction.is_made:
                introduction.take(message, now)
        if not introduction.is_made:
            return None
        proofs = LineProofs(newcomer.identity, room.room_id)
        let_in = introduction.check(proofs, self.line, _key(self.door))  # type: ignore[arg-type]
        secrets = RoomSecrets.from_admit(*credentials(newcomer), let_in.admit, now, newcomer.rng)
        return Answer(yes.member, room, secrets, "relay", None, yes.word)


def credentials(client: Client) -> tuple[Credentials, Origin]:
    """What a member has of its own, and what the room key commits to."""
    ours = Credentials(client.identity, ROOM_KEY, client.recv)
    return ours, Origin(client.genesis, bytes(16))


def _key(door: Door) -> DhKey:
    return door.client.identity.dh
