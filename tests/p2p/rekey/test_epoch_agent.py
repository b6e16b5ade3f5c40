"""Epochs: who begins them and when, and how their keys reach everybody who may have them."""

import contextlib
import os
from dataclasses import replace

import pytest

from crypto.dh import KeyPair
from crypto.handover import keyring_from
from crypto.relaypass import pass_public
from crypto.wrap import commitment, ephemeral_of, unwrap, wrap_all
from p2p.errors import RemoteError, UserError
from p2p.rekey import fresh_secrets
from p2p.rekey.commit import next_epoch, slice_wraps
from p2p.rekey.epoch_agent import Epochs, NewKey, SpeakAnyway
from p2p.rekey.events import (
    Impersonated,
    KeysChanged,
    KeysDiffer,
    KeysMissing,
    VoiceFreed,
    VoiceHeld,
)
from p2p.rekey.mic_gate import TOLD_S
from p2p.rekey.records import EARLY_MAX
from p2p.rekey.schedule import NONE_S, SCHEDULED_STEPS
from p2p.rekey.sealed_heads import open_heads
from p2p.room.ops.kinds import PARENTS_MAX
from p2p.wire.messages import AskKeys, GiveKeys, HeadSecret, Wraps
from tests.p2p.rekey.fakeroom import FakeRoom
from tests.p2p.rekey.keypeople import SHARED, People, Person, given

HOST, COHOST, MODERATOR, LISTENER = 0, 1, 2, 4


@pytest.fixture
def people() -> People:
    everybody = People(HOST, COHOST, MODERATOR, LISTENER, LISTENER)
    everybody.neighbours()
    return everybody


# --- a new key ------------------------------------------------------------------------------------


def test_a_new_key_reaches_everybody_at_once(people: People) -> None:
    before = people.keys()
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    assert len(people.keys()) == 1
    assert people.keys() != before
    (epoch,) = people[0].room.written[1:]
    assert (epoch.why, epoch.parents) == ("asked", (people[0].room.written[0].id,))
    for person in people.people:
        assert person.events() == [KeysChanged((epoch.id,))]
        assert person.keyring.pass_ == people[0].keyring.pass_
        assert pass_public(person.keyring.pass_) == epoch.pass_public


def test_a_moderator_can_and_a_listener_can_not_make_one(people: People) -> None:
    people[2].epochs.do(NewKey(), people.now)
    with pytest.raises(UserError):
        people[3].epochs.do(NewKey(), people.now)
    people.carry()
    assert len(people.keys()) == 1
    assert len(people[2].room.written) == 1


def test_the_removed_one_gets_no_wrap_and_can_open_nothing_that_is_sent(people: People) -> None:
    out = people[4]
    people[1].room.remove(out.id)
    people[1].epochs.do(NewKey(shut_out=True), people.now)
    people.carry()
    assert len(people.keys(0, 1, 2, 3)) == 1
    assert out.keyring.frontier != people[0].keyring.frontier
    assert all(to != out.id for _, to, _ in people.sent)
    (epoch,) = people[1].room.written
    assert epoch.why == "kick"
    assert out.id not in epoch.members


def test_each_of_several_removals_makes_a_key_at_once_also_if_its_author_then_leaves(
    people: People,
) -> None:
    for number in (4, 3, 2):
        people[0].room.remove(people[number].id)
        people[0].epochs.do(NewKey(shut_out=True), people.now)
        people.carry()
    assert len(people[0].room.written) == 4
    assert set(people[0].room.written[-1].members) == {people[0].id, people[1].id}
    assert len(people.keys(0, 1)) == 1
    (head,) = people[1].keyring.frontier.ids
    assert not any(people[number].keyring.knows(head) for number in (2, 3, 4))


@pytest.mark.parametrize(("asked", "after_s"), [(True, 0.0), (False, NONE_S)])
def test_a_room_that_has_lost_all_its_heads_begins_anew(
    people: People, asked: bool, after_s: float
) -> None:
    before = people.keys()
    people[0].room.state.epochs.clear()
    people.wait(after_s)
    assert people[0].room.state.epochs == {}
    if asked:
        people[0].epochs.do(NewKey(), people.now)
    people.wait(0.2)
    (epoch,) = people[0].room.written[1:]
    assert (epoch.parents, epoch.why) == ((), "asked" if asked else "merge")
    assert len(people.keys()) == 1
    assert people.keys() != before


def test_a_key_is_not_made_by_who_was_removed(people: People) -> None:
    people[0].room.remove(people[2].id)
    with pytest.raises(UserError):
        people[2].epochs.do(NewKey(), people.now)
    people.wait(5.0)
    assert people[2].room.written == []


def test_a_large_roster_is_wrapped_for_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_secrets, "WRAPS_AT_ONCE", 2)
    people = People(HOST, LISTENER, LISTENER, LISTENER, LISTENER, LISTENER)
    host = people[0].epochs
    host.do(NewKey(), people.now)
    pages = []
    while out := host.to_send(people.now):
        assert len(pages) == 2 or host.next_timer() == people.now
        pages += [message for _, message in out]
    assert [len(page.wraps) for page in pages] == [2, 2, 1]
    assert host.next_timer() > people.now


def test_a_key_that_is_replaced_before_it_is_wrapped_for_all_is_not_wrapped_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fresh_secrets, "WRAPS_AT_ONCE", 2)
    people = People(HOST, LISTENER, LISTENER, LISTENER, LISTENER, LISTENER)
    host = people[0].epochs
    host.do(NewKey(), people.now)
    host.to_send(people.now)
    host.do(NewKey(), people.now)
    second = people[0].room.written[-1].id
    pages = []
    while out := host.to_send(people.now):
        pages += [message for _, message in out]
    assert [(page.epoch_id, len(page.wraps)) for page in pages] == [(second, 2)] * 2 + [(second, 1)]


def test_receive_keys_of_no_use_do_not_stop_the_wrapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_secrets, "WRAPS_AT_ONCE", 1)
    people = People(HOST, LISTENER, LISTENER)
    state = people[0].room.state
    for number in (1, 2):
        member = people[number].id
        state.members[member] = replace(state.members[member], recv=bytes(32))
    people[0].epochs.do(NewKey(), people.now)
    assert people[0].epochs.to_send(people.now) == []
    assert people[0].epochs.next_timer() > people.now


def test_who_could_fill_the_others_rooms_no_further_makes_none_and_says_so(people: People) -> None:
    people[0].room.takes_epochs = False
    with pytest.raises(UserError, match="history_full"):
        people[0].epochs.do(NewKey(), people.now)
    people.wait(SCHEDULED_STEPS * 10 + 11, tick_s=1.0)
    assert [epoch.why for epoch in people[0].room.written] == ["start"]
    assert [epoch.why for epoch in people[1].room.written] == ["timer"]


# --- more than one head ---------------------------------------------------------------------------


def split_and_kick(people: People) -> tuple[bytes, bytes]:
    """Two parts of the room, each shuts somebody out; then they come together."""
    people.apart(1, 3)
    left, right = people[0], people[1]
    left.room.remove(people[3].id)
    right.room.remove(people[4].id)
    for person in (left, right):
        person.epochs.do(NewKey(shut_out=True), people.now)
    people.carry()
    people.together()
    return people[3].id, people[4].id


def test_both_who_were_shut_out_lack_a_part_and_merging_shuts_them_out_together(
    people: People,
) -> None:
    before = people.now
    split_and_kick(people)
    pooled = people[3].keyring, people[4].keyring
    people.carry()
    heads = people[0].room.state.heads
    assert len(heads) == 2
    assert all(any(ring.knows(head) for ring in pooled) for head in heads)
    people.wait(2.0)
    (merged,) = people[0].room.state.heads
    assert not any(ring.knows(merged) for ring in pooled)
    assert len(people.keys(0, 1, 2)) == 1
    assert people.now - before < 2.5


def test_the_most_senior_who_is_here_merges(people: People) -> None:
    split_and_kick(people)
    for person in people.people:
        person.epochs.observe_present([people[1].id, people[2].id], people.now)
    people[0].epochs.observe_present([], people.now)
    people[0].room.state = people.apart(0)
    people.wait(2.0)
    assert [epoch.why for epoch in people[1].room.written] == ["kick", "merge"]
    assert people[2].room.written == []


def test_if_the_senior_does_nothing_the_next_merges(people: People) -> None:
    split_and_kick(people)
    people.apart(0)
    people.wait(0.15)
    assert people[1].room.written[1:] == []
    people.wait(0.3)
    assert [epoch.why for epoch in people[1].room.written[1:]] == ["merge"]


def test_more_heads_than_one_record_can_name_are_merged_all_the_same(people: People) -> None:
    state = people[0].room.state
    for number in range(PARENTS_MAX + 2):
        room = people[2].room
        first = state.epochs[people[0].room.written[0].id]
        next_epoch(room, people[2].keyring, [first], "asked", os.urandom)
        assert len(state.heads) == number + 1
    people.wait(5.0)
    assert len(state.heads) == 1
    assert len(people.keys()) == 1


# --- time -----------------------------------------------------------------------------------------


def test_after_a_quarter_of_an_hour_the_most_senior_makes_a_new_key(people: People) -> None:
    people.wait(SCHEDULED_STEPS * 10 - 1, tick_s=1.0)
    assert len(people[0].room.state.epochs) == 1
    people.wait(2, tick_s=1.0)
    assert [epoch.why for epoch in people[0].room.written] == ["start", "timer"]
    people.wait(200, tick_s=1.0)
    assert len(people[0].room.state.epochs) == 2
    assert len(people.keys()) == 1


def test_the_next_waits_ten_seconds_longer(people: People) -> None:
    people.apart(0)
    for person in people.people:
        person.epochs.observe_present([people[n].id for n in range(5)], people.now)
    people.wait(SCHEDULED_STEPS * 10 + 9, tick_s=1.0)
    assert people[1].room.written == []
    people.wait(2, tick_s=1.0)
    assert [epoch.why for epoch in people[1].room.written] == ["timer"]


def test_receive_keys_are_replaced_after_it_and_the_old_ones_still_open_for_a_minute(
    people: People,
) -> None:
    first = {member: entry.recv for member, entry in people[0].room.state.members.items()}
    people.wait(SCHEDULED_STEPS * 10 + 1, tick_s=1.0)
    people.wait(31, tick_s=1.0)
    assert people[3].epochs.next_timer() <= people.now + 60.0
    second = {member: entry.recv for member, entry in people[0].room.state.members.items()}
    assert all(first[member] != second[member] for member in first)
    epoch = people[0].room.written[-1]
    secret, ephemeral = os.urandom(32), KeyPair.generate(os.urandom)
    record = type(epoch)(
        b"n" * 16, people[0].id, (epoch.id,), epoch.step, "asked", ephemeral.public,
        commitment(secret), bytes(32), (),
    )  # fmt: skip
    for recv, opens_after_s in ((first, 10), (second, 70)):
        people.wait(opens_after_s, tick_s=1.0)
        (wrap,) = wrap_all(secret, [(people[3].id, recv[people[3].id])], ephemeral, SHARED)
        assert people[3].epochs._recv.open([wrap], record) == secret
    (wrap,) = wrap_all(secret, [(people[3].id, first[people[3].id])], ephemeral, SHARED)
    with pytest.raises(RemoteError):
        people[3].epochs._recv.open([wrap], record)


# --- a key that does not arrive -------------------------------------------------------------------


def test_who_got_no_wrap_asks_and_is_answered_within_a_second(people: People) -> None:
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    assert len(people.keys()) == 2
    people.wait(1.0)
    assert len(people.keys()) == 1
    assert {type(message) for *_, message in people.sent} == {AskKeys, GiveKeys}
    assert people[3].keyring.pass_ == people[0].keyring.pass_


def test_who_came_in_in_another_part_of_the_room_is_answered(people: People) -> None:
    people.apart(1, 3)
    people[0].epochs.do(NewKey(), people.now)
    late = people.join(LISTENER, via=1)
    people.carry()
    people.neighbours()
    for number in (0, 1, 2):
        people[number].epochs.observe_present([], people.now)
        members = people[number].room.state.members
        members[people[number].id] = replace(members[people[number].id], rank=LISTENER)
    people.together()
    people.wait(1.5)
    assert late.keyring.frontier == people[0].keyring.frontier
    assert len(people.keys()) == 1


def test_who_was_shut_out_asks_in_vain(people: People) -> None:
    out = people[4]
    people[0].room.remove(out.id)
    people[0].epochs.do(NewKey(shut_out=True), people.now)
    people.carry()
    (epoch,) = people[0].keyring.frontier.ids
    for person in people.people[:4]:
        with pytest.raises(RemoteError):
            person.epochs.receive(AskKeys((epoch,)), out.id, people.now)
        assert person.epochs.to_send(people.now) == []


def test_who_is_shut_out_between_question_and_answer_gets_none(people: People) -> None:
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    (epoch,) = people[0].keyring.frontier.ids
    people[1].epochs.receive(AskKeys((epoch,)), people[4].id, people.now)
    people[0].room.remove(people[4].id)
    people.sent.clear()
    people.wait(1.0)
    assert [to for _, to, message in people.sent if isinstance(message, GiveKeys)] == []


def test_who_lacks_the_key_answers_when_it_has_it(people: People) -> None:
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    epoch = people[0].room.written[-1].id
    people[1].epochs.receive(AskKeys((epoch,)), people[3].id, people.now)
    people[3].epochs._giving._lacking._asked[people[1].id] = people.now
    people.wait(1.0)
    givers = {frm for frm, to, m in people.sent if isinstance(m, GiveKeys) and to == people[3].id}
    assert people[1].id in givers


def test_one_who_asks_without_end_is_told_off(people: People) -> None:
    question = AskKeys((b"x" * 16,))
    for _ in range(8):
        people[0].epochs.receive(question, people[3].id, people.now)
    with pytest.raises(RemoteError):
        people[0].epochs.receive(question, people[3].id, people.now)


def test_a_head_whose_secret_nobody_has_is_replaced_by_the_next_moderator(people: People) -> None:
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    people.apart(0)
    people.wait(1.9)
    assert people[1].room.written == []
    people.lost = set()
    people.wait(1.0)
    assert [epoch.why for epoch in people[1].room.written] == ["merge"]
    assert len(people.keys(1, 2, 3, 4)) == 1


def test_it_is_told_when_a_key_is_missing_for_a_second_and_when_it_has_come(people: People) -> None:
    people.lost = {Wraps, GiveKeys}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    people.wait(TOLD_S - 0.1)
    assert people[3].events() == []
    people.wait(0.2)
    assert people[3].events() == [KeysMissing(True)]
    people.lost = set()
    people.wait(3.0)
    assert people[3].events() == [KeysChanged(people[0].keyring.frontier.ids), KeysMissing(False)]


def removed_with_a_key_that_never_comes(people: People) -> None:
    people.lost = {Wraps, AskKeys, GiveKeys}
    people[0].room.remove(people[4].id)
    people[0].epochs.do(NewKey(shut_out=True), people.now)
    people.carry()


def test_nobody_speaks_under_a_key_that_somebody_holds_who_was_shut_out(people: People) -> None:
    removed_with_a_key_that_never_comes(people)
    assert people[3].keyring.waiting
    people.apart(3)  # nobody is there who could help
    people.wait(60.0)
    assert people[3].keyring.waiting
    assert people[3].epochs.held == "removed"
    assert people[3].events() == [VoiceHeld("removed"), KeysMissing(True)]


def test_it_speaks_again_when_the_key_has_come(people: People) -> None:
    removed_with_a_key_that_never_comes(people)
    people.wait(5.0)
    people.lost = set()
    people[3].events()
    people.wait(3.0)
    assert not people[3].keyring.waiting
    changed = KeysChanged(people[0].keyring.frontier.ids)
    assert people[3].events() == [changed, VoiceFreed(anyway=False), KeysMissing(False)]


def test_a_key_that_comes_within_a_second_is_not_worth_a_line(people: People) -> None:
    removed_with_a_key_that_never_comes(people)
    people.lost = set()
    people.wait(TOLD_S - 0.1)
    assert people[3].events() == [KeysChanged(people[0].keyring.frontier.ids)]


def test_who_wants_to_be_heard_all_the_same_is_until_the_key_comes(people: People) -> None:
    removed_with_a_key_that_never_comes(people)
    people.wait(2.0)
    people[3].epochs.do(SpeakAnyway(), people.now)
    assert not people[3].keyring.waiting
    people.wait(2.0)
    assert not people[3].keyring.waiting
    held = [one for one in people[3].events() if isinstance(one, VoiceHeld | VoiceFreed)]
    assert held == [VoiceHeld("removed"), VoiceFreed(anyway=True)]
    people.lost = set()
    people.wait(3.0)
    removed_with_a_key_that_never_comes(people)
    assert not people[3].keyring.waiting, "nobody else was removed by that"
    people[0].room.remove(people[2].id)
    people[0].epochs.do(NewKey(shut_out=True), people.now)
    people.carry()
    assert people[3].keyring.waiting, "it was for that time only"


def test_who_is_not_held_back_has_nothing_to_insist_on(people: People) -> None:
    with pytest.raises(UserError, match="not_held"):
        people[3].epochs.do(SpeakAnyway(), people.now)


def test_who_is_removed_without_a_new_key_silences_nobody(people: People) -> None:
    people[0].room.remove(people[4].id)
    people.wait(2.0)
    assert not any(person.keyring.waiting for person in people.people)


def test_a_key_of_somebody_who_had_not_seen_the_removal_is_no_way_out(people: People) -> None:
    before = people[1].room.state
    people.apart(1)
    people[1].epochs.do(NewKey(), people.now)  # wrapped for the one who is being removed, too
    wraps = [message for _, message in people[1].epochs.to_send(people.now)]
    removed_with_a_key_that_never_comes(people)
    people.together()
    assert before is not people[3].room.state
    for message in wraps:
        people[3].epochs.receive(message, people[1].id, people.now)
    members = people[3].room.state.members  # nobody is left who could merge them
    members |= {each.id: replace(each, rank=LISTENER) for each in members.values()}
    people.wait(30.0)
    assert people[1].room.written[0].id not in people[3].keyring.missing
    assert people[3].keyring.waiting


def test_if_the_epoch_that_shut_somebody_out_counts_no_more_another_is_made(people: People) -> None:
    people[1].room.remove(people[4].id)
    people[1].epochs.do(NewKey(shut_out=True), people.now)
    people.carry()
    (undone,) = people[1].room.written
    del people[0].room.state.epochs[undone.id]  # its author lost its power, from before that
    people.wait(1.0)
    assert [epoch.why for epoch in people[0].room.written] == ["start", "merge"]
    assert not people[3].keyring.waiting
    assert not people[4].keyring.knows(people[0].room.written[-1].id)


def test_a_key_that_shuts_nobody_out_keeps_nobody_from_speaking(people: People) -> None:
    people.lost = {Wraps, GiveKeys}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    people.wait(0.5)
    assert people[3].keyring.missing
    assert not people[3].keyring.waiting


@pytest.mark.parametrize("shuts_out", [False, True])
def test_who_lacks_one_of_two_heads_speaks_under_the_other_after_a_while(
    people: People, shuts_out: bool
) -> None:
    before = people[3].keyring.frontier
    people.lost = {Wraps, GiveKeys}
    if shuts_out:
        people[0].room.remove(people[4].id)
    people[0].epochs.do(NewKey(), people.now)
    first, lost = people[0].room.written
    theirs, secret = next_epoch(people[1].room, people[1].keyring, [first], "asked", os.urandom)
    taker = people[3].id, people[3].room.state.members[people[3].id].recv
    wraps = wrap_all(secret, [taker], ephemeral_of(secret), SHARED)
    people[3].epochs.receive(Wraps(theirs, tuple(wraps)), people[1].id, people.now)
    members = people[3].room.state.members  # nobody is left who could merge them
    members |= {each.id: replace(each, rank=LISTENER) for each in members.values()}
    people.wait(TOLD_S - 0.1)
    assert people[3].keyring.frontier == before
    people.wait(0.2)
    assert people[3].keyring.missing == (lost.id,)
    assert people[3].keyring.frontier.ids == (theirs,)


# --- what comes from outside ----------------------------------------------------------------------


def test_wraps_that_are_ahead_of_their_record_are_kept_until_it_comes(people: People) -> None:
    people.apart(3)
    people[0].epochs.do(NewKey(), people.now)
    wraps = [message for _, message in people[0].epochs.to_send(people.now)]
    for message in wraps:
        people[3].epochs.receive(message, people[0].id, people.now)
    people.together()
    people.carry()
    assert people[3].keyring.frontier == people[0].keyring.frontier


def test_wraps_of_others_are_none_of_ours(people: People) -> None:
    people[0].epochs.do(NewKey(), people.now)
    ((_, message),) = people[0].epochs.to_send(people.now)
    epoch = people[0].room.written[-1]
    others = slice_wraps(message.wraps, epoch.ephemeral, [people[1].id, people[2].id])
    people[3].epochs.receive(Wraps(epoch.id, others), people[0].id, people.now)
    assert people[3].epochs.counts == {}
    assert people[3].keyring.missing == (epoch.id,)


def test_wraps_of_epochs_that_never_come_are_bounded(people: People) -> None:
    for number in range(EARLY_MAX * 3):
        people[3].epochs.receive(
            Wraps(number.to_bytes(16, "big"), (bytes(52),) * 256), people[2].id, people.now
        )
    for _ in range(20):
        people[3].epochs.receive(Wraps(b"e" * 16, (bytes(52),) * 256), people[2].id, people.now)
    assert len(people[3].epochs._records._early) == EARLY_MAX
    assert sum(len(wraps) for wraps in people[3].epochs._records._early.values()) < EARLY_MAX * 2048


def test_a_wrap_that_does_not_open_is_counted_and_asked_for(people: People) -> None:
    people.lost = {Wraps}
    people[0].epochs.do(NewKey(), people.now)
    ((_, message),) = people[0].epochs.to_send(people.now)
    broken = tuple(wrap[:-1] + bytes((wrap[-1] ^ 1,)) for wrap in message.wraps)
    people[3].epochs.receive(Wraps(message.epoch_id, broken), people[2].id, people.now)
    assert people[3].epochs.counts["unopened"] == 1
    people.wait(1.0)
    assert len(people.keys()) == 1
    assert people[3].epochs.counts["wrapped"] == 0


def asked(people: People) -> tuple[bytes, HeadSecret]:
    """A listener asks the host, whose answer is given here instead of on the wire."""
    people.lost = {Wraps, GiveKeys}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    people.wait(0.4)
    (epoch,) = people[0].keyring.frontier.ids
    (head,) = people[0].keyring.export(people[0].keyring.seal_step)
    return epoch, HeadSecret(*head)


def test_keys_nobody_asked_for_are_refused(people: People) -> None:
    _, head = asked(people)
    fresh = people.join(LISTENER)
    with pytest.raises(RemoteError):
        fresh.epochs.receive(given([head], 0, people[0], fresh), people[0].id, people.now)


@pytest.mark.parametrize(
    ("step", "epoch_id", "pass_key"),
    [(2, None, None), (0, b"u" * 16, None), (0, None, b"p" * 32)],
)
def test_keys_of_another_time_or_room_are_refused(
    people: People, step: int, epoch_id: bytes | None, pass_key: bytes | None
) -> None:
    _, head = asked(people)
    for person in people.people[1:4]:
        person.epochs._giving._lacking._asked[people[0].id] = people.now
        false = HeadSecret(epoch_id or head.epoch_id, head.secret, pass_key or head.pass_key)
        with pytest.raises(RemoteError):
            person.epochs.receive(given([false], step, people[0], person), people[0].id, people.now)
        assert person.keyring.missing


def test_two_neighbours_who_give_different_keys_are_noticed(people: People) -> None:
    _, head = asked(people)
    listener = people[3]
    for neighbour in people.people[:3]:
        listener.epochs._giving._lacking._asked[neighbour.id] = people.now
    listener.epochs.receive(given([head], 0, people[0], listener), people[0].id, people.now)
    listener.events()
    listener.epochs.receive(given([head], 0, people[1], listener), people[1].id, people.now)
    assert listener.events() == []
    false = HeadSecret(head.epoch_id, b"x" * 32, head.pass_key)
    listener.epochs.receive(given([false], 1, people[2], listener), people[2].id, people.now)
    assert listener.events() == []
    listener.epochs.receive(given([false], 0, people[2], listener), people[2].id, people.now)
    assert listener.events() == [KeysDiffer(people[2].id)]


def test_who_is_removed_takes_part_in_nothing(people: People) -> None:
    out = people[2]
    people[0].room.remove(out.id)
    people[0].epochs.do(NewKey(shut_out=True), people.now)
    (epoch,) = people[0].keyring.frontier.ids
    frontier = out.keyring.frontier
    out.epochs.receive(AskKeys((epoch,)), people[3].id, people.now)
    people.wait(3.0)
    assert out.epochs.to_send(people.now) == []
    assert (out.keyring.frontier, out.events()) == (frontier, [])


def test_an_epoch_that_begins_on_one_ahead_of_our_clock_does_not_fall_behind_it(
    people: People,
) -> None:
    people[0].keyring.advance(10.0)
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    assert people[1].keyring.step == 0
    people[1].epochs.do(NewKey(), people.now)
    people.carry()
    first, second = people[0].room.written[-1], people[1].room.written[-1]
    assert (first.step, second.step) == (1, 1)
    people.wait(10.0, tick_s=1.0)
    assert len(people.keys()) == 1


# --- timers ---------------------------------------------------------------------------------------


def test_the_timer_names_what_is_due_next(people: People) -> None:
    idle = people[3].epochs
    assert idle.next_timer() == people.now + 5.0
    people.lost = {Wraps, GiveKeys}
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    assert idle.next_timer() == pytest.approx(people.now + 0.3)
    people.wait(0.7)
    assert idle.next_timer() <= people.now + 0.5
    people[1].epochs.receive(AskKeys((b"x" * 16,)), people[3].id, people.now)
    assert people[1].epochs.next_timer() <= people.now + 0.3


def test_a_receive_key_that_was_published_with_the_join_is_used(people: People) -> None:
    recv = KeyPair.generate(os.urandom)
    member = people[3]
    before = people[0].room.state.members[member.id]
    ring = keyring_from(people[0].keyring.export(0), 0, 0.0, bytes(16))
    epochs = Epochs(member.room, ring, SHARED, os.urandom, 0.0, recv=recv)
    assert people[0].room.state.members[member.id] == before
    assert epochs._recv._present is recv


def test_what_nobody_confirms_is_not_said_but_others_still_hear_of_us(people: People) -> None:
    speaker = people[3]
    speaker.epochs.observe_words(unchecked=True, now=people.now)
    people.wait(2.0)
    assert speaker.epochs.held == "unchecked"
    assert not speaker.keyring.waiting, "operations and words go on under the key"
    assert speaker.events() == [VoiceHeld("unchecked")]
    speaker.epochs.do(SpeakAnyway(), people.now)
    assert speaker.epochs.held is None
    speaker.epochs.observe_words(unchecked=False, now=people.now)
    people.wait(0.1)
    speaker.epochs.observe_words(unchecked=True, now=people.now)
    people.wait(0.1)
    assert speaker.epochs.held == "unchecked"


# --- a copy of somebody's keys --------------------------------------------------------------------


def test_who_copied_an_identity_key_is_given_nothing_that_it_can_open(people: People) -> None:
    owner = people[3]
    copied = KeyPair(owner.identity.dh_secret)
    for _ in range(2):
        people[0].epochs.do(NewKey(), people.now)
        people.carry()
    (epoch,) = people[0].keyring.frontier.ids
    people.wait(0.5)
    people[0].epochs.receive(AskKeys((epoch,)), owner.id, people.now)
    ((to, answer),) = people[0].epochs.to_send(people.now)
    assert (to, type(answer)) == (owner.id, GiveKeys)
    with pytest.raises(RemoteError):
        open_heads(answer.heads, answer.step, people[0].id, owner.id, [copied])
    (head,) = open_heads(answer.heads, answer.step, people[0].id, owner.id, owner.epochs.recv_pairs)
    assert head.epoch_id == epoch


class Copy:
    """All that a member's memory holds at one moment, in the hands of somebody else."""

    def __init__(self, owner: Person, now: float) -> None:
        self.me = owner.id
        self.recv = owner.epochs.recv_pairs
        step = owner.keyring.seal_step
        self.keyring = keyring_from(owner.keyring.export(step), step, now, owner.id)

    def reads(self, room: FakeRoom, wraps: Wraps) -> bool:
        """Try every key on the wraps of an epoch."""
        epoch = room.state.epochs[wraps.epoch_id]
        for pair in self.recv:
            with contextlib.suppress(RemoteError):
                secret = unwrap(wraps.wraps, epoch.ephemeral, self.me, pair, epoch.commit, SHARED)
                return len(secret) == 32
        return False

    def gets(self, giver: Person, epoch: bytes, now: float) -> bool:
        """Ask for a key in the owner's name, as who holds its keys can, and read the answer."""
        giver.epochs.receive(AskKeys((epoch,)), self.me, now)
        answers = [said for to, said in giver.epochs.to_send(now) if to == self.me]
        (answer,) = [said for said in answers if isinstance(said, GiveKeys)]
        try:
            open_heads(answer.heads, answer.step, giver.id, self.me, self.recv)
        except RemoteError:
            return False
        return True


def test_after_two_new_keys_a_copy_of_all_memory_opens_nothing_and_can_get_nothing(
    people: People,
) -> None:
    people.wait(100.0, tick_s=1.0)
    owner, copy = people[3], Copy(people[3], people.now)
    for still_good in (True, False):
        people.sent.clear()
        people[0].epochs.do(NewKey(), people.now)
        people.carry()
        (wraps,) = [said for _, to, said in people.sent if (to, type(said)) == (owner.id, Wraps)]
        assert copy.reads(owner.room, wraps) is still_good
        people.wait(31.0)
        (epoch,) = people[0].keyring.frontier.ids
        assert not copy.gets(people[0], epoch, people.now)
        assert not copy.keyring.knows(epoch)
    assert len(people.keys()) == 1


def test_an_answer_is_for_the_newest_receive_key_also_after_it_was_replaced(people: People) -> None:
    owner = people[3]
    (old,) = owner.epochs.recv_pairs
    people.wait(SCHEDULED_STEPS * 10 + 60, tick_s=1.0)
    people.wait(62, tick_s=1.0)
    (epoch,) = people[0].keyring.frontier.ids
    people[0].epochs.receive(AskKeys((epoch,)), owner.id, people.now)
    ((_, answer),) = people[0].epochs.to_send(people.now)
    with pytest.raises(RemoteError):
        open_heads(answer.heads, answer.step, people[0].id, owner.id, [old])
    assert open_heads(answer.heads, answer.step, people[0].id, owner.id, owner.epochs.recv_pairs)


def test_whose_receive_key_is_of_no_use_is_given_nothing_and_stops_nothing(people: People) -> None:
    people[0].epochs.do(NewKey(), people.now)
    people.carry()
    (epoch,) = people[0].keyring.frontier.ids
    state, useless = people[0].room.state, people[3].id
    state.members[useless] = replace(state.members[useless], recv=bytes(32))
    people.wait(0.5)
    for asker in (useless, people[2].id):
        people[0].epochs.receive(AskKeys((epoch,)), asker, people.now)
    assert [to for to, _ in people[0].epochs.to_send(people.now)] == [people[2].id]


def test_a_receive_key_in_our_name_that_is_none_of_ours_is_an_alarm(people: People) -> None:
    owner = people[3]
    state = owner.room.state
    people.wait(1.0)
    assert owner.events() == []
    forged = KeyPair.generate(os.urandom).public
    state.members[owner.id] = replace(state.members[owner.id], recv=forged)
    people.wait(1.0)
    assert owner.events() == [Impersonated()], "once"


def test_our_own_new_receive_key_is_no_alarm(people: People) -> None:
    people.wait(SCHEDULED_STEPS * 10 + 120, tick_s=1.0)
    events = [event for person in people.people for event in person.events()]
    assert Impersonated() not in events
