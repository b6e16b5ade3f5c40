"""The group key: secrets of the epoch heads, hashed forward every ten seconds of room time.

An epoch begins with a random secret that never depends on the room key: who only has the words
can compute nothing here. All admitted members hold the same secrets; what a speaker seals under is
derived from those of all heads and from the speaker's member id, so no frame key is ever handed
out, and two moderators who each shut somebody out need not agree first: each of the two lacks one.

::

    secret at step n+1   HKDF(secret at step n, "step")
    pass                 HKDF(fresh secret, "pass")       what a relay checks, by its public half
    key of a step        HKDF(sorted secrets, "room" | step)
    base key             HKDF(key of the step, "sframe" | member id)
    compared by voice    HKDF(key of the step, "sas")
    gossip               HKDF(key of the step, "gossip")      what relays carry unread

The old step is erased 2 s after the new one began: who seizes a running machine can read at most
12 s of the past. An epoch that another one has replaced is erased 20 s later.
"""

from collections.abc import Callable, Iterable, Sequence

from crypto.errors import LocalError, RemoteError
from crypto.frontier import OLD_KEPT_S, Frontier, Frontiers
from crypto.head import PASS_BYTES, STEP_S, Head, Held, pass_of, room_key, step_at, unwanted
from crypto.identity import MEMBER_ID_BYTES
from crypto.ids import EpochId, MemberId
from crypto.kdf import hkdf
from crypto.kid import STEP_MASK
from crypto.sframe import Key
from crypto.step_keys import GossipKey, Known, StepKeys
from crypto.trial import Trial

OLD_STEP_KEPT_S = 2.0
MAX_HEADS = 16

MAX_JUMP_STEPS = 100_000  # eleven days asleep; about a third of a second of hashing


class Keyring:
    """The keys of a room as one member holds them.

    Attributes:
        step: The step that it is by our own clock.
        waiting: What we hold is not to be spoken under: somebody was shut out who holds it too.
        trial: Secrets that were handed over, until they have proved themselves.
        keys: Those that were derived, and what key ids stand for: until their step or epoch ends.
    """

    def __init__(self, heads: Sequence[Head], *passes: bytes | bytearray) -> None:
        """Take over ``heads``, which must all be at one step, with the pass of each.

        Raises:
            LocalError: No heads, too many, two alike or at different steps, or a pass that is
                not 32 bytes.
        """
        if not 1 <= len(heads) <= MAX_HEADS or len({head.epoch_id for head in heads}) != len(heads):
            raise LocalError("wrong number of epoch heads")
        if len({head.step for head in heads}) != 1 or len(passes) != len(heads):
            raise LocalError("epoch heads at different steps, or a pass too few")
        if any(len(pass_) != PASS_BYTES for pass_ in passes):
            raise LocalError("a pass is 32 bytes")
        self.step = heads[0].step
        self.waiting = False
        self.trial = Trial()
        self._held = {
            head.epoch_id: Held(head, pass_, wanted_s=self.step * STEP_S)
            for head, pass_ in zip(heads, passes, strict=True)
        }
        self._wanted = Frontier.of(self._held)
        self._frontiers = Frontiers(self._wanted)
        self._frontiers.index(self._held, self._wanted.ids)
        self._room_time_s = float(self.step * STEP_S)
        self._forget_at_s = float("inf")
        self._has_old_step = self._shut = False
        self._put_back: set[EpochId] = set()
        self.keys = StepKeys()

    @classmethod
    def create(cls, rng: Callable[[int], bytes]) -> "Keyring":
        """Begin a room with one epoch of a random id, at step 0."""
        head = Head.create(rng)
        return cls([head], pass_of(head.secret))

    def export(
        self, step: int, ids: Iterable[EpochId] | None = None
    ) -> list[tuple[EpochId, bytes, bytes]]:
        """Hand over epochs to somebody who may have them: id, secret and pass of each.

        Args:
            step: The present one (``step_of``); the past is never handed over.
            ids: Epochs whose secrets are here; by default those that we seal under.

        Raises:
            LocalError: ``step`` is not the present one, or a secret is not here.
        """
        wanted = self.frontier.ids if ids is None else tuple(ids)
        if any(epoch not in self._held for epoch in wanted) or step != self.step_of(wanted):
            raise LocalError("only what is here can be handed over, at the present step")
        return [(epoch_id, *self._held[epoch_id].export(step)) for epoch_id in wanted]

    # --- epochs ---------------------------------------------------------------------------------

    @property
    def frontier(self) -> Frontier:
        """The epochs that we seal under."""
        return self._frontiers.present

    @property
    def frontier_tag(self) -> int:
        """18-bit name of the epochs that we seal under, not secret."""
        return self.frontier.tag

    @property
    def pass_(self) -> bytearray:
        """32 secret bytes that open a relay's door for members."""
        return self._held[self.frontier.ids[0]].pass_

    @property
    def seal_step(self) -> int:
        """The step we seal under: ours, or the next if an epoch began ahead of our clock."""
        return self.step_of(self.frontier.ids)

    def step_of(self, ids: Iterable[EpochId]) -> int:
        """The step at which some epochs can be handed over, all of them held."""
        return max([self.step, *(self._held[epoch].head.step for epoch in ids)])

    @property
    def missing(self) -> tuple[EpochId, ...]:
        """Heads of the room whose secrets are not here."""
        return tuple(epoch for epoch in self._wanted.ids if epoch not in self._held)

    @property
    def doubted(self) -> tuple[EpochId, ...]:
        """Heads whose secrets were handed to us, and under which the others' frames fail."""
        return self.trial.doubted(self._room_time_s)

    @property
    def is_out_of_step(self) -> bool:
        """Whether all that others seal is of another step, and our time is on trial."""
        return self.trial.is_out_of_step(self._room_time_s)

    @property
    def ahead(self) -> tuple[EpochId, ...]:
        """Heads whose secrets are here only for a later time, since ours was put back."""
        held = self._held
        return tuple(
            one
            for one in self._wanted.ids
            if one in held and held[one].head.step > self.step + (one not in self._put_back)
        )

    def knows(self, epoch_id: EpochId) -> bool:
        """Whether the secret of an epoch is here."""
        return epoch_id in self._held

    def hold(
        self,
        epoch_id: EpochId,
        secret: bytes | bytearray,
        step: int,
        pass_: bytes | None = None,
        giver: MemberId | None = None,
    ) -> None:
        """Take in the secret of an epoch; what we seal under does not change by it.

        Args:
            epoch_id: 16 bytes.
            secret: At ``step``; copied, so the caller zeroes its own.
            step: Where the epoch began, or where a neighbour had it.
            pass_: The epoch's pass; None when ``secret`` is fresh, and the pass follows from it.
            giver: The member who handed it over; None if the epoch's record vouches for it.

        Raises:
            RemoteError: A length is wrong, or the step is far from ours.
        """
        if epoch_id in self._held:
            return
        if not self.step - MAX_JUMP_STEPS <= step <= self.step + 1:
            raise RemoteError("an epoch of another time")
        try:
            head = Head(epoch_id, secret, step)
        except LocalError:
            raise RemoteError("malformed epoch secret") from None
        if pass_ is not None and len(pass_) != PASS_BYTES:
            raise RemoteError("malformed pass")
        held = Held(head, pass_ or pass_of(secret), wanted_s=self._room_time_s)
        held.forward_to(self.step, keep_old=self._has_old_step)
        self._held[epoch_id] = held
        if giver is not None:
            self.trial.begin(epoch_id, giver)
        self._forget()

    def replace(
        self,
        epoch_id: EpochId,
        secret: bytes | bytearray,
        step: int,
        pass_: bytes | None = None,
        giver: MemberId | None = None,
    ) -> None:
        """Take another secret for one that is on trial, and erase that; see ``hold``."""
        before = self._held.pop(epoch_id)
        try:
            self.hold(epoch_id, secret, step, pass_, giver)
        except RemoteError:
            self._held[epoch_id] = before
            raise
        before.erase()
        self._put_back.discard(epoch_id)
        if giver is None:
            self.trial.end(epoch_id)
        self.keys.keep(self._held.keys() - {epoch_id}, self.oldest_step)

    def set_heads(self, ids: Iterable[EpochId], *, part: bool = False, shut: bool = False) -> None:
        """Say which epochs are the room's heads.

        We seal under all of them as soon as all secrets are here, and under what we had until
        then.

        Args:
            ids: Epoch ids; of too many the first, in their order.
            part: Do not go on waiting for it: seal under those heads whose secrets are here.
            shut: Somebody was shut out since we turned, who holds what we had until then.

        Raises:
            LocalError: No heads.
        """
        wanted = Frontier.of(sorted(ids)[:MAX_HEADS])
        if not wanted.ids:
            raise LocalError("a room has a key")
        here = Frontier.of(self._held.keys() & set(wanted.ids))
        goal = here if here == wanted or (part and here.ids) else self.frontier
        if wanted != self._wanted or goal != self.frontier:
            self._note_wanted()  # what was wanted until now has its time from now on
            self._wanted = wanted
            self._frontiers.switch(goal, self._room_time_s, shut=shut)
            self._forget()
        self._shut = shut and bool(self.missing)

    def is_private(self, frontier: Frontier) -> bool:
        """Whether nobody who was shut out holds it, as far as we know."""
        return not self._shut and self._frontiers.is_private(frontier)

    def frontier_of(self, tag: int) -> Frontier:
        """Find the one set of epochs that a frame's tag stands for.

        Raises:
            RemoteError: It is none whose secrets are here.
        """
        frontier = self._frontiers.find(tag)
        if frontier is None:
            raise RemoteError("frame under unknown epochs")
        return frontier

    def said_falsely(self, frontier: Frontier) -> None:
        """What a member is said to have sealed under these epochs was not authentic."""
        self.trial.said_falsely(frontier.ids, self._room_time_s)

    def _note_wanted(self) -> set[EpochId]:
        wanted = {*self._wanted.ids, *self.frontier.ids}
        for epoch_id in wanted & self._held.keys():
            self._held[epoch_id].wanted_s = self._room_time_s
        return wanted

    def _forget(self) -> None:
        """Erase epochs that were not wanted for a while, and their frame keys with them."""
        over, next_s = unwanted(self._held, self._note_wanted(), self._room_time_s - OLD_KEPT_S)
        self._forget_at_s = next_s + OLD_KEPT_S
        for epoch_id in over:
            self._held.pop(epoch_id).erase()
            self.trial.end(epoch_id)
        self._frontiers.lapse(self._room_time_s)
        self._frontiers.index(self._held, self._wanted.ids)
        self.keys.keep(self._held.keys(), self.oldest_step)

    # --- steps ----------------------------------------------------------------------------------

    def advance(self, room_time_s: float) -> None:
        """Move to the step of ``room_time_s`` and erase what is over.

        Call it at least every second, also while nobody speaks: only this erases old keys.
        Room time that runs backwards moves nothing.

        Raises:
            LocalError: Room time is out of range or has jumped more than eleven days.
        """
        target = step_at(room_time_s)
        if target - self.step > MAX_JUMP_STEPS:
            raise LocalError("room time jumped too far")
        self._room_time_s = max(self._room_time_s, room_time_s)
        if target > self.step:
            self._forward_to(target)
        if self._has_old_step and room_time_s - self.step * STEP_S >= OLD_STEP_KEPT_S:
            self._erase_old_step()
        if self._room_time_s >= self._forget_at_s:
            self._forget()

    def correct(self, room_time_s: float) -> None:
        """Our room time was wrong, and is this.

        What was hashed forward too far stays so: see ``ahead``.

        Raises:
            LocalError: As ``advance``.
        """
        if step_at(room_time_s) >= self.step:
            self.advance(room_time_s)
            return
        self._erase_old_step()
        self.step, self._room_time_s = step_at(room_time_s), room_time_s
        self._put_back = {one for one, held in self._held.items() if held.head.step > self.step}
        for held in self._held.values():
            held.wanted_s = min(held.wanted_s, room_time_s)
        self._forget()

    def live_step(self, step8: int, frontier: Frontier | None = None) -> int:
        """Find the step that the 8 bits of a frame stand for: one back, now, or one ahead.

        Raises:
            RemoteError: It is none of them.
        """
        for step in (self.step, self.step - 1, self.step + 1):
            if step & STEP_MASK == step8 and self._is_live(step, frontier or self.frontier):
                return step
        self.trial.odd(self._room_time_s)
        raise RemoteError("frame of a step that is over or far ahead")

    @property
    def oldest_step(self) -> int:
        """The earliest step whose frames can still be opened."""
        return self.step - 1 if self._has_old_step else self.step

    def base_key(
        self, member_id: MemberId, step: int, frontier: Frontier | None = None
    ) -> bytearray:
        """Derive the base key of a member's frames at a step.

        Args:
            member_id: 16 bytes.
            step: A live step, as ``live_step`` gives it.
            frontier: From ``frontier_of``; by default what we seal under.

        Returns:
            32 secret bytes, for the caller to zero.

        Raises:
            LocalError: ``member_id`` is not 16 bytes.
            RemoteError: The step is not live.
        """
        if len(member_id) != MEMBER_ID_BYTES:
            raise LocalError("a member id is 16 bytes")
        return self._derive(step, b"sframe" + member_id, frontier or self.frontier)

    def authenticator(self, step: int) -> bytearray:
        """What two members compare by voice: 32 secret bytes; raises like ``base_key``."""
        return self._derive(step, b"sas", self.frontier)

    def gossip_key(self, step: int, frontier: Frontier) -> bytearray:
        """Opens what members say through relays: 32 secret bytes; raises like ``base_key``."""
        return self._derive(step, b"gossip", frontier)

    def seal_gossip(self) -> GossipKey:
        """What we seal it under ourselves; kept in ``keys``, which zeroes it when it is over."""
        frontier, step = self.frontier, self.seal_step
        self.keys.gossip = GossipKey(frontier.tag, step, self.gossip_key(step, frontier))
        return self.keys.gossip

    def frame_key(
        self, slot: int, member_id: MemberId, step: int, frontier: Frontier | None = None
    ) -> Key:
        """The SFrame key of a member in a slot at a live step; kept until the step is over.

        Raises:
            LocalError: ``slot`` or ``member_id`` is out of range.
            RemoteError: The step is not live.
        """
        frontier = frontier or self.frontier
        return self.keys.get(
            frontier, slot, member_id, step, lambda: self.base_key(member_id, step, frontier)
        )

    def opened(self, kid: int, known: Known) -> None:
        """A frame with this key id has opened: what is on trial may have proved itself.

        Once is enough until ``keys`` forgets it: the next frame of the same speaker proves no more.
        """
        self.trial.opened(known.epochs, known.speaker)
        self.keys.known[kid] = known

    def not_authentic(self, known: Known) -> None:
        """A frame did not open under the key that it names."""
        self.trial.failed(known.epochs, self._room_time_s)

    def erase(self) -> None:
        """Zero and forget everything, when the room is left. The keyring is of no use after."""
        for held in self._held.values():
            held.erase()
        self.keys.clear()

    def _forward_to(self, target: int) -> None:
        """Hash on to a later step and keep the one right before it as the old one."""
        self._erase_old_step()
        for held in self._held.values():
            held.forward_to(target, keep_old=True)
        self.step = target
        self._has_old_step = True
        self.keys.keep(self._held.keys(), target - 1)

    def _erase_old_step(self) -> None:
        for held in self._held.values():
            held.erase_old()
        self._has_old_step = False
        self.keys.keep(self._held.keys(), self.oldest_step)

    def _is_live(self, step: int, frontier: Frontier) -> bool:
        oldest = max([self.oldest_step, *(self._held[one].oldest_step for one in frontier.ids)])
        return oldest <= step <= self.step + 1

    def _derive(self, step: int, label: bytes, frontier: Frontier) -> bytearray:
        if not self._is_live(step, frontier):
            self.trial.odd(self._room_time_s)
            raise RemoteError("keys of that step are gone or not yet due")
        key = room_key([self._held[epoch].at(step) for epoch in frontier.ids], step)
        derived = bytearray(hkdf(key, label))
        key[:] = bytes(len(key))
        return derived
