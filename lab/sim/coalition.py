"""Removed members that pool all they hold, the names they come back under, and their relay.

Whoever is removed with a new key joins the coalition. It makes *ghosts*: programs with a fresh key
each, all the keys and operations that their maker held, and every admission that somebody who is
out can still sign: by the maker, dated back to the beginning or not, by ghosts for each other, by
an invite of the maker, by a rank that it had. What they sign reaches any honest member as if a
relay in league had carried it, under the name of anybody. Ghosts have lines, take part, and ask for
keys. The relay keeps back what it likes (``false_relay``), and now and then a moderator's program
hangs. One listener is in league with them: what it wraps for others is false, and it answers nobody
that asks for a wrap. The room is open, asks, or wants an invite; and is locked at times.

A frame that an honest member says is *lost* if any of them opens it, or they hold its keys
together, although

- its speaker has known for half a second that they are out, or
- for 45 s all moderators in its reach have: whatever the relay keeps back, it is missed by then;

unless somebody in the roster gives them away. Moderators from whom it is kept as well confirm to
each other, and to the speaker, what they know.
"""

import contextlib
from collections.abc import Collection
from functools import partial
from typing import get_args

from crypto.frame import FrameOpener
from crypto.genesis import commit_members_secret
from crypto.handover import keyring_from
from crypto.head import STEP_S
from crypto.identity import Identity, sign, sign_public_of
from lab.sim.doors import FalseDoor, HonestDoor
from lab.sim.false_relay import FalseRelay
from lab.sim.newcomers import Newcomers
from lab.sim.room_client import MEMBERS_SECRET, NOT_INVITED, Client, Invited
from lab.sim.room_world import World
from p2p.errors import RemoteError
from p2p.room import commands
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.wire.messages import Ops, Wraps
from p2p.wire.relay_messages import AskWrap

FALSE_WRAPPER = 4
"""The number of the one that wraps falsely; those before it may moderate."""

GHOSTS_EACH = 2
FALSE_DOORS_MAX = 8
ATTACKS_PER_BEAT = 0.5
AGAIN_PER_BEAT = 0.3
SIEGE_S = (5.0, 60.0)
HANG_S = (1.0, 15.0)
KNOWN_S = 0.5
MISSED_S = 45.0
"""Thirty seconds without a word that agrees, and time for the last that did."""


class Ghost(Client):
    """A name of somebody who was removed."""

    maker: Client

    def _enter_again(self) -> None:
        """It knocks where the room is shut; an open one lets in anybody who has the words."""
        lines = self._lines
        states = {other.number: other.room.state for other in lines}
        shut = [other for other in lines if states[other.number].locked
                or states[other.number].entry != "open"]  # fmt: skip
        self._lines = shut
        super()._enter_again()
        self._lines = lines


class HostileWorld(World):
    """A room with a coalition outside.

    Attributes:
        attacks: Operations that it has brought to honest members.
        false_wraps: Wraps that do not open, by the listener in league.
        tried: Frames that must not be lost.
        tapped: Frames of speakers whose key it may still have, and has.
        relay: In league with it.
    """

    def __init__(self, seed: int, **more: float) -> None:
        self.attacks = self.tried = self.tapped = self.false_wraps = 0
        self._known_s: dict[int, float] = {}
        self._missed_s: dict[int, float] = {}
        self._hangs: dict[int, float] = {}
        self._ghosts: list[Ghost] = []
        self._pasts: dict[int, Room] = {}
        self._excluded: dict[bytes, frozenset[bytes]] = {}
        self._signed: dict[bytes, list[bytes]] = {}
        super().__init__(seed, **more)
        self.relay = FalseRelay(self.random, lambda: self.clock.now)
        self.newcomers = Newcomers(self.clock, self.random, self._plays, self.others, self.clients)
        self._open_as(self.random.choice(get_args(kinds.EntryMode)))

    def _commit(self) -> bytes:
        return commit_members_secret(MEMBERS_SECRET)

    def _open_as(self, mode: kinds.EntryMode) -> None:
        self.clients[0].room.do(commands.SetEntry(mode), self.clients[0].now)

    def _knock(self, client: Client, door: Client) -> str | None:
        """Where the room asks, a moderator lets honest newcomers in."""
        reason = client.enter(door)
        moderator = self._ask(door, client) if reason == "ask" else None
        return reason if moderator is None else client.enter(moderator)

    def _ask(self, door: Client, newcomer: Client) -> Client | None:
        """A moderator that a door reaches says yes; None: there is none."""
        for moderator in (door, *self.others(door)):
            if moderator.honest and self._runs(moderator):
                moderator.room.write_ask(newcomer.room.join_op)
                if self.do(moderator, commands.Let(newcomer.id, True)):
                    return moderator
        return None

    def _invite(self, identity: Identity, door: Client) -> Invited:
        """Where an invite is wanted, an honest newcomer has one of its door."""
        if door.room.state.entry != "invited":
            return NOT_INVITED
        seed = self.rng(32)
        before = set(door.room.state.invites)
        if not self.do(door, commands.MakeInvite(sign_public_of(seed), 1, 0)):
            return NOT_INVITED
        (invite,) = set(door.room.state.invites) - before
        return self._proven(identity, invite, seed)

    def _proven(self, identity: Identity, invite: bytes, seed: bytes) -> Invited:
        return Invited(invite, sign(seed, b"invite", self.room_id + identity.member_id))

    # --- doors that lie ---------------------------------------------------------------------------

    def join_among_liars(self) -> bool:
        """Somebody new finds up to three honest doors, and nearer ones that lie."""
        awake = [one for one in self.honest if self._runs(one)]
        found = self.random.sample(awake, min(3, len(awake)))
        if not found:
            return False
        honest = [one for one in found if one.part == found[0].part]
        theirs = [o for o in (*self.outsiders, *self._ghosts) if o.part == found[0].part]
        liars = self.random.sample(theirs, self.random.randint(0, min(4, len(theirs))))
        if len(honest) > 1 and (not liars or self.random.random() < 0.3):
            liars.append(honest.pop())  # a member in force
        if not liars:
            return False
        identity = self._identity()
        newcomer = self._client(identity, self._invite(identity, honest[0]))
        newcomer.part = honest[0].part
        false = [
            FalseDoor(liar, self.shown_by(liar), self.relay.words, self.random) for liar in liars
        ]
        made_up = [door for door in false if not door.client.honest]
        self.newcomers.false_doors = [*self.newcomers.false_doors, *made_up][-FALSE_DOORS_MAX:]
        doors = [HonestDoor(one, self._plays, self._ask, self.random) for one in honest]
        self.newcomers.begin(newcomer, doors, false, partial(self._came, newcomer))
        return True

    def shown_by(self, liar: Client) -> Room:
        """The room as somebody shows it at its door."""
        return self._pasts.get(liar.number, liar.room)

    def _keep_past(self, client: Client) -> None:
        """It is about to be removed, and will show its door's guests the room of before."""
        room = client.make_room()
        for op in client.room.ops():
            room.receive(op, None, client.now)
        room._pen._seq = client.room._pen._seq
        self._pasts[client.number] = room

    def _came(self, newcomer: Client, is_in: bool) -> None:
        if not is_in:
            self.clients.remove(newcomer)
            return
        for other in self.others(newcomer):
            newcomer.line_up(other)
            other.line_up(newcomer)
            if other.honest:  # a relay tells who sits down what it judges by
                known = other.room.ops()
                floor = tuple(op for op in known if other.room.is_floor(op))
                self._send(other, newcomer, Ops(floor))
        if self.random.random() < 0.5:
            self._call_up(newcomer, 0)

    def _call_up(self, newcomer: Client, done: int) -> None:
        """It takes the floor as soon as it can."""
        if not self._runs(newcomer):
            return
        if done == 0:
            self.do(newcomer, commands.RaiseHand())
        elif done == 1:
            awake = [one for one in self.honest if self._runs(one)]
            any(self.do(one, commands.Accept(newcomer.id)) for one in awake)
        else:
            self.do(newcomer, commands.TakeFloor())
        if done < 2:
            self.clock.later(0.5, partial(self._call_up, newcomer, done + 1))

    def _plays(self, client: Client) -> bool:
        """Whether it runs, and the relay keeps nothing from it."""
        return self._runs(client) and not self.relay.is_besieging(client)

    # --- joining the coalition --------------------------------------------------------------------

    def kick(self, client: Client, target: Client) -> bool:
        was_honest, rank = target.honest, target.room.myself.auth
        if was_honest:
            self._keep_past(target)
        done = super().kick(client, target)
        if done and was_honest and target.keyring is not None:
            for _ in range(GHOSTS_EACH):
                self._haunt(target, rank)
        return done

    def _haunt(self, maker: Client, auth: bytes) -> None:
        identity, pen = self._identity(), maker.room._pen
        invite = self._ghosts_invite(identity, maker) if len(self._ghosts) % 2 else NOT_INVITED
        ghost = self._ghost(identity, maker, invite)
        maker.keyring.advance(maker.room_s)
        step = maker.keyring.seal_step
        heads = maker.keyring.export(step)
        for op in maker.room.ops():
            ghost.room.receive(op, None, ghost.now)
        # Its maker's clock may have been put back: see Keyring.ahead.
        ghost.hold(keyring_from(heads, step, max(maker.room_s, step * STEP_S), maker.id))
        join = ghost.room.join_op
        signed = [join, pen.write(kinds.Admit, join).data]
        pen._seq, seq = 1, pen._seq  # dated back
        signed.append(pen.write(kinds.Admit, join).data)
        pen._seq = seq
        signed += [
            ghost.room._pen.write(kinds.Admit, other.room.join_op).data for other in self._ghosts
        ]
        if auth != NONE:
            signed.append(pen.write(kinds.Roster, (ghost.id,), auth=auth).data)
            signed.append(pen.write(kinds.Let, ghost.id, True, auth=auth).data)
        for data in signed:
            ghost.room.receive(data, None, ghost.now)
        self._signed[ghost.id] = signed
        self._ghosts.append(ghost)

    def _ghost(self, identity: Identity, maker: Client, invite: Invited) -> Ghost:
        ghost = Ghost(
            self._count, self.genesis, identity, self.rng, lambda: self.clock.now, 0.0,
            self._send, self.others, invite,
        )  # fmt: skip
        self._count += 1
        ghost.honest, ghost.part, ghost.maker = False, maker.part, maker
        ghost.room_time = maker.room_time
        self.clients.append(ghost)
        return ghost

    def _ghosts_invite(self, identity: Identity, maker: Client) -> Invited:
        """An invite of the maker."""
        seed = self.rng(32)
        invite: Op = maker.room._pen.write(kinds.Invite, sign_public_of(seed), 0, 0)
        self._signed.setdefault(maker.id, []).append(invite.data)
        return self._proven(identity, invite.id, seed)

    # --- attacking --------------------------------------------------------------------------------

    def besiege(self) -> bool:
        """The relay singles out a member."""
        victim = self.random.choice(self.honest)
        self.relay.besiege(victim, self.random.uniform(*SIEGE_S))
        return True

    def hang(self) -> bool:
        """A member's program hangs: its lines stay, and it does nothing."""
        member = self.random.choice(self.honest)
        self._hangs[member.number] = self.clock.now + self.random.uniform(*HANG_S)
        return True

    def relent(self) -> None:
        """No siege any more, and nothing hangs."""
        self.relay.relent()
        self._hangs.clear()

    def _runs(self, client: Client) -> bool:
        return super()._runs(client) and self.clock.now >= self._hangs.get(client.number, 0.0)

    def _send(self, sender: Client, to: Client, message: object) -> None:
        wait_s: float | None = 0.0
        if sender.number == FALSE_WRAPPER and isinstance(message, Wraps):
            self.false_wraps += len(message.wraps)
            message = Wraps(message.epoch_id, tuple(one[:-1] + b"?" for one in message.wraps))
        if to.number == FALSE_WRAPPER and isinstance(message, AskWrap):
            return
        if to.honest:
            self.relay.record(sender, message)
            wait_s = self.relay.delay_s(to, message)
        if wait_s is None:
            self._tap(message)
        elif wait_s:
            self.clock.later(wait_s, partial(super()._send, sender, to, message))
        else:
            super()._send(sender, to, message)

    def _arrive(self, sender: Client, to: Client, message: object) -> None:
        if self._runs(to) or not to.awake:
            some = self.newcomers.through_relay(sender, to, message)
            if some is not None:
                super()._arrive(sender, to, some)
        else:
            self.clock.later(0.5, partial(self._arrive, sender, to, message))

    def _beat(self) -> None:
        self._note_epochs()
        for sender, to, message in self.newcomers.came_readable():
            super()._arrive(sender, to, message)
        for ghost in self._ghosts:
            if self.random.random() < ATTACKS_PER_BEAT:
                self._attack(ghost)
        if self.random.random() < AGAIN_PER_BEAT:
            self._say_again()
        super()._beat()

    def _say_again(self) -> None:
        """What was said before comes once more, to anybody, under its name or another."""
        said, honest = self.relay.again(), self.honest
        if said is not None and honest:
            sender, message = said
            victim = self.random.choice(honest)
            if self.random.random() < 0.3:
                sender = self.random.choice(honest)
            if sender is not victim:
                self.network.carry(sender, victim, partial(self._arrive, sender, victim, message))

    def _note_epochs(self) -> None:
        """Remember of every epoch whom its author had seen removed when it made it."""
        for client in self.honest:
            for epoch in client.room.state.heads:
                info = client.room.state.epochs[epoch]
                if info.author == client.id and epoch not in self._excluded:
                    self._excluded[epoch] = client.room.state.removed

    def _attack(self, ghost: Ghost) -> None:
        victims = [client for client in self.honest if self.network.reaches(ghost, client)]
        if victims:
            victim = self.random.choice(victims)
            name = self.random.choice(victims).id
            ops = [*self._signed.get(ghost.maker.id, ()), *self._signed[ghost.id]]
            self.attacks += len(ops)
            self.network.carry(ghost, victim, partial(self._bring, victim, ops, name))

    def _bring(self, victim: Client, ops: list[bytes], name: bytes) -> None:
        for data in ops:
            victim.room.receive(data, name, victim.now)
        victim.pump()

    # --- judging ----------------------------------------------------------------------------------

    def _sound(self) -> None:
        self._forgive()
        super()._sound()
        self._note_epochs()
        self.leaks += self.newcomers.problems()
        for speaker in self.honest:
            if speaker.awake and speaker.slot is not None and speaker.keyring is not None:
                self._judge(speaker)

    def _forgive(self) -> None:
        """Nobody is to blame for what the relay keeps back, or for a program that hangs."""
        for client in self.clients:
            if not self._runs(client) or self.relay.is_besieging(client):
                client.pauses.forget()
                for silence in client.silences.values():
                    silence.forget()
                for other in self.clients:
                    if client.id in other.silences:
                        other.silences[client.id].forget()

    def _spoken(self, speaker: Client, frame: bytes) -> None:
        super()._spoken(speaker, frame)
        if not self._ghosts:
            return
        now, knows = self.clock.now, self._knows_them_out(speaker)
        moderators = [
            other
            for other in self.others(speaker)
            if other.honest and self._runs(other) and other.room.myself.rank <= MODERATOR
        ]
        told = not all(map(self.relay.is_besieging, moderators))
        told = told and all(map(self._knows_them_out, moderators))
        since_s = self._known_s, self._missed_s
        for times, holds in zip(since_s, (knows, told), strict=True):
            if holds:
                times.setdefault(speaker.number, now)
            else:
                times.pop(speaker.number, None)
        known = now - self._known_s.get(speaker.number, now) > KNOWN_S
        missed = now - self._missed_s.get(speaker.number, now) > MISSED_S
        if not (known or missed):
            self.tapped += self._hold_keys_of(speaker)
            return
        self.tried += 1
        if self._hold_keys_of(speaker) or self._opens(speaker, frame):
            why = "knew" if known else "should have missed"
            self.leaks.append(
                f"at {now:.1f} s a frame is lost whose speaker {why} that they are out"
            )

    def _knows_them_out(self, client: Client) -> bool:
        """Whether it has seen that all are removed with a new key."""
        state = client.room.state
        shut_out = {m for epoch in state.epochs for m in self._excluded.get(epoch, ())}
        return not self._has_a_friend(client, state.removed & shut_out)

    def _hold_keys_of(self, speaker: Client) -> bool:
        """Whether they hold, together, all that a speaker's key is made of."""
        everybody = [*self._ghosts, *self.outsiders]
        held = {epoch for one in everybody for epoch in one.keyring._held}
        return held.issuperset(speaker.keyring.frontier.ids)

    def _opens(self, speaker: Client, frame: bytes) -> bool:
        """Whether one of them opens a frame, each with what it holds."""
        for one in (*self._ghosts, *self.outsiders):
            with contextlib.suppress(RemoteError):
                slots = dict.fromkeys(range(1, 64), speaker.id)
                one.keyring.advance(speaker.room_s)
                FrameOpener(one.keyring).open(frame[1:], slots)
                return True
        return any(door.opens(frame, speaker) for door in self.newcomers.false_doors)

    def _has_a_friend(self, speaker: Client, out: Collection[bytes]) -> bool:
        """Tell whether somebody in the roster gives them away.

        That is one of them who is not out yet by what is known here, or a name for which an honest
        moderator has vouched: where its maker was not removed yet, it came in by that.
        """
        makers = {outsider.id for outsider in self.outsiders}
        if not makers <= set(out):
            return True
        rosters = [speaker.room._ops.read(data).body for data in speaker.room.ops_of(kinds.Roster)]
        vouched = {m for roster in rosters if roster.author not in makers for m in roster.members}
        return not vouched.isdisjoint(ghost.id for ghost in self._ghosts)

    def _judge(self, speaker: Client) -> None:
        """Look whether a name that they made up is in a speaker's roster."""
        listed = [ghost for ghost in self._ghosts if speaker.room.state.in_roster(ghost.id)]
        if listed and not self._has_a_friend(speaker, speaker.room.state.removed):
            self.leaks.append(f"at {self.clock.now:.1f} s a ghost is in a roster")
