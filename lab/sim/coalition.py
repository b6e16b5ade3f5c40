"""Removed members that pool all they hold, and the names they make up to come back under.

Whoever is removed with a new key joins the coalition. It makes *ghosts*: programs with a fresh key
each, all the keys and operations that their maker held, and every admission that somebody who is
out can still sign: by the maker, dated back to the beginning or not, by ghosts for each other, by
an invite of the maker, by a rank that it had. What they sign reaches any honest member as if a
relay in league had carried it, under the name of anybody. Ghosts have lines, take part, and ask for
keys.
"""

from collections.abc import Collection
from functools import partial

from crypto.handover import keyring_from
from crypto.identity import Identity, sign, sign_public_of
from lab.sim.room_client import Client
from lab.sim.room_world import World
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op

GHOSTS_EACH = 2
ATTACKS_PER_BEAT = 0.5


class Ghost(Client):
    """A name of somebody who was removed."""

    maker: Client

    def _enter_again(self) -> None:
        """It knocks where the room is shut; an open one lets in anybody who has the words."""
        lines = self._lines
        self._lines = [other for other in lines if other.room.state.locked]
        super()._enter_again()
        self._lines = lines


class HostileWorld(World):
    """A room with a coalition outside.

    Attributes:
        attacks: Operations that it has brought to honest members.
        tried: Frames of speakers whose key it must not have.
        tapped: Frames of speakers whose key it may still have, and has.
    """

    def __init__(self, seed: int, **more: float) -> None:
        self.attacks = self.tried = self.tapped = 0
        self._ghosts: list[Ghost] = []
        self._excluded: dict[bytes, frozenset[bytes]] = {}
        self._signed: dict[bytes, list[bytes]] = {}
        super().__init__(seed, **more)

    # --- joining the coalition --------------------------------------------------------------------

    def kick(self, client: Client, target: Client) -> bool:
        was_honest, rank = target.honest, target.room.myself.auth
        done = super().kick(client, target)
        if done and was_honest and target.keyring is not None:
            for _ in range(GHOSTS_EACH):
                self._haunt(target, rank)
        return done

    def _haunt(self, maker: Client, auth: bytes) -> None:
        identity, pen = self._identity(), maker.room._pen
        ghost = self._ghost(identity, maker)
        maker.keyring.advance(maker.room_s)
        step = maker.keyring.seal_step
        heads = maker.keyring.export(step)
        for op in maker.room.ops():
            ghost.room.receive(op, None, ghost.now)
        ghost.hold(keyring_from(heads, step, maker.room_s, maker.id))
        if len(self._ghosts) % 2:
            ghost.room.join_op = self._by_invite(identity, maker)
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

    def _ghost(self, identity: Identity, maker: Client) -> Ghost:
        ghost = Ghost(
            self._count, self.genesis, identity, self.rng, lambda: self.clock.now, 0.0,
            self._send, self.others,
        )  # fmt: skip
        self._count += 1
        ghost.honest, ghost.part, ghost.maker = False, maker.part, maker
        ghost.room_time = maker.room_time
        self.clients.append(ghost)
        return ghost

    def _by_invite(self, identity: Identity, maker: Client) -> bytes:
        """A join of the ghost that proves an invite of its maker."""
        seed = self.rng(32)
        invite: Op = maker.room._pen.write(kinds.Invite, sign_public_of(seed), 0, 0)
        self._signed.setdefault(maker.id, []).append(invite.data)
        proof = sign(seed, b"invite", self.room_id + identity.member_id)
        pen = type(maker.room._pen)(identity, self.room_id)
        fields = (identity.sign_key, identity.dh, bytes(32), "ghost", invite.id, proof)
        return pen.write(kinds.Join, *fields).data

    # --- attacking --------------------------------------------------------------------------------

    def _beat(self) -> None:
        self._note_epochs()
        for ghost in self._ghosts:
            if self.random.random() < ATTACKS_PER_BEAT:
                self._attack(ghost)
        super()._beat()

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
        super()._sound()
        self._note_epochs()
        for speaker in self.honest:
            if speaker.awake and speaker.slot is not None and speaker.keyring is not None:
                self._judge(speaker)

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
        """Look whether those that the speaker's key excludes hold all that it is made of."""
        frontier = set(speaker.keyring.frontier.ids)
        excluded = {m for epoch in frontier for m in self._excluded.get(epoch, ())}
        everybody = [*self._ghosts, *self.outsiders]
        held = {epoch for one in everybody for epoch in one.keyring._held}
        if not self._has_a_friend(speaker, excluded):
            self.tried += 1
            if self._ghosts and frontier <= held:
                self.leaks.append(f"at {self.clock.now:.1f} s the removed hold the present key")
        elif self._ghosts:
            self.tapped += frontier <= held
        listed = [ghost for ghost in self._ghosts if speaker.room.state.in_roster(ghost.id)]
        if listed and not self._has_a_friend(speaker, speaker.room.state.removed):
            self.leaks.append(f"at {self.clock.now:.1f} s a ghost is in a roster")
