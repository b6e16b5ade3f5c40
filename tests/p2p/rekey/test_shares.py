"""The roster in shares: everybody is wrapped for, by few, and works it out alike."""

import hashlib
import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.identity import Identity
from p2p.rekey import shares
from p2p.rekey.shares import SHARE_MEMBERS, Shares, share_count, share_hash, shares_of
from tests.p2p.rekey.fakeroom import FakeEpoch, FakeRoom

EPOCH = b"e" * 16


def record(author: bytes, members: list[bytes]) -> FakeEpoch:
    return FakeEpoch(EPOCH, author, (), 0, "kick", *[bytes(32)] * 3, tuple(members))


def ids(count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(count)]


def shared(
    members: list[bytes], full: list[bytes], here: set[bytes] | None = None
) -> tuple[Shares, dict[bytes, list[bytes]]]:
    """The shares of an epoch by the first member, and for whom each wraps."""
    found = Shares(record(members[0], members), [(m, m * 2) for m in members], full, here)
    return found, {m: [one for one, _ in found.receivers(m)] for m in members}


def test_a_place_in_a_share_is_a_hash_of_epoch_and_member() -> None:
    # Written out: docs/protocol.md, section 7.
    digest = hashlib.blake2b(EPOCH + b"m" * 16, digest_size=8, person=b"teahouse/share").digest()
    assert share_hash(EPOCH, b"m" * 16) == digest


@pytest.mark.parametrize(("roster", "count"), [(0, 1), (1, 1), (128, 1), (129, 2), (10_000, 79)])
def test_a_roster_of_more_than_one_share_falls_into_as_many_as_it_fills(
    roster: int, count: int
) -> None:
    assert share_count(record(b"a" * 16, [b"m" * 16] * roster)) == count


def test_in_a_room_of_one_share_the_author_wraps_for_all_and_nobody_else_for_anybody() -> None:
    members = ids(SHARE_MEMBERS)
    _, wraps = shared(members, [members[0], members[7]])
    assert sorted(wraps[members[0]]) == members[1:]
    assert wraps[members[0]][0] == members[7]
    assert all(wraps[one] == [] for one in members[1:])


@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 5), st.data())
def test_everybody_is_wrapped_for_whoever_is_here(
    count: int, share: int, full: int, data: st.DataObject
) -> None:
    members = ids(count)
    here = {members[0], *data.draw(st.lists(st.sampled_from(members)))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shares, "SHARE_MEMBERS", share)
        _, wraps = shared(members, members[:full], here)
    reached = {members[0]}
    for member in (members[0], *wraps[members[0]]):
        assert member not in wraps[member]
        reached.update(wraps[member])
    assert reached == set(members)


def test_at_ten_thousand_nobody_wraps_for_more_than_a_few_hundred_and_hardly_anybody_twice() -> (
    None
):
    members = ids(10_000)
    found, wraps = shared(members, members[:20])
    most = max(len(one) for one in wraps.values())
    assert most == len(wraps[members[0]]) < 350
    counted = Counter(one for made in wraps.values() for one in made)
    assert set(counted) == set(members[1:])
    assert sum(counted.values()) < 10_000 + 2 * 79
    # The author, then a first wrapper of each share but the author's own.
    assert sum(bool(made) for made in wraps.values()) == 79
    assert found.receivers(b"x" * 16) == []


def test_who_speaks_or_moderates_is_reached_by_the_author_itself() -> None:
    members = ids(1000)
    full = members[400:410]
    _, wraps = shared(members, full)
    assert wraps[members[0]][:10] == full


def test_who_is_not_here_wraps_for_nobody_while_somebody_is() -> None:
    members = ids(1000)
    _, everybody = shared(members, members[:1])
    gone = {one for one in members[1:] if everybody[one]}
    _, wraps = shared(members, members[:1], set(members) - gone)
    assert not any(wraps[one] for one in gone)
    assert {one for made in wraps.values() for one in made} == set(members[1:])


def test_who_lacks_its_wrap_asks_others_first_and_in_the_end_who_should_have_sent_it() -> None:
    members = ids(1000)
    found, wraps = shared(members, members[:1])
    asker = next(one for made in list(wraps.values())[1:] for one in made[1:])
    wrapper = next(one for one in members[1:] if asker in wraps[one])
    to_ask = found.to_ask(asker)
    assert to_ask[-2:] == [wrapper, members[0]]
    assert len(to_ask) == len(set(to_ask)) == 5
    assert asker not in to_ask
    assert members[0] not in found.to_ask(members[0])
    assert found.to_ask(b"x" * 16) == []
    assert all(one in wraps[members[0]] for one in to_ask[:-1]), "they have it from the author"


def test_a_view_of_the_room_gives_roster_speakers_and_moderators() -> None:
    host, moderator, speaker, listener = (Identity.generate(os.urandom) for _ in range(4))
    room = FakeRoom(host)
    for who, rank in ((host, 0), (moderator, 2), (speaker, 4), (listener, 4)):
        room.join(who, rank)
    room.state.slots = {1: host.member_id, 2: speaker.member_id}
    roster = [one.id for one in room.roster()]
    found = shares_of(record(host.member_id, roster), room, None)
    assert [one for one, _ in found.receivers(host.member_id)] == [
        speaker.member_id,
        moderator.member_id,
        listener.member_id,
    ]
