"""A room of simulated members: who is where, who hears whom, and what outsiders collect.

Everybody has a line with everybody, as in a small room in open mode. Whoever is removed with a new
key turns into an *outsider*: it keeps all it holds, taps every line (the wraps and the frames, not
what protects a line), drops the operations that shut it or its friends out, and goes on asking.
"""

import contextlib
import random
from collections.abc import Iterable
from functools import partial
from itertools import combinations

from crypto.frame import FrameOpener
from crypto.genesis import Genesis
from crypto.identity import Identity
from lab.sim.room_client import NOT_INVITED, Client, Invited
from lab.sim.room_network import Clock, Network
from p2p.errors import RemoteError, UserError
from p2p.rekey.epoch_agent import NewKey
from p2p.room import commands
from p2p.room.ops.kinds import Remove
from p2p.room.ops.op import decode_op
from p2p.room.ops.powers import MODERATOR
from p2p.wire.messages import AskKeys, Ops, Wraps

TICK_S = 0.25
SPEAK_S = 0.25
HAVE_S = 15.0
CREATED_S = 1_800_000_000


class World:
    """Clients in one room.

    Args:
        seed: Decides everything that is random.
        drift: The clocks run so much apart, at most.
        tick_s: How often nodes look at their timers.
        speak_s: How often speakers say something.
        compare_s: How often each asks another what it lacks.
        pump_s: So long a node gathers what comes in before it looks at the room again.
    """

    def __init__(
        self,
        seed: int,
        *,
        drift: float = 2e-4,
        tick_s: float = TICK_S,
        speak_s: float = SPEAK_S,
        compare_s: float = HAVE_S / 3,
        pump_s: float = 0.0,
    ) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.network = Network(self.clock, seed + 1)
        self._tick_s, self._speak_s, self._compare_s = tick_s, speak_s, compare_s
        self._count = 0
        self._pump_s = pump_s
        self.opened = 0
        self.clients: list[Client] = []
        self.outsiders: list[Client] = []
        self.tapped_wraps: dict[bytes, set[bytes]] = {}
        self.tapped_frames: list[tuple[float, bytes, bytes]] = []
        self.leaks: list[str] = []
        self.drift = drift
        host = self._identity()
        commit = self._commit()
        self.genesis = Genesis(2, host.sign_key, host.dh, "open", CREATED_S, commit).encode()
        self.room_id = Genesis.decode(self.genesis).room_id
        founder = self._client(host)
        founder.found()
        self.clock.later(0.0, self._beat)
        self.clock.later(speak_s, self._sound)
        self.clock.later(compare_s, self._compare)

    def rng(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def _commit(self) -> bytes:
        """Hash of the members' secret: of any, as here nobody is told it by a door."""
        return self.rng(32)

    def _identity(self) -> Identity:
        return Identity.generate(self.rng)

    def _client(self, identity: Identity, invite: Invited = NOT_INVITED) -> Client:
        drift = self.random.uniform(-self.drift, self.drift)
        client = Client(
            self._count, self.genesis, identity, self.rng, lambda: self.clock.now, drift,
            self._send, self.others, invite,
        )  # fmt: skip
        self._count += 1
        self.clients.append(client)
        return client

    # --- who is where ---------------------------------------------------------------------------

    @property
    def honest(self) -> list[Client]:
        """Members who are in the room and play by the rules."""
        return [
            client
            for client in self.clients
            if client.honest
            and client.inside
            and not client.turned_away
            and not client.room.is_gone
        ]

    def others(self, client: Client) -> list[Client]:
        """Whom a client has a line with."""
        if not client.awake:
            return []
        shunned = client.room.state.removed if client.honest else frozenset()
        gone = client.room.is_gone
        return [
            other
            for other in self.clients
            if other.part == client.part
            and other.awake
            and other is not client
            and other.epochs is not None
            and not other.turned_away
            and other.id not in shunned
            and other.knows(client)
            and (other.honest or not gone)
        ]

    def join(self, door: Client) -> Client | None:
        """Somebody new comes in through a door; None if it may not."""
        identity = self._identity()
        client = self._client(identity, self._invite(identity, door))
        client.part = door.part
        if self._knock(client, door) is not None:
            self.clients.remove(client)
            return None
        self._try_old_frames(client)
        for other in self.others(client):
            client.line_up(other)
            other.line_up(client)
        return client

    def _invite(self, identity: Identity, door: Client) -> Invited:
        """Give a newcomer what it comes by."""
        return NOT_INVITED

    def _knock(self, client: Client, door: Client) -> str | None:
        """Ask to be let in; the reason if the door says no."""
        return client.enter(door)

    def bury(self, client: Client) -> None:
        """A client's machine is gone, without a word; nothing of it is left here."""
        client.awake = False
        self.clients.remove(client)
        for other in self.clients:
            self.network.cut(client, other)
            other.silences.pop(client.id, None)

    def part(self, parts: Iterable[Iterable[Client]]) -> None:
        """The network falls apart, or grows together."""
        before = {client.number: client.part for client in self.clients}
        for number, clients in enumerate(parts):
            for client in clients:
                client.part = number
        for one, other in combinations(self.clients, 2):
            were_together = before[one.number] == before[other.number]
            if were_together and one.part != other.part:
                self._down(one, other)
            elif not were_together and one.part == other.part:
                self._up(one, other)

    def heal(self) -> None:
        """One network again, everybody awake."""
        for client in self.clients:
            if not client.awake:
                self.wake(client)
        self.part([self.clients])

    def sleep(self, client: Client) -> None:
        for other in self.clients:
            if other is not client:
                self._down(client, other)
        client.sleep()

    def wake(self, client: Client) -> None:
        client.wake()
        for other in self.clients:
            if other is not client:
                self._up(client, other)

    def _down(self, one: Client, other: Client) -> None:
        self.network.cut(one, other)
        for client, peer in ((one, other), (other, one)):
            if peer.id in client.silences:
                client.silences[peer.id].forget()

    def _up(self, one: Client, other: Client) -> None:
        if one.inside and other.inside and other in self.others(one):
            one.line_up(other)
            other.line_up(one)

    # --- what happens ---------------------------------------------------------------------------

    def do(self, client: Client, command: object) -> bool:
        """A person does something; False if it could not."""
        try:
            client.room.do(command, client.now)
        except UserError:
            return False
        client.pump()
        return True

    def new_key(self, client: Client, *, shut_out: bool = False) -> bool:
        try:
            client.epochs.do(NewKey(shut_out=shut_out), client.now)
        except UserError:
            return False
        client.pump()
        return True

    def kick(self, client: Client, target: Client) -> bool:
        """Remove somebody, with a new key; from then on it is an outsider."""
        if not self.do(client, commands.Remove(target.id)):
            return False
        if not self.new_key(client, shut_out=True):
            return False
        if target.honest:
            target.honest = False
            self.outsiders.append(target)
        return True

    # --- what runs all the time -----------------------------------------------------------------

    def _runs(self, client: Client) -> bool:
        """Whether its program does anything now."""
        return client.awake

    def _beat(self) -> None:
        for client in self.clients:
            if client.inside and self._runs(client) and not client.turned_away:
                client.tick(self.others(client))
        self._turn_away()
        for outsider in self.outsiders:
            self._pry(outsider)
        self.clock.later(self._tick_s, self._beat)

    def _compare(self) -> None:
        """Each says to one of the others what it holds, and what time it is in the room."""
        for client in self.honest:
            others = self.others(client)
            if self._runs(client) and others:
                client.line_up(self.random.choice(others))
                for other in others:
                    other.hear_time(client)
        self.clock.later(self._compare_s, self._compare)

    def _sound(self) -> None:
        """Every speaker says something; all others try to hear it."""
        for speaker in self.honest:
            if not self._runs(speaker):
                continue
            if not self._can_be_helped(speaker):
                speaker.pauses.forget()
            frame = speaker.speak()
            if frame is None:
                continue
            self._spoken(speaker, frame)
            for listener in self.honest:
                if listener is not speaker and speaker.knows(listener) and listener.knows(speaker):
                    self.network.carry(
                        speaker, listener, partial(self._heard, listener, frame, speaker)
                    )
        del self.tapped_frames[:-400]
        self.clock.later(self._speak_s, self._sound)

    def _can_be_helped(self, speaker: Client) -> bool:
        """Whether those in its reach hold the keys that it lacks, or may begin another."""
        honest = set(self.honest)
        near = [one for one in self.others(speaker) if one in honest and self._runs(one)]
        if any(one.room.myself.rank <= MODERATOR for one in (speaker, *near)):
            return bool(near)
        lacks = speaker.keyring.missing
        return bool(near) and all(any(one.keyring.knows(h) for one in near) for h in lacks)

    def _spoken(self, speaker: Client, frame: bytes) -> None:
        """Somebody has said something: outsiders tap every line."""
        self.tapped_frames.append((self.clock.now, frame, speaker.id))

    def _heard(self, listener: Client, frame: bytes, speaker: Client) -> None:
        self.opened += listener.hear(frame, speaker)

    def _tap(self, message: object) -> None:
        if isinstance(message, Wraps):
            self.tapped_wraps.setdefault(message.epoch_id, set()).update(message.wraps)

    def _send(self, sender: Client, to: Client, message: object) -> None:
        self._tap(message)
        if isinstance(message, Ops) and not to.honest:
            message = self._without_removals(message)
        self.network.carry(sender, to, partial(self._arrive, sender, to, message))

    def _arrive(self, sender: Client, to: Client, message: object) -> None:
        if to.inside and to.knows(sender):
            to.receive(message, sender)
            if not to.pump_due:
                to.pump_due = True
                self.clock.later(self._pump_s, to.pump)

    def _turn_away(self) -> None:
        """Whoever finds closed doors only is told that it was removed, and ends.

        Those who keep each other company, and are all shut out by the rest, are out as well.
        """
        honest, shut_out = self.honest, self._shunned()
        while shut_out:
            known = {
                client
                for client in shut_out
                for other in honest
                if other not in shut_out
                and self.network.reaches(client, other)
                and other.knows(client)
            }
            if not known:
                break
            shut_out -= known
        for client in shut_out:
            client.turned_away = True

    def _shunned(self) -> set[Client]:
        """Members to whom somebody in reach has closed the door."""
        honest = self.honest
        removed = {id_ for client in honest for id_ in client.room.state.removed}
        return {
            client
            for client in honest
            if client.id in removed
            and any(self.network.reaches(client, o) and not o.knows(client) for o in honest)
        }

    # --- outsiders ------------------------------------------------------------------------------

    def _without_removals(self, message: Ops) -> Ops:
        friends = {outsider.id for outsider in self.outsiders}
        kept = []
        for data in message.ops:
            body = decode_op(data, self.room_id).body
            if not (isinstance(body, Remove) and body.member in friends):
                kept.append(data)
        return Ops(tuple(kept))

    def _pry(self, outsider: Client) -> None:
        """Try every wrap that was ever on a line, and ask for what is missing."""
        state = outsider.room.state
        for epoch_id, wraps in self.tapped_wraps.items():
            record = state.epochs.get(epoch_id)
            if record is not None and not outsider.keyring.knows(epoch_id):
                with contextlib.suppress(RemoteError):
                    secret = outsider.epochs._recv.open(wraps, record)
                    outsider.keyring.hold(epoch_id, secret, record.step)
        wanted = [head for head in state.heads if not outsider.keyring.knows(head)]
        if wanted and self.random.random() < 0.2:
            for other in self.others(outsider):
                outsider.epochs._giving._lacking._asked[other.id] = outsider.now
                self._send(outsider, other, AskKeys(tuple(wanted[:8])))

    def pooled(self) -> set[bytes]:
        """The epochs whose secrets are held by those who are out.

        Whose removal came to nothing, because a senior undid what its author did, is not out.
        """
        removed = self.honest[0].room.state.removed
        out = [outsider for outsider in self.outsiders if outsider.id in removed]
        return {epoch for outsider in out for epoch in outsider.keyring._held}

    def _try_old_frames(self, client: Client) -> None:
        """Whoever comes in opens nothing from before, but for the step it came in."""
        client.keyring.advance(client.room_s)
        opener = FrameOpener(client.keyring)
        for sealed_s, frame, speaker in self.tapped_frames:
            if self.clock.now - sealed_s <= 12.0:
                continue
            with contextlib.suppress(RemoteError):
                opener.open(frame[1:], dict.fromkeys(range(1, 64), speaker))
                self.leaks.append(f"a frame {self.clock.now - sealed_s:.1f} s old was opened")

    # --- judging --------------------------------------------------------------------------------

    def longest_silence_s(self) -> float:
        """The longest time that somebody could not open a speaker for want of a key."""
        silences = [one for client in self.honest for one in client.silences.values()]
        return max((silence.longest_s for silence in silences), default=0.0)

    def differences(self) -> list[str]:
        """What the honest members do not agree on; nothing when all is well."""
        views = {
            "roster": {tuple(member.id for member in c.room.roster()) for c in self.honest},
            "queue": {c.room.state.queue for c in self.honest},
            "stage": {tuple(c.room.state.slots.items()) for c in self.honest},
            "heads": {c.room.state.heads for c in self.honest},
            "step": {c.keyring.step for c in self.honest},
            "key": {bytes(c.keyring.base_key(bytes(16), c.keyring.step)) for c in self.honest},
        }
        return [f"{name}: {len(found)} views" for name, found in views.items() if len(found) != 1]

    def pooled_key(self) -> bool:
        """Whether those outside, together, hold the key of the honest members."""
        frontier = set(self.honest[0].keyring.frontier.ids)
        return frontier <= self.pooled()
