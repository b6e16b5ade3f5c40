"""Secrets that neighbours give each other, and what becomes of false ones."""

import contextlib
import os

import pytest

from crypto.frame import FrameError
from crypto.handover import keyring_from
from crypto.head import Head
from p2p.errors import RemoteError
from p2p.mesh.frame_crypto import FrameCrypto
from p2p.rekey.epoch_agent import Epochs, NewKey
from p2p.rekey.events import KeysChanged, KeysDiffer, TimeWrong
from p2p.wire.messages import AskKeys, GiveKeys, HeadSecret, Wraps
from tests.p2p.rekey.keypeople import SHARED, People, Person, given

HOST, MODERATOR, LISTENER = 0, 2, 4
SLOT = 1
FALSE = b"f" * 32


@pytest.fixture
def people() -> People:
    people = People(HOST, MODERATOR, LISTENER, LISTENER, LISTENER)
    people.neighbours()
    return people


class Talk:
    """The host speaks; one listener tries to hear it."""

    def __init__(self, people: People, listener: Person) -> None:
        self.people = people
        self.host = people[0]
        self._seals = FrameCrypto(self.host.keyring, self.host.id, os.urandom)
        self._opens = FrameCrypto(listener.keyring, listener.id, os.urandom)

    def frame_opens(self) -> bool:
        now = self.people.now
        frame = self._seals.seal(b"frame", SLOT, now)
        assert frame is not None
        try:
            opened = self._opens.open(frame, self.host.id, {SLOT: self.host.id}, now)
        except FrameError:
            return False
        return opened is not None

    def deaf_s(self, limit_s: float) -> float:
        """Until a frame opens, everybody's timers and messages running."""
        began_s = self.people.now
        while not self.frame_opens():
            self.people.wait(0.1)
            assert self.people.now - began_s < limit_s
        return self.people.now - began_s


def give(people: People, giver: Person, listener: Person, secret: bytes | None = None) -> bytes:
    """A new key; one listener holds what somebody gave it, the true secret or a false one."""
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    step = people[0].keyring.seal_step
    ((epoch, true, pass_key),) = people[0].keyring.export(step)
    listener.keyring.replace(epoch, secret or true, step, pass_key, giver.id)
    people.wait(0.4)
    people.forget_events()
    return epoch


def answer(listener: Person, giver: Person, head: HeadSecret, now: float) -> None:
    """A neighbour's answer, which was asked for."""
    listener.epochs._giving._lacking._asked[giver.id] = now
    said = given([head], listener.keyring.step, giver, listener)
    listener.epochs.receive(said, giver.id, now)


def test_who_was_given_a_false_key_asks_others_and_hears_within_two_seconds(
    people: People,
) -> None:
    listener = people[3]
    epoch = give(people, people[2], listener, FALSE)
    talk = Talk(people, listener)
    assert talk.deaf_s(2.0) > 1.0
    assert listener.epochs.counts["replaced"] == 1
    (event,) = listener.events()
    assert isinstance(event, KeysDiffer)
    assert event.member in {people[number].id for number in (0, 1, 4)}
    assert len(people.keys()) == 1
    assert listener.keyring.trial.giver(epoch) != people[2].id


def test_the_liar_is_not_asked_again(people: People) -> None:
    listener, liar = people[3], people[2]
    give(people, liar, listener, FALSE)
    talk = Talk(people, listener)
    people.sent.clear()
    people.lost = {GiveKeys}
    with pytest.raises(AssertionError):
        talk.deaf_s(6.0)
    asked = {to for frm, to, message in people.sent if isinstance(message, AskKeys)}
    assert asked == {people[0].id, people[1].id, people[4].id}


def test_without_sound_nobody_is_asked_and_nothing_is_replaced(people: People) -> None:
    listener = people[3]
    epoch = give(people, people[2], listener, FALSE)
    people.sent.clear()
    people.wait(10.0)
    assert people.sent == []
    ((_, secret, pass_key),) = people[0].keyring.export(people[0].keyring.seal_step)
    answer(listener, people[0], HeadSecret(epoch, secret, pass_key), people.now)
    assert listener.events() == [KeysDiffer(people[0].id)]
    assert listener.keyring.trial.giver(epoch) == people[2].id


def test_once_another_was_heard_false_frames_do_not_shake_a_key(people: People) -> None:
    listener, liar = people[3], people[2]
    epoch = give(people, people[1], listener)
    assert Talk(people, listener).frame_opens()
    for _ in range(30):
        people.wait(0.1)
        listener.keyring.trial.failed((epoch,), people.now)
    answer(listener, liar, HeadSecret(epoch, FALSE, bytes(listener.keyring.pass_)), people.now)
    assert Talk(people, listener).frame_opens()


@pytest.mark.parametrize("true", [True, False])
def test_a_wrap_that_comes_late_proves_what_was_given_or_takes_its_place(
    people: People, true: bool
) -> None:
    listener = people[3]
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    ((_, wraps),) = people[0].epochs.to_send(people.now)
    people.carry()
    ((epoch, secret, pass_key),) = people[0].keyring.export(people[0].keyring.seal_step)
    given = HeadSecret(epoch, secret if true else FALSE, pass_key)
    answer(listener, people[2], given, people.now)
    listener.events()
    people.wait(25.0)
    listener.epochs.receive(wraps, people[0].id, people.now)
    assert len(people.keys(0, 3)) == 1
    assert listener.keyring.trial.giver(epoch) is None
    assert listener.events() == ([] if true else [KeysDiffer(people[2].id)])
    listener.epochs.receive(wraps, people[0].id, people.now)
    assert listener.epochs.counts["wrapped"] == 1


@pytest.mark.parametrize("step", [5, -200_000])
def test_a_wrap_of_another_time_proves_nothing(people: People, step: int) -> None:
    listener = people[3]
    (head,) = listener.room.state.heads
    record = listener.room.state.epochs[head]
    late = type(record)(**{**vars(record), "step": step})
    listener.keyring.trial.begin(head, people[2].id)
    with pytest.raises(RemoteError):
        listener.epochs._giving.prove(late, bytearray(FALSE))
    assert listener.keyring.trial.giver(head) == people[2].id
    assert len(people.keys()) == 1


def test_keys_changed_is_not_said_of_a_key_that_was_only_put_right(people: People) -> None:
    listener = people[3]
    give(people, people[2], listener, FALSE)
    Talk(people, listener).deaf_s(3.0)
    assert not [event for event in listener.events() if isinstance(event, KeysChanged)]


def test_what_is_doubted_is_not_given_on(people: People) -> None:
    listener, asker = people[3], people[4]
    epoch = give(people, people[2], listener)
    for _ in range(11):
        people.wait(0.1)
        listener.keyring.trial.failed((epoch,), people.now)
    listener.epochs.receive(AskKeys((epoch,)), asker.id, people.now)
    said = listener.epochs.to_send(people.now)
    assert not [message for _, message in said if isinstance(message, GiveKeys)]
    listener.keyring.trial.end(epoch)
    ((to, given),) = listener.epochs.to_send(people.now)
    assert (to, type(given)) == (asker.id, GiveKeys)


def test_who_gives_a_key_and_who_takes_it_compare_what_they_hold(people: People) -> None:
    listener = people[3]
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    people.lost = set()
    people.wait(1.0)
    assert listener.epochs.counts["given"] == 1
    answers = [(frm, to) for frm, to, said in people.sent if isinstance(said, GiveKeys)]
    met = {p.id: {*p.epochs.whom_to_compare_with(people.now)} for p in people.people}
    givers = {frm for frm, to in answers if to == listener.id}
    assert met[listener.id] & givers
    assert met[listener.id] <= givers | {to for frm, to in answers if frm == listener.id}
    assert all(listener.id in met[giver] for giver in givers)


def test_who_is_told_what_it_holds_compares_nothing(people: People) -> None:
    listener = people[3]
    epoch = give(people, people[1], listener)
    ((_, secret, pass_key),) = people[0].keyring.export(people[0].keyring.seal_step)
    answer(listener, people[0], HeadSecret(epoch, secret, pass_key), people.now)
    assert listener.epochs.whom_to_compare_with(people.now) == []


# --- a door that lies about time ------------------------------------------------------------------


class Told:
    """Somebody who came in by a door that told it so many steps too much, with true secrets.

    The others are at step 30.
    """

    def __init__(self, people: People, by_steps: int, door: int) -> None:
        people.wait(300.0, tick_s=10.0)
        people.wait(0.5)
        self.people, self.door = people, people[door]
        self.person = people.join(LISTENER)
        step = people[0].keyring.seal_step
        heads = []
        for epoch, secret, pass_key in people[door].keyring.export(step):
            head = Head(epoch, secret, step)
            head.forward_to(step + by_steps)
            heads.append((epoch, bytes(head.secret), pass_key))
        self.person.keyring = keyring_from(
            heads, step + by_steps, people.now + by_steps * 10.0, self.door.id
        )
        self.person.epochs = Epochs(
            self.person.room,
            self.person.keyring,
            SHARED,
            os.urandom,
            people.now,
        )
        people.neighbours()
        people.carry()
        people.forget_events()
        self.person.ahead_s = by_steps * 10.0
        self._take, self.person.epochs.receive = self.person.epochs.receive, self._receive
        self.wrong: list[TimeWrong] = []

    def hears_within_s(self, limit_s: float) -> float:
        """Until a frame of the host opens; what the node does about its clock is done here."""
        host, began_s = self.people[0], self.people.now
        seals = FrameCrypto(host.keyring, host.id, os.urandom)
        opens = FrameCrypto(self.person.keyring, self.person.id, os.urandom)
        while True:
            now = self.people.now
            frame = seals.seal(b"frame", SLOT, now)
            assert frame is not None
            with contextlib.suppress(FrameError):
                self.person.keyring.advance(now + self.person.ahead_s)
                if opens.open(frame, host.id, {SLOT: host.id}, now) is not None:
                    return now - began_s
            assert now - began_s < limit_s
            self.people.wait(0.1)

    def _receive(self, *said: object) -> None:
        self._take(*said)
        for event in self.person.events():
            if isinstance(event, TimeWrong):
                self.wrong.append(event)
                self.person.ahead_s = event.room_s - self.people.now
                self.person.keyring.correct(event.room_s)


@pytest.mark.parametrize("by_steps", [6, -6])
def test_who_was_told_a_wrong_time_by_its_door_hears_within_seconds(
    people: People, by_steps: int
) -> None:
    told = Told(people, by_steps, door=2)
    told.hears_within_s(5.0)
    assert len(told.wrong) == 1
    assert abs(told.wrong[0].room_s - people.now) < 10.0
    assert told.person.keyring.trial.time_from is None
    assert told.person.keyring.ahead == ()


@pytest.mark.parametrize("by_steps", [6, -6])
def test_whom_a_new_key_has_passed_by_because_of_a_wrong_time_is_given_both(
    people: People, by_steps: int
) -> None:
    told = Told(people, by_steps, door=2)
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    people.wait(0.5)
    people.lost = set()
    assert told.person.keyring.missing
    told.hears_within_s(5.0)
    assert len(told.wrong) == 1
    assert told.person.keyring.missing == told.person.keyring.ahead == ()


def test_what_is_held_for_a_later_time_only_is_neither_used_nor_given(people: People) -> None:
    told = Told(people, 6, door=2)
    people.lost = {GiveKeys}
    told.person.ahead_s = 0.0
    told.person.keyring.correct(people.now)
    people.wait(0.5)
    assert told.person.keyring.ahead
    assert told.person.keyring.waiting
    (epoch,) = told.person.keyring.frontier.ids
    told.person.epochs.receive(AskKeys((epoch,)), people[1].id, people.now)
    assert not [m for _, m in told.person.epochs.to_send(people.now) if isinstance(m, GiveKeys)]
    people.wait(3.0)  # nobody waits for an answer any more
    people.lost = set()
    people.wait(3.0)
    assert not told.person.keyring.waiting
    assert len(people.keys()) == 1


def test_who_sleeps_between_answer_and_answer_keeps_its_time(people: People) -> None:
    told = Told(people, 0, door=2)
    listener = told.person
    (head,) = people[0].keyring.export(people[0].keyring.seal_step)
    now = people.now
    for slept_s, giver in ((0.0, people[1]), (0.0, people[3]), (60.0, people[4])):
        listener.keyring.advance(now + slept_s)
        listener.epochs._giving._lacking._asked[giver.id] = now
        step = listener.keyring.step
        said = given([HeadSecret(*head)], step, giver, listener)
        listener.epochs.receive(said, giver.id, now)
    assert not told.wrong


def test_one_listener_alone_moves_nobodys_clock(people: People) -> None:
    told = Told(people, 6, door=0)
    listener = told.person
    for at_s in (0.0, 1.5):
        listener.keyring.advance(people.now + listener.ahead_s + at_s)
        with pytest.raises(RemoteError):
            listener.keyring.base_key(listener.id, 30)
    assert listener.keyring.is_out_of_step
    (head,) = people[3].keyring.export(people[3].keyring.seal_step)
    for giver in (people[3], people[0]):
        listener.epochs._giving._doubting._asked[giver.id] = people.now
    said = given([HeadSecret(*head)], 30, people[3], listener)
    listener.epochs.receive(said, people[3].id, people.now)
    assert listener.events() == []
    with pytest.raises(RemoteError, match="another time"):  # the door's word does not count again
        listener.epochs.receive(
            given([HeadSecret(*head)], 30, people[0], listener), people[0].id, people.now
        )
