"""A large room in which somebody is removed: who hears what, and when.

The delivery is a plain model: each message runs down a tree of fan-out 4 whose root is whoever says
it, 80 ms a hop, each branch getting only its own wraps. What is delivered goes through the shipped
cores of every member, which wrap on for their shares and ask for what is late. The removed one
takes part until it is removed, then ignores that, taps every wrap and every frame, and tries them
with all it holds until the end.
"""

import contextlib
import gc
import random
import time
from dataclasses import dataclass
from functools import partial

from crypto.genesis import Genesis
from crypto.handover import keyring_from
from crypto.identity import Identity
from lab.sim.room_client import Client
from lab.sim.room_network import Clock
from p2p.errors import RemoteError
from p2p.rekey.commit import slice_wraps
from p2p.rekey.epoch_agent import KeyMessage, NewKey, Outgoing
from p2p.room import commands
from p2p.room.ops import kinds
from p2p.wire.codec import encode
from p2p.wire.messages import Wraps

CREATED_S = 1_800_000_000
FRAME_S = 0.02
SPEAK_FOR_S = 1.5


@dataclass
class Kick:
    """What one removal came to, in seconds after the command, the author's work included.

    Attributes:
        deaf_s: When the last frame was sealed that the removed one could ever open.
        last_speaker_s: When the last speaker turned to the new key.
        last_listener_s: When the last honest member had it.
        held_s: The longest that a listener had to hold a frame for its key.
        unopened: Frames of honest speakers that a listener could not open within a second.
        paused: Frames that a speaker did not seal because its key was not there yet.
        author_ms: What the author computed before the first wraps went out, on this machine.
        wrapped_ms: And before the last.
        wraps_bytes: All wraps together.
        author_bytes: Of these the author's.
        wrappers: Messages with wraps that others sent.
    """

    deaf_s: float = 0.0
    last_speaker_s: float = 0.0
    last_listener_s: float = 0.0
    held_s: float = 0.0
    unopened: int = 0
    paused: int = 0
    author_ms: float = 0.0
    wrapped_ms: float = 0.0
    wraps_bytes: int = 0
    author_bytes: int = 0
    wrappers: int = 0


class KickRoom:
    """A room whose members all hold the same operations and the same key.

    Args:
        seed: Decides who speaks, who is removed, and who stands where in the tree.
        members: How many.
        speakers: How many of them speak.
    """

    def __init__(
        self, seed: int, members: int, speakers: int = 8, hop_s: float = 0.08, fan_out: int = 4
    ) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.hop_s = hop_s
        self.fan_out = fan_out
        host = Identity.generate(self.random.randbytes)
        genesis = Genesis(
            2, host.sign_key, host.dh, "open", CREATED_S, self.random.randbytes(32)
        ).encode()
        self.clients = [self._client(0, genesis, host)]
        founder = self.clients[0]
        founder.found()
        for number in range(1, members):
            identity = Identity.generate(self.random.randbytes)
            self.clients.append(self._client(number, genesis, identity))
        for client in self.clients[1:]:
            founder.room._write(kinds.Admit, client.room.join_op)
        for client in self.clients:
            for op in founder.room.ops():
                client.room.receive(op, None, client.now)
            if client is not founder:
                heads = founder.keyring.export(0)
                client.hold(keyring_from(heads, 0, 0.0, founder.id))
            client.room.to_send(client.now)
        self._appoint()
        self.speakers = [founder, *self._bring_on_stage(speakers - 1)]

    def _client(self, number: int, genesis: bytes, identity: Identity) -> Client:
        return Client(
            number, genesis, identity, self.random.randbytes, lambda: self.clock.now, 0.0,
            lambda *_: None, lambda _: [],
        )  # fmt: skip

    # --- getting ready --------------------------------------------------------------------------

    def _share(self, *authors: Client) -> None:
        """What some have written reaches everybody at once."""
        said = [out.data for author in authors for out in author.room.to_send(author.now)]
        for client in self.clients:
            for op in said:
                client.room.receive(op, None, client.now)
            client.room.to_send(client.now)

    def _do(self, client: Client, command: object) -> None:
        client.room.do(command, client.now)
        self._share(client)

    def _appoint(self) -> None:
        for client in self.clients[1:4]:
            self._do(self.clients[0], commands.Promote(client.id, 1))

    def _bring_on_stage(self, count: int) -> list[Client]:
        chosen = self.random.sample(self.clients[4:], count)
        for client in chosen:
            self._do(client, commands.RaiseHand())
            self._do(self.clients[0], commands.Accept(client.id))
            self._do(client, commands.TakeFloor())
            self.clock.run_until(self.clock.now + 1.0)
        return chosen

    # --- one removal ----------------------------------------------------------------------------

    def kick(self, listeners: int = 10) -> Kick:
        """A moderator removes somebody with a new key; everybody goes on speaking.

        Args:
            listeners: So many honest members try to hear every frame, at a random distance.
        """
        found = Kick()
        actor = self.random.choice(self.clients[:4])
        spared = {*self.clients[:4], *self.speakers}
        others = [client for client in self.clients if client not in spared]
        target, *audience = self.random.sample(others, listeners + 1)
        for client in self.clients:
            client.keyring.advance(client.room_s)
            client.silences.clear()
        self._began_s = self.clock.now
        gc.disable()  # to look through 700 rooms in one process is not the author's work
        self._send_out(actor, target, found)
        gc.enable()
        self._frames: list[tuple[float, int, bytes, Client]] = []
        for tick in range(int(SPEAK_FOR_S / FRAME_S)):
            self.clock.later(tick * FRAME_S, lambda: self._speak(target, audience, found))
        self.clock.run_until(self._began_s + SPEAK_FOR_S + 1.0)
        self._judge(actor, target, audience, found)
        self.clients.remove(target)
        self.clock.run_until(self.clock.now + 3.0)
        return found

    def _send_out(self, actor: Client, target: Client, found: Kick) -> None:
        """The author's part, and what it gives runs down the tree as soon as it is there."""
        others = [client for client in self.clients if client is not actor]
        self.random.shuffle(others)
        self._turned: set[Client] = set()
        self._order = {client.id: place for place, client in enumerate([actor, *others])}
        began_s = time.thread_time()
        actor.room.do(commands.Remove(target.id), actor.now)
        actor.epochs.do(NewKey(shut_out=True), actor.now)
        ops = [out.data for out in actor.room.to_send(actor.now)]
        spent_s = time.thread_time() - began_s
        (self._epoch,) = actor.keyring.frontier.ids
        ephemeral = actor.room.state.epochs[self._epoch].ephemeral
        self._wraps = []
        while True:
            began_s = time.thread_time()
            said = actor.epochs.to_send(actor.now)
            spent_s += time.thread_time() - began_s
            wraps = [wrap for _, m in said if isinstance(m, Wraps) for wrap in m.wraps]
            if not self._wraps:
                found.author_ms = 1000 * spent_s
            found.wrapped_ms = 1000 * spent_s
            for place, client in enumerate(others, start=1):
                mine = slice_wraps(wraps, ephemeral, [client.id])
                if ops or mine:
                    arrive = partial(self._arrive, client, actor, ops, mine, target, found)
                    self.clock.later(spent_s + self._hops(place) * self.hop_s, arrive)
            if not said:
                break
            found.author_bytes += sum(len(encode(message)) for _, message in said)
            found.wraps_bytes = found.author_bytes
            self._wraps += wraps
            ops = []

    def _hops(self, place: int) -> int:
        """How deep in the tree a place is, the root being 0."""
        depth = 0
        while place:
            place, depth = (place - 1) // self.fan_out, depth + 1
        return depth

    def _arrive(
        self, client: Client, actor: Client, ops: list[bytes], wraps: tuple[bytes, ...],
        target: Client, found: Kick,
    ) -> None:  # fmt: skip
        for op in ops if client is not target else ops[1:]:  # it ignores its own removal
            client.room.receive(op, None, client.now)
        client.room.to_send(client.now)
        if client is target:
            return
        if wraps:
            client.epochs.receive(Wraps(self._epoch, wraps), actor.id, client.now)
        self._wrap_on(client, target, found)
        client.pump()
        if client.keyring.frontier.ids == (self._epoch,) and client not in self._turned:
            self._turned.add(client)
            after_s = self.clock.now - self._began_s
            found.last_listener_s = max(found.last_listener_s, after_s)
            if client in self.speakers:
                found.last_speaker_s = max(found.last_speaker_s, after_s)

    def _wrap_on(self, client: Client, target: Client, found: Kick) -> None:
        """What a member says of keys, of which the target taps every wrap."""
        began_s = time.thread_time()
        said: list[Outgoing] = []
        while more := client.epochs.to_send(client.now):
            said += more
        spent_s = time.thread_time() - began_s
        ephemeral = client.room.state.epochs[self._epoch].ephemeral
        for to, message in said:
            if isinstance(message, Wraps):
                self._wraps += message.wraps
                found.wraps_bytes += len(encode(message))
                found.wrappers += 1
            for other in self.clients:
                if other is client or to not in (None, other.id):
                    continue
                mine = message
                if isinstance(message, Wraps):
                    own = slice_wraps(message.wraps, ephemeral, [other.id])
                    if not own:
                        continue
                    mine = Wraps(message.epoch_id, own)
                away = (self._order[other.id] - self._order[client.id]) % len(self._order)
                arrive = partial(self._told, other, client, mine, target, found)
                self.clock.later(spent_s + self._hops(away) * self.hop_s, arrive)
        if client.keyring.missing:
            wait_s = max(0.01, client.epochs.next_timer() - client.now)
            self.clock.later(wait_s, partial(self._arrive, client, client, [], (), target, found))

    def _told(
        self, client: Client, sender: Client, message: KeyMessage, target: Client, found: Kick
    ) -> None:
        if client is not target:
            with contextlib.suppress(RemoteError):
                client.epochs.receive(message, sender.id, client.now)
            self._arrive(client, sender, [], (), target, found)

    def _speak(self, target: Client, audience: list[Client], found: Kick) -> None:
        for speaker in self.speakers:
            frame = speaker.speak()
            if frame is None:
                found.paused += 1
                continue
            slot = speaker.slot
            self._frames.append((self.clock.now - self._began_s, slot, frame, speaker))
            if self._opens(target, frame, slot, speaker):
                found.deaf_s = self.clock.now - self._began_s
            for listener in audience:
                hops = self.random.randint(1, 5)
                self.clock.later(hops * self.hop_s, partial(listener.hear, frame, speaker))

    def _opens(self, target: Client, frame: bytes, slot: int, speaker: Client) -> bool:
        """Whether the removed one can open it, whatever its own view of the room says."""
        assert target.keyring is not None
        target.keyring.advance(target.room_s)
        try:
            target.stage._opener.open(frame[1:], {slot: speaker.id})
        except RemoteError:
            return False
        return True

    def _judge(self, actor: Client, target: Client, audience: list[Client], found: Kick) -> None:
        honest = [client for client in self.clients if client is not target]
        if any(client.keyring.frontier.ids != (self._epoch,) for client in honest):
            raise RuntimeError("somebody is left with the old key")
        record = actor.room.state.epochs[self._epoch]
        try:
            target.epochs._recv.open(self._wraps, record)
        except RemoteError:
            pass
        else:
            raise RuntimeError("the removed member opened a wrap")
        for sealed_s, slot, frame, speaker in self._frames:
            if self._opens(target, frame, slot, speaker):  # all of them again, with all it has
                found.deaf_s = max(found.deaf_s, sealed_s)
        found.held_s = max(
            (one.longest_s for listener in audience for one in listener.silences.values()),
            default=0.0,
        )
        found.unopened = sum(
            listener.stage.heard(speaker.id).refused["frontier"]
            for listener in audience
            for speaker in self.speakers
        )
