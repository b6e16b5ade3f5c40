"""New keys of a room in shares: they reach everybody, whoever fails, lies or was removed."""

import os
from collections.abc import Iterator

import pytest

from crypto.dh import KeyPair
from crypto.wrap import wrap_all, wrap_tag
from p2p.errors import RemoteError
from p2p.rekey import commit, shares
from p2p.rekey.epoch_agent import NewKey
from p2p.rekey.fresh_secrets import FRESH_S
from p2p.rekey.requests import SHARED_FIRST_S
from p2p.rekey.shares import shares_of
from p2p.rekey.wrap_requests import ASK_AFTER_S
from p2p.wire.messages import AskKeys, GiveKeys, Wraps
from p2p.wire.relay_messages import AskWrap
from tests.p2p.rekey.keypeople import SHARED, People, Person

HOST, MODERATOR, LISTENER = 0, 2, 4
MEMBERS, SHARE = 40, 8
TICK_S = 0.05


class Crowd(People):
    """A room of five shares, in which some wrap nothing, or falsely."""

    def __init__(self) -> None:
        super().__init__(HOST, MODERATOR, *[LISTENER] * (MEMBERS - 2))
        self.withholding: set[bytes] = set()
        self.lying: set[bytes] = set()
        self.neighbours()

    def _deliver(self, person: Person, other: Person, message: object) -> None:
        if person.id in self.withholding and isinstance(message, Wraps):
            return
        if person.id in self.lying and isinstance(message, Wraps):
            message = Wraps(message.epoch_id, tuple(one[:-1] + b"?" for one in message.wraps))
        super()._deliver(person, other, message)

    def new_key(self, by: int = 0) -> bytes:
        """Somebody begins an epoch, and what can arrive at once does; its id."""
        self.sent.clear()
        self.people[by].epochs.do(NewKey(), self.now)
        for _ in range(4):
            self.carry()
        return self.people[by].room.written[-1].id

    def wrappers(self, epoch: bytes, person: Person) -> list[bytes]:
        """Who wrap for somebody's share, the first one in front."""
        found = shares_of(person.room.state.epochs[epoch], person.room, None)
        share = found._share[person.id]
        return found._members[share]

    def lacking(self, epoch: bytes) -> list[Person]:
        return [person for person in self.people if not person.keyring.knows(epoch)]


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    monkeypatch.setattr(shares, "SHARE_MEMBERS", SHARE)
    return Crowd()


def test_the_key_reaches_everybody_and_its_author_wraps_for_a_part(crowd: Crowd) -> None:
    epoch = crowd.new_key()
    assert crowd.lacking(epoch) == []
    assert len(crowd.keys()) == 1
    by_author = [to for frm, to, said in crowd.sent if frm == crowd[0].id]
    assert len(by_author) == len(set(by_author)) <= MEMBERS * 3 / 4, "its share may be a large one"
    wrapped = [to for _, to, said in crowd.sent if isinstance(said, Wraps)]
    assert len(wrapped) < MEMBERS + 2 * 5
    crowd.wait(1.0)
    assert not any(isinstance(said, AskWrap | AskKeys) for *_, said in crowd.sent)


@pytest.mark.parametrize("wrong", ["withholding", "lying"])
def test_a_wrapper_that_withholds_or_lies_delays_its_share_by_one_question(
    crowd: Crowd, wrong: str
) -> None:
    everybody = {person.id for person in crowd.people[2:]}
    getattr(crowd, wrong).update(everybody)  # whom an epoch makes a wrapper shows when it is there
    epoch = crowd.new_key()
    late = crowd.lacking(epoch)
    assert len(late) > 2
    firsts = {crowd.wrappers(epoch, person)[0] for person in late}
    getattr(crowd, wrong).intersection_update(firsts)
    began_s = crowd.now
    while crowd.lacking(epoch):
        crowd.wait(TICK_S, TICK_S)
        crowd.carry()
        assert crowd.now - began_s <= ASK_AFTER_S + 2 * TICK_S
    assert len(crowd.keys()) == 1
    assert not any(isinstance(said, AskKeys | GiveKeys) for *_, said in crowd.sent)


def test_with_both_wrappers_of_a_share_in_league_the_next_share_helps(crowd: Crowd) -> None:
    everybody = {person.id for person in crowd.people[2:]}
    crowd.withholding.update(everybody)
    epoch = crowd.new_key()
    victim = crowd.lacking(epoch)[0]
    crowd.withholding = set(crowd.wrappers(epoch, victim))
    crowd.wait(2 * ASK_AFTER_S + 2 * TICK_S, TICK_S)
    assert crowd.lacking(epoch) == []


def test_an_author_that_dies_half_way_has_others_go_on(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2p.rekey.fresh_secrets.WRAPS_AT_ONCE", 4)
    crowd[0].epochs.do(NewKey(), crowd.now)
    epoch = crowd[0].room.written[-1].id
    ((_, message),) = crowd[0].epochs.to_send(crowd.now)
    assert len(message.wraps) == 4
    for other in crowd.people[1:]:
        crowd._deliver(crowd[0], other, message)
    crowd.people.pop(0)
    crowd.wait(SHARED_FIRST_S + 0.6, TICK_S)
    assert crowd.lacking(epoch) == []
    assert any(isinstance(said, Wraps) for *_, said in crowd.sent)


def test_a_removed_one_is_no_wrapper_and_is_wrapped_for_by_nobody(crowd: Crowd) -> None:
    out = crowd[9]
    crowd[0].room.remove(out.id)
    epoch = crowd.new_key()
    crowd.wait(1.5)
    assert crowd.lacking(epoch) == [out]
    assert all(to != out.id for _, to, _ in crowd.sent)
    for person in crowd.people[:9]:
        question = AskWrap(out.room.room_id, person.id, out.id, epoch)
        with pytest.raises(RemoteError):
            person.epochs.receive(question, out.id, crowd.now)


def test_two_epochs_at_once_both_reach_everybody(crowd: Crowd) -> None:
    crowd[1].epochs.do(NewKey(), crowd.now)
    one = crowd[1].room.written[-1]
    crowd.people[0].room.state.epochs.pop(one.id)  # the host has not seen it
    crowd[0].epochs.do(NewKey(), crowd.now)
    crowd[0].room.state.epochs[one.id] = one
    other = crowd[0].room.written[-1]
    assert set(crowd[5].room.state.heads) == {one.id, other.id}
    for _ in range(4):
        crowd.carry()
    crowd.wait(1.0, TICK_S)
    assert crowd.lacking(crowd[0].room.state.heads[0]) == []
    assert len(crowd.keys()) == 1


def test_who_is_asked_before_its_own_wrap_has_come_answers_when_it_has(crowd: Crowd) -> None:
    crowd[0].epochs.do(NewKey(), crowd.now)
    epoch = crowd[0].room.written[-1].id
    first = crowd[0].epochs.to_send(crowd.now)
    asked, asker = crowd[20], crowd[21]
    question = AskWrap(asked.room.room_id, asked.id, asker.id, epoch)
    asked.epochs.receive(question, asker.id, crowd.now)
    asked.epochs.receive(AskWrap(*question_of(question)[:3], b"?" * 16), asker.id, crowd.now)
    gone = crowd[22]
    asked.epochs.receive(question, gone.id, crowd.now)
    crowd[0].room.remove(gone.id)
    assert asked.epochs.to_send(crowd.now) == []
    message = wrap_for(crowd[0], asked, epoch)
    asked.epochs.receive(message, crowd[0].id, crowd.now)
    said = [m for _, m in asked.epochs.to_send(crowd.now) if isinstance(m, Wraps)]
    assert said
    assert first
    for one in said:
        crowd._deliver(asked, asker, one)
    assert asker.keyring.knows(epoch)
    tag = wrap_tag(asked.room.state.epochs[epoch].ephemeral, gone.id)
    assert not any(wrap.startswith(tag) for one in said for wrap in one.wraps)


def test_under_a_record_with_another_ephemeral_key_nobody_wraps_and_the_key_is_asked_for(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = KeyPair.generate(os.urandom)
    monkeypatch.setattr(commit, "ephemeral_of", lambda fresh: own)
    epoch = crowd.new_key()
    monkeypatch.undo()
    monkeypatch.setattr(shares, "SHARE_MEMBERS", SHARE)
    assert len(crowd.lacking(epoch)) == MEMBERS - 1
    ((_, secret, _),) = crowd[0].keyring.export(0, [epoch])
    one = crowd[20]
    receivers = [(one.id, one.room.state.members[one.id].recv)]
    one.epochs.receive(
        Wraps(epoch, tuple(wrap_all(secret, receivers, own, SHARED))), crowd[0].id, crowd.now
    )
    assert one.keyring.knows(epoch)
    assert one.epochs.counts["unshared"] == 1
    crowd.wait(3.0)
    assert crowd.lacking(epoch) == []


def question_of(question: AskWrap) -> tuple[bytes, bytes, bytes, bytes]:
    return question.room, question.to, question.frm, question.epoch


def wrap_for(author: Person, taker: Person, epoch: bytes) -> Wraps:
    """A wrap of the author's for one member."""
    question = AskWrap(author.room.room_id, author.id, taker.id, epoch)
    author.epochs.receive(question, taker.id, author.epochs._now)
    found = []
    while out := author.epochs.to_send(author.epochs._now):
        found += [wrap for _, m in out if isinstance(m, Wraps) for wrap in m.wraps]
    return Wraps(epoch, tuple(found))


def test_after_two_seconds_nobody_wraps_any_more_and_keys_are_given_as_ever(crowd: Crowd) -> None:
    late = crowd[30]
    state = crowd.apart(30)
    epoch = crowd.new_key()
    crowd.wait(FRESH_S + 0.1)
    state.epochs.update(crowd[0].room.state.epochs)
    crowd.together()
    crowd.sent.clear()
    crowd.wait(SHARED_FIRST_S + 0.5, TICK_S)
    assert late.keyring.knows(epoch)
    assert not any(isinstance(said, Wraps) for *_, said in crowd.sent)
    assert any(isinstance(said, GiveKeys) for *_, said in crowd.sent)


def test_a_wrap_that_was_kept_back_past_its_step_makes_nobody_wrap_for_newcomers(
    crowd: Crowd,
) -> None:
    crowd.withholding = {crowd[0].id}
    crowd.lost = {AskKeys, AskWrap}
    crowd[0].epochs.do(NewKey(), crowd.now)
    epoch = crowd[0].room.written[-1].id
    kept_back = [m for _, m in crowd[0].epochs.to_send(crowd.now) if isinstance(m, Wraps)]
    crowd.wait(13.0)
    crowd.lost = set()
    crowd.sent.clear()
    for message in kept_back:
        for other in crowd.people[1:]:
            crowd._deliver(crowd[1], other, message)
    assert any(person.keyring.knows(epoch) for person in crowd.people[1:])
    crowd.sent.clear()
    crowd.carry()
    assert not any(isinstance(said, Wraps) for *_, said in crowd.sent)
