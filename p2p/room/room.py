"""One member's view of a room: takes operations in, gives operations out, tells what changed."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from crypto.genesis import Genesis
from crypto.identity import Identity
from crypto.ids import DhKey, EpochId, MemberId, OpId, RoomId, SignKey
from p2p.errors import RemoteError, UserError
from p2p.room import commands
from p2p.room.agent.admission_rule import refusal
from p2p.room.agent.agent import Duties
from p2p.room.agent.intents import writing_for
from p2p.room.agent.refusals import history_full
from p2p.room.agent.vouching import rosters, to_remove_too, to_vouch_for
from p2p.room.evaluation import Evaluation
from p2p.room.events import Event
from p2p.room.news import News
from p2p.room.ops import kinds
from p2p.room.ops.ids import NO_KEY, NO_MEMBER, NONE
from p2p.room.ops.op import Op, Pen
from p2p.room.ops.powers import MODERATOR, POWERS
from p2p.room.outbox import Outbox, Outgoing
from p2p.room.own_place import OwnPlace
from p2p.room.stage import GONE
from p2p.room.state.epochs import roster_root
from p2p.room.state.evaluate import Member, RoomState
from p2p.room.store.intake import HOST_RATE, OWN_RATE, Intake
from p2p.room.store.opset import OpSet
from p2p.room.text.names import TOPIC_CELLS, DisplayName, clean
from p2p.token_bucket import Allowance


class Room:
    """The room as one member holds it. No clock, no socket: ``now`` is monotonic seconds.

    Nothing that comes from outside makes ``receive`` raise. What is bad is dropped and counted in
    ``counts`` under a fixed reason: forged, wrong_room, oversized, malformed, version, flood, full,
    misplaced, stranger, powerless, alone (a join that no door has taken in), bad_join; what waits
    for what it hangs on as ``held``, what came twice as ``known``; the admission of somebody who
    has left and is forgotten as ``left``.
    """

    def __init__(
        self,
        identity: Identity,
        genesis: bytes,
        name: str,
        *,
        now: float,
        topic: str = "",
        recv: DhKey = NO_KEY,
        invite: OpId = NONE,
        proof: bytes = b"",
    ) -> None:
        """Enter a room, on this side: we are in when a door has admitted ``join_op``.

        Args:
            identity: Our keys of this run.
            genesis: The room's first record.
            name: As typed.
            now: Monotonic seconds.
            topic: For the host only.
            recv: X25519 public key for the next epoch; zeros for none.
            invite: The invite we come by.
            proof: Its key's signature over room id | member id, context "invite".

        Raises:
            RemoteError: The genesis is malformed.
        """
        self.genesis = Genesis.decode(genesis)
        self._ops = OpSet(self.genesis, identity.member_id)
        self._intake = Intake(self._ops)
        self._evaluation = Evaluation(self._ops)
        self._pen = Pen(identity, self.room_id)
        self._duties = Duties(identity.member_id)
        self._outbox = Outbox()
        self._news = News()
        self._now = now
        self._last_slot = kinds.HOST_SLOT
        shown = DisplayName.clean(name, identity.member_id)
        keys = (identity.sign_key, identity.dh, recv)
        join = self._pen.write(kinds.Join, *keys, str(shown), invite, proof)
        self._place = OwnPlace(join, keys, shown)
        self._own = Allowance(HOST_RATE if self.is_host else OWN_RATE, now)
        if self.is_host:
            self._insert(join, None)
            if shown_topic := clean(topic, TOPIC_CELLS)[: kinds.TOPIC_CHARS_MAX]:
                self._write(kinds.Topic, shown_topic, ())
        self._settle()

    @property
    def me(self) -> MemberId:
        """Our member id."""
        return self._place.me

    @property
    def join_op(self) -> bytes:
        """Bytes of our join."""
        return self._place.join_op

    @property
    def room_id(self) -> RoomId:
        """The room's id, 32 bytes."""
        return self._ops.room_id

    @property
    def host(self) -> MemberId:
        """Member id of the host."""
        return self._ops.host

    @property
    def is_host(self) -> bool:
        """We are the host."""
        return self.me == self.host

    @property
    def counts(self) -> Counter[str]:
        """What became of everything that came, by reason."""
        return self._intake.counts

    @property
    def state(self) -> RoomState:
        """The room now."""
        self._settle()
        return self._evaluation.state

    @property
    def is_gone(self) -> bool:
        """We left or were removed."""
        return self.myself.stage in GONE

    @property
    def takes_epochs(self) -> bool:
        """The others would take one more epoch of ours: its record stays, and they are bounded."""
        return self._ops.has_room_for(kinds.Epoch, self.me, self.myself.auth)

    @property
    def myself(self) -> Member:
        """Our own entry in the state, or, as long as no door has let us in, one from outside."""
        return self._place.entry(self.state)

    @property
    def is_in(self) -> bool:
        """Whether the others count us among them, by what we know."""
        return self.myself.is_here

    def hand_since(self, member: MemberId) -> float | None:
        """Since when, by our monotonic clock, this hand is up; None when it is down."""
        self._settle()
        return self._duties.deadlines.hand_since(member)

    def roster(self) -> Sequence[Member]:
        """Give those whom a new secret is wrapped to: see ``RoomState.roster``."""
        self._settle()
        return self._evaluation.roster

    def refusal(self, join: bytes, dh: DhKey, room_s: float = 0.0) -> str | None:
        """Tell why somebody who knocks is not let in: see ``admission_rule.refusal``.

        ``busy`` if we are not in ourselves: nobody would count whom we let in.
        """
        if not self.is_in:
            return "busy"
        return refusal(join, dh, self._ops, self.state, room_s)

    def observe_present(self, members: Collection[MemberId], now: float) -> None:
        """Take note who is in reach, ourselves not counted.

        The most senior of those, and of us, names hands, takes invitations back, and so on; until
        this is called the first time, everybody counts as present.
        """
        self._now = max(self._now, now)
        self._duties.observe_present(members, self.state, self._now)

    def receive(self, data: bytes, sender: MemberId | None, now: float) -> bool:
        """Take in one operation from a neighbour.

        Args:
            data: Hostile bytes.
            sender: The neighbour it came from, by its link; None for ourselves.
            now: Monotonic seconds.

        Returns:
            True if it was new and counts. Otherwise see ``counts``.
        """
        self._now = max(self._now, now)
        reason, op = self._intake.take_in(data, sender, self._now)
        if op is not None and reason == "left" and sender is not None:
            farewell = self._ops.farewell(self._ops.newcomer(op) or NO_MEMBER)
            self._outbox.tell_left(sender, farewell)
        if op is None or reason != "new":
            return False
        self._insert(op, sender)
        return True

    def welcome(self, door: MemberId, now: float) -> None:
        """Take in the whole room from a member that has let us in: see ``Intake``."""
        self._intake.welcome(door, now)

    def _insert(self, op: Op, sender: MemberId | None) -> None:
        for new in self._ops.insert(op):
            if isinstance(new.body, kinds.Hand):
                self._duties.deadlines.came(kinds.HandRef(new.author, new.seq))
            self._outbox.pass_on(new, but=sender if new is op else None)
        self._evaluation.expire()

    def do(self, command: commands.Command, now: float) -> None:
        """Carry out a command of ours.

        Raises:
            UserError: It is not possible now; ``code`` and ``message`` say why.
        """
        self._now = max(self._now, now)
        me = self.myself
        writing = writing_for(command, me, self.state, self._last_slot)
        if writing is None:
            return
        if writing.kind is not kinds.Leave and not self._own.take(self._now):
            raise UserError("too_fast", "Too many commands at once.", "Wait a few seconds.")
        powerful = writing.kind in POWERS and (self.is_host or writing.auth != NONE)
        first = rosters(to_vouch_for(command, self.state)) if powerful else []
        too = to_remove_too(command, self.state) if powerful else []
        auth = writing.auth
        if powerful and not self._ops.has_room_for(writing.kind, self.me, auth, len(first)):
            raise history_full()
        for fields in first:
            self._write(kinds.Roster, *fields, auth=me.auth)
        if writing.kind is kinds.Leave:
            self._place.leave()
        op = self._write(writing.kind, *writing.fields, auth=writing.auth)
        if isinstance(op.body, kinds.Grant):
            self._last_slot = op.body.slot
        for member in too:
            if self._ops.has_room_for(kinds.Remove, self.me, auth):
                self._write(kinds.Remove, member, NONE, NONE, auth=auth)

    def write_recv(self, public: DhKey) -> Op:
        """Publish our X25519 key of 32 bytes for the wraps of the next epoch."""
        return self._write(kinds.Recv, public)

    def admit(self, join: bytes) -> None:
        """Let somebody in, whom ``refusal`` lets pass; whoever is in already stays by what it is.

        Args:
            join: Its join operation.
        """
        if self._ops.read(join).author not in self.state.members:
            self._write(kinds.Admit, join)

    def readmit(self, member: MemberId, join: bytes, room_s: float) -> None:
        """Let in again somebody who fell out of the room, if we would let it in as a newcomer.

        Args:
            member: Whom we talk to.
            join: What it says is its join operation, hostile bytes.
            room_s: Room time, by which invites expire.
        """
        try:
            op = self._ops.read(join)
        except RemoteError:
            return
        match op.body:
            case kinds.Join(author=author, dh=dh) if author == member:
                if self.refusal(join, dh, room_s) is None:
                    self.admit(join)

    def write_ask(self, join: bytes) -> Op:
        """Say that somebody waits at our door, whose join this is."""
        return self._write(kinds.Ask, join)

    def write_epoch(
        self,
        parents: Collection[EpochId],
        step: int,
        why: int,
        ephemeral: DhKey,
        commit: bytes,
        pass_public: SignKey,
        members: Iterable[Member],
    ) -> Op:
        """Sign a new epoch; the grants in force are restated in it.

        Args:
            parents: The heads it replaces, at most 8.
            step: Step of room time.
            why: See ``epochs.WHY``.
            ephemeral: X25519 public key of the wraps.
            commit: Hash of the secret.
            pass_public: Public half of the pass.
            members: Whom the secret is wrapped to.

        Raises:
            UserError: We are no moderator.
            LocalError: A value is out of bounds.
        """
        me = self.myself
        if me.rank > MODERATOR or not me.is_here:
            raise UserError("not_host", "Only the host and moderators can do that.")
        roster = [(member.id, member.recv) for member in members]
        live = sorted(self.state.live.values(), key=lambda one: one.slot)
        stage = tuple(one.entry for one in live)[: kinds.STAGE_ENTRIES_MAX]
        knows_max = 2 + 2 * (kinds.STAGE_ENTRIES_MAX - len(stage))  # as many as there is room for
        return self._write(
            kinds.Epoch,
            tuple(kinds.Parent(one, self.state.epochs[one].step) for one in sorted(parents)),
            step,
            why,
            ephemeral,
            commit,
            pass_public,
            len(roster),
            roster_root(roster),
            stage,
            self.state.last_removals[:knows_max],
            auth=me.auth,
        )

    def _write(self, kind: type[kinds.Body], *fields: object, auth: OpId = NONE) -> Op:
        op = self._pen.write(kind, *fields, auth=auth)
        self._insert(op, None)
        return op

    def to_send(self, now: float) -> list[Outgoing]:
        """Give what has to go out now, oldest first: our own operations and those passed on."""
        self._now = max(self._now, now)
        self._settle()
        return self._outbox.take(self._ops)

    def next_timer(self) -> float | None:
        """When ``on_timer`` wants to be called, monotonic seconds; None for never."""
        self._settle()
        return self._duties.next_due(self._now)

    def on_timer(self, now: float) -> None:
        """Do what is due: see ``duties``."""
        self._now = max(self._now, now)
        for writing in self._duties.due(self.state, self._now):
            self._write(writing.kind, *writing.fields, auth=writing.auth)

    def next_event(self) -> Event | None:
        """Give the next change that was not told yet; None when all is told."""
        if self._news.is_told:
            self._news.observe(self.state)
        return self._news.next()

    def _settle(self) -> None:
        """Work the state out again if operations came in since the last time."""
        if not self._evaluation.is_current:
            self._duties.observe(self._evaluation.state, self._now)

    def ops(self) -> list[bytes]:
        """Give all operations that still count, in an order that can be applied page by page."""
        self._settle()
        return self._ops.all()

    def introduction(self, newcomer: MemberId, speaker: MemberId | None = None) -> list[bytes]:
        """The same for somebody whom we let in, in the order in which it is of use: see ``OpSet``.

        First what shows who we are, and that it is in; last the members that only listen.

        Args:
            newcomer: Who comes in.
            speaker: A member whose power is to be shown as well.
        """
        self._settle()
        members = [self.me, newcomer] + ([] if speaker is None else [speaker])
        return self._ops.introducing(self._evaluation.state, members)

    def ids(self) -> list[bytes]:
        """Short ids (8 bytes) of all operations that still count, ascending."""
        self._settle()
        return self._ops.ids()

    def missing(
        self, have: Iterable[bytes], first: bytes = bytes(8), last: bytes = b"\xff" * 8
    ) -> list[bytes]:
        """Give what a neighbour lacks: see ``opset.OpSet.missing``."""
        self._settle()
        return self._ops.missing(have, first, last)

    def ops_of(self, kind: type[kinds.Body]) -> list[bytes]:
        """Give those of one kind."""
        return [data for data in self.ops() if type(self._ops.read(data).body) is kind]

    def brings_somebody(self, data: bytes) -> bool:
        """Tell whether the bytes admit somebody whom we do not know."""
        try:
            newcomer = self._ops.newcomer(self._ops.read(data))
        except RemoteError:
            return False
        return newcomer is not None and newcomer not in self.state.members

    def is_floor(self, data: bytes) -> bool:
        """Tell whether the bytes are an operation that relays see; it may still be forged."""
        try:
            return type(self._ops.read(data).body) in kinds.FLOOR
        except RemoteError:
            return False
