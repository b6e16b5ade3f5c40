"""Comparing words: both see the same, unless somebody stands between."""

import contextlib
import os
import pathlib
from hashlib import blake2b

import pytest

from crypto.epoch import Keyring
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.sas import Code, Party, code_of, commit_to
from p2p.errors import RemoteError, UserError
from p2p.rekey.sas_exchange import (
    ASKS_MAX,
    CODES_MAX,
    COMMIT,
    LIMIT_S,
    NEXT,
    NONCE,
    REPEAT_S,
    REVEAL,
    Act,
    Begin,
    CompareAsked,
    CompareFailed,
    CompareReady,
    CompareVerified,
    Comparing,
    Confirm,
    State,
    mermaid,
)
from p2p.wire.messages import Compare
from tests.p2p.rekey.fakeroom import FakeRoom, FakeState
from tests.rings import adopt

PEOPLE = sorted(
    (Identity(bytes((n,)) * 32, bytes((n + 9,)) * 32) for n in range(1, 4)),
    key=lambda identity: identity.member_id,
)
IDS = [identity.member_id for identity in PEOPLE]


class Table:
    """Several members who compare words; messages travel when told to."""

    def __init__(self) -> None:
        first = Keyring.create(os.urandom)
        self.now = 0.0
        self.rings = [keyring_from(first.export(0), 0, 0.0, bytes(16)) for _ in PEOPLE]
        self.sides = []
        state = FakeState()
        for person, ring in zip(PEOPLE, self.rings, strict=True):
            room = FakeRoom(person, state)
            room.join(person, 4)
            self.sides.append(Comparing(room, ring, os.urandom))
        self.room = self.sides[0]._room
        self.lost: list[Compare] = []

    def agree(self, one: int = 0, other: int = 1) -> None:
        """Both ask for each other."""
        self.sides[one].do(Begin(IDS[other]), self.now)
        self.sides[other].do(Begin(IDS[one]), self.now)

    def carry(self, *, lose: tuple[int, ...] = ()) -> list[Compare]:
        """Carry until nobody has anything more to say."""
        said = []
        while out := [pair for side in self.sides for pair in side.to_send(self.now)]:
            for to, message in out:
                said.append(message)
                if message.kind not in lose:
                    self.sides[IDS.index(to)].receive(message, self.now)
        return said

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for ring, side in zip(self.rings, self.sides, strict=True):
            ring.advance(self.now)
            side.on_timer(self.now)

    def events(self, number: int) -> list[object]:
        return list(iter(self.sides[number].next_event, None))


@pytest.fixture
def table() -> Table:
    return Table()


def shown(table: Table, one: int = 0, other: int = 1) -> tuple[CompareReady, CompareReady]:
    (mine,), (theirs,) = table.events(one), table.events(other)
    assert isinstance(mine, CompareReady)
    assert isinstance(theirs, CompareReady)
    assert (mine.member, theirs.member) == (IDS[other], IDS[one])
    return mine, theirs


@pytest.mark.parametrize("beginner", [0, 1])
def test_both_see_the_same_code_whoever_begins(table: Table, beginner: int) -> None:
    table.sides[beginner].do(Begin(IDS[1 - beginner]), 0.0)
    assert [message.kind for message in table.carry()] == [COMMIT]
    assert table.events(beginner) == []
    assert table.events(1 - beginner) == [CompareAsked(IDS[beginner])]
    assert table.sides[1 - beginner].state(IDS[beginner]) is State.ASKED
    table.sides[1 - beginner].do(Begin(IDS[beginner]), 0.0)
    table.carry()
    mine, theirs = shown(table)
    assert (mine.code, mine.words) == (theirs.code, theirs.words)
    assert (len(mine.code), len(mine.words)) == (6, 3)


def test_when_both_begin_at_once_one_comparison_comes_of_it(table: Table) -> None:
    table.agree()
    table.carry()
    mine, theirs = shown(table)
    assert mine.code == theirs.code
    assert table.sides[0]._pairs[IDS[1]].first


def test_two_comparisons_with_two_members_do_not_meet(table: Table) -> None:
    table.agree()
    table.agree(0, 2)
    table.carry()
    first, second = table.events(0)
    assert {first.member, second.member} == {IDS[1], IDS[2]}
    assert first.code != second.code


def test_the_same_makes_a_member_verified_and_differ_does_not(table: Table) -> None:
    table.agree()
    table.carry()
    shown(table)
    table.sides[0].do(Confirm(IDS[1], same=True), 1.0)
    table.sides[1].do(Confirm(IDS[0], same=False), 1.0)
    assert table.events(0) == [CompareVerified(IDS[1])]
    assert table.events(1) == [CompareFailed(IDS[0])]
    assert table.sides[0].verified == {IDS[1]}
    assert table.sides[1].verified == set()
    assert table.sides[0].state(IDS[1]) is State.VERIFIED


def test_who_was_verified_is_not_any_more_once_the_codes_differ(table: Table) -> None:
    for same in (True, False):
        table.agree()
        table.carry()
        for side, other in ((0, 1), (1, 0)):
            table.sides[side].do(Confirm(IDS[other], same), table.now)
    assert table.sides[0].verified == table.sides[1].verified == set()


def test_somebody_in_between_with_other_keys_gives_both_another_code(table: Table) -> None:
    false = Identity(b"\x51" * 32, b"\x52" * 32)
    entry = table.room.state.members[IDS[1]]
    table.sides[0]._room = FakeRoom(PEOPLE[0], FakeState(dict(table.room.state.members)))
    table.sides[0]._room.state.members[IDS[1]] = type(entry)(
        IDS[1], false.sign_key, false.dh, entry.recv, entry.rank
    )
    table.agree()
    table.carry()
    mine, theirs = shown(table)
    assert mine.code != theirs.code


@pytest.mark.parametrize("kind", [NONCE, REVEAL])
def test_a_nonce_changed_on_the_way_is_seen_or_refused(table: Table, kind: int) -> None:
    table.agree()
    ((_, commit),) = table.sides[0].to_send(0.0)
    table.sides[1].receive(commit, 0.0)
    ((_, nonce),) = table.sides[1].to_send(0.0)
    if kind == NONCE:
        false = Compare(nonce.to, nonce.frm, NONCE, b"x" * 32 + nonce.data[32:])
        table.sides[0].receive(false, 0.0)
        with pytest.raises(RemoteError):
            table.sides[0].receive(nonce, 0.0)
        ((_, reveal),) = table.sides[0].to_send(0.0)
        table.sides[1].receive(reveal, 0.0)
        mine, theirs = shown(table)
        assert mine.code != theirs.code
    else:
        table.sides[0].receive(nonce, 0.0)
        ((_, reveal),) = table.sides[0].to_send(0.0)
        for data in (b"x" * 32, reveal.data + b"x"):
            with pytest.raises(RemoteError):
                table.sides[1].receive(Compare(reveal.to, reveal.frm, REVEAL, data), 0.0)
        table.sides[1].receive(reveal, 0.0)
        mine, theirs = shown(table)
        assert mine.code == theirs.code


def test_a_nonce_longer_than_a_nonce_is_refused_though_it_was_committed_to(table: Table) -> None:
    table.agree()
    ((_, commit),) = table.sides[0].to_send(0.0)
    long = b"x" * 33
    false = Compare(commit.to, commit.frm, COMMIT, commit_to(long) + commit.data[32:])
    table.sides[1].receive(false, 0.0)
    with pytest.raises(RemoteError):
        table.sides[1].receive(Compare(commit.to, commit.frm, REVEAL, long), 0.0)
    assert table.events(1) == []


@pytest.mark.parametrize("lost", [COMMIT, NONCE, REVEAL])
def test_what_is_lost_is_said_again(table: Table, lost: int) -> None:
    table.agree()
    table.carry(lose=(lost,))
    assert len(table.events(0) + table.events(1)) <= 1
    table.wait(REPEAT_S - 0.1)
    assert table.carry() == []
    table.wait(0.1)
    table.carry()
    pairs = table.sides[0]._pairs[IDS[1]], table.sides[1]._pairs[IDS[0]]
    assert [pair.state for pair in pairs] == [State.SHOWN] * 2
    assert pairs[0].theirs == pairs[1].nonce


def test_what_comes_twice_changes_nothing(table: Table) -> None:
    table.agree()
    said = table.carry()
    mine, theirs = shown(table)
    for message in said:
        table.sides[IDS.index(message.to)].receive(message, 0.0)
    table.carry()
    assert table.events(0) + table.events(1) == []
    assert mine.code == theirs.code


def test_a_commit_is_made_anew_when_the_step_is_over(table: Table) -> None:
    table.sides[0].do(Begin(IDS[1]), 0.0)
    (first,) = table.carry(lose=(COMMIT,))
    table.wait(REPEAT_S)
    (again,) = table.carry(lose=(COMMIT,))
    assert again == first
    table.wait(10.0)
    (anew,) = table.carry(lose=(COMMIT,))
    assert anew != first
    table.sides[1].do(Begin(IDS[0]), table.now)
    table.carry()
    mine, theirs = shown(table)
    assert mine.code == theirs.code


def test_who_does_not_know_the_newest_key_answers_when_it_does(table: Table) -> None:
    for number, ring in enumerate(table.rings):
        if number != 1:
            adopt(ring, b"n" * 16, b"f" * 32, 0, ring.frontier.ids)
    table.agree()
    assert {message.kind for message in table.carry()} == {COMMIT}
    adopt(table.rings[1], b"n" * 16, b"f" * 32, 0, table.rings[1].frontier.ids)
    table.wait(REPEAT_S)
    table.carry()
    mine, theirs = shown(table)
    assert mine.code == theirs.code


def test_members_who_hold_different_keys_of_one_epoch_see_different_codes(table: Table) -> None:
    for number, ring in enumerate(table.rings):
        adopt(ring, b"n" * 16, bytes((number,)) * 32, 0, ring.frontier.ids)
    table.agree()
    table.carry()
    mine, theirs = shown(table)
    assert mine.code != theirs.code


def test_a_comparison_that_takes_too_long_ends_on_both_sides(table: Table) -> None:
    table.agree()
    table.carry(lose=(REVEAL,))
    table.events(0)
    authenticator = table.sides[0]._pairs[IDS[1]].authenticator
    table.wait(LIMIT_S - 0.1)
    assert table.events(0) == table.events(1) == []
    table.wait(0.1)
    assert table.events(0) == [CompareFailed(IDS[1])]
    assert table.events(1) == [CompareFailed(IDS[0])]
    assert table.sides[0].next_timer() is None
    assert not any(authenticator)


def test_a_comparison_with_somebody_who_is_removed_ends(table: Table) -> None:
    table.sides[0].do(Begin(IDS[1]), 0.0)
    table.room.remove(IDS[1])
    table.wait(0.1)
    assert table.events(0) == [CompareFailed(IDS[1])]


def ghosts(count: int) -> list[Identity]:
    """Members that somebody made up, with ids below those of ``victim``, so that they commit."""
    made = (Identity(n.to_bytes(32, "big"), n.to_bytes(32, "little")) for n in range(99, 9999))
    return [one for one in made if one.member_id < VICTIM.member_id][:count]


VICTIM = max((Identity(bytes((n,)) * 32, bytes((n,)) * 32) for n in range(50, 60)),
             key=lambda identity: identity.member_id)  # fmt: skip


class Victim:
    """A person in a room full of made-up members, whose maker holds the room's keys."""

    def __init__(self, made: list[Identity]) -> None:
        self.ring = Keyring.create(os.urandom)
        self.room = FakeRoom(VICTIM)
        for one in (VICTIM, *made):
            self.room.join(one, 4)
        self.side = Comparing(self.room, self.ring, os.urandom)
        self.codes: dict[Code, tuple[bytes, bytes]] = {}

    def guess(self, ghost: Identity, now: float) -> None:
        """Commit in a ghost's name, and see which code would come of the nonce in the answer."""
        me, nonce = self.room.me, os.urandom(32)
        epochs = blake2b(b"".join(self.ring.frontier.ids), digest_size=16).digest()
        commit = commit_to(nonce) + self.ring.seal_step.to_bytes(4, "big") + epochs
        with contextlib.suppress(RemoteError):
            self.side.receive(Compare(me, ghost.member_id, COMMIT, commit), now)
        for to, message in self.side.to_send(now):
            if (to, message.kind) == (ghost.member_id, NONCE):
                parties = [Party(i.member_id, i.sign_key, i.dh) for i in (ghost, VICTIM)]
                nonces = (nonce, message.data[:32])
                key = self.ring.authenticator(self.ring.seal_step)
                code = code_of(*parties, nonces, self.room.room_id, key)
                self.codes[code] = (ghost.member_id, nonce)


def test_480_ghosts_beside_each_of_two_people_meet_no_code() -> None:
    made = ghosts(480)
    ann, bo = Victim(made), Victim(made)
    for victim in (ann, bo):
        victim.side.do(Begin(made[0].member_id), 0.0)  # whom each takes for the other
        for _ in range(CODES_MAX + 1):
            for ghost in made:
                victim.guess(ghost, 1.0)
    meeting = {code.text[:4] for code in ann.codes} & {code.text[:4] for code in bo.codes}
    assert meeting == set()  # nor would they if a code had but twenty bits
    assert len(ann.codes) == len(bo.codes) == CODES_MAX
    told = list(iter(ann.side.next_event, None))
    assert len(told) == ASKS_MAX
    assert all(isinstance(event, CompareAsked) for event in told)
    with pytest.raises(UserError, match="too_many_codes"):
        ann.side.do(Begin(made[1].member_id), 2.0)
    ann.side.on_timer(1.0 + LIMIT_S)
    ann.side.do(Begin(made[1].member_id), 1.0 + LIMIT_S)


def test_who_answers_us_has_the_same_few_guesses(table: Table) -> None:
    side = table.sides[0]
    for _ in range(CODES_MAX + 1):
        with contextlib.suppress(UserError):
            side.do(Begin(IDS[1]), 0.0)
            side.do(Begin(IDS[2]), 0.0)
        for to, commit in side.to_send(0.0):
            with contextlib.suppress(RemoteError):
                data = os.urandom(32) + commit.data[:16]
                side.receive(Compare(IDS[0], to, NONCE, data), 0.0)
        for member in (IDS[1], IDS[2]):
            side._end(member)
    assert len(table.events(0)) == CODES_MAX


def test_a_commit_while_a_code_is_shown_is_not_answered(table: Table) -> None:
    table.agree()
    table.carry()
    table.sides[0].do(Confirm(IDS[1], same=False), 0.0)
    table.sides[0].do(Begin(IDS[1]), 0.0)
    assert [message.kind for message in table.carry()] == [COMMIT]
    table.sides[1].do(Confirm(IDS[0], same=False), 1.0)
    table.events(1)
    table.wait(REPEAT_S)
    assert [message.kind for message in table.carry()] == [COMMIT]
    assert table.events(1) == [CompareAsked(IDS[0])]
    table.sides[1].do(Begin(IDS[0]), table.now)
    table.carry()
    assert isinstance(table.events(1)[0], CompareReady)


def test_whom_our_person_does_not_want_is_told_once_and_forgotten(table: Table) -> None:
    table.sides[0].do(Begin(IDS[1]), 0.0)
    for _ in range(3):
        table.carry()
        table.wait(REPEAT_S)
    assert table.events(1) == [CompareAsked(IDS[0])]
    assert table.sides[1].next_timer() == LIMIT_S
    table.wait(LIMIT_S)
    assert table.events(1) == []
    assert table.sides[1].state(IDS[0]) is State.IDLE


def test_beginning_again_while_a_code_is_shown_changes_nothing(table: Table) -> None:
    table.agree()
    table.carry()
    table.agree()
    assert table.carry() == []


@pytest.mark.parametrize(
    "message",
    [
        Compare(IDS[1], IDS[0], COMMIT, b"x" * 32),
        Compare(IDS[1], IDS[0], COMMIT, b"x" * 64),
        Compare(IDS[1], IDS[0], NONCE, b"x" * 48),
        Compare(IDS[1], IDS[0], REVEAL, b"x" * 32),
        Compare(IDS[2], IDS[0], COMMIT, b"x" * 52),
        Compare(IDS[1], IDS[1], COMMIT, b"x" * 52),
        Compare(IDS[1], b"z" * 16, COMMIT, b"x" * 52),
    ],
)
def test_what_is_out_of_turn_or_not_for_us_is_refused(table: Table, message: Compare) -> None:
    with pytest.raises(RemoteError):
        table.sides[1].receive(message, 0.0)
    assert table.sides[1].next_timer() is None


def test_a_commit_of_a_step_that_is_over_is_refused(table: Table) -> None:
    table.agree()
    ((_, commit),) = table.sides[0].to_send(0.0)
    table.wait(15.0)
    with pytest.raises(RemoteError):
        table.sides[1].receive(commit, table.now)


def test_our_person_is_told_what_can_not_be_done(table: Table) -> None:
    for command in (Begin(b"z" * 16), Begin(IDS[0]), Confirm(IDS[1], same=True)):
        with pytest.raises(UserError):
            table.sides[0].do(command, 0.0)


def test_the_timer_is_the_next_thing_to_do(table: Table) -> None:
    table.sides[0].do(Begin(IDS[1]), 5.0)
    assert table.sides[0].next_timer() == 5.0
    table.sides[0].to_send(5.0)
    assert table.sides[0].next_timer() == 5.0 + REPEAT_S


def test_every_state_ends_without_anybody_doing_anything() -> None:
    for state in set(State) - {State.IDLE, State.VERIFIED}:
        assert NEXT[state, Act.LAPSE] is State.IDLE


def test_the_diagram_in_the_documents_is_drawn_from_the_table() -> None:
    page = pathlib.Path(__file__).parents[3] / "docs/diagrams/compare.md"
    assert mermaid() in page.read_text(encoding="utf-8")
