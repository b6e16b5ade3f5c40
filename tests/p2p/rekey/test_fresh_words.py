"""Moderators' words on the room as it is now: who says them, which count, and what they show."""

import os

import pytest
from msgspec.structs import replace

from crypto.dh import KeyPair
from lab.room_people import Rooms, identity
from p2p.errors import RemoteError
from p2p.rekey.commit import first_epoch
from p2p.rekey.fresh_words import (
    AHEAD_S,
    ANSWER_AFTER_S,
    ASK_AFTER_S,
    ASK_EVERY_S,
    BEHIND_S,
    CONTEXT,
    DIGESTS_MAX,
    EVERY_S,
    OLD_S,
    TAKE_OVER_S,
    FreshWords,
    is_missing,
)
from p2p.room import commands as c
from p2p.room.ops import canonical
from p2p.wire.messages import Fresh

COHOST, MODERATOR, HELPER, LISTENER = 1, 2, 3, 4


class Council:
    """Host 0, co-host 1, moderator 2, helper 3 and listeners 4 and 5, all of one mind."""

    def __init__(self) -> None:
        self.rooms = Rooms(5)
        first_epoch(self.rooms[0], os.urandom)
        self.rooms.do(0, c.Promote(self.rooms.ids[COHOST], 1))
        self.rooms.do(1, c.Promote(self.rooms.ids[MODERATOR], 2))
        self.rooms.do(2, c.Promote(self.rooms.ids[HELPER], 3))
        self.now = 1000.0
        self.words = [
            FreshWords(room, identity(number), self.now)
            for number, room in enumerate(self.rooms.rooms)
        ]
        self.here = set(self.rooms.ids)
        self.look()

    @property
    def room_s(self) -> float:
        return self.now - 500.0

    def look(self) -> None:
        for words in self.words:
            words.observe(self.here, self.now)

    def word(self, number: int) -> Fresh:
        word = self.words[number].word(self.room_s)
        assert word is not None
        return word

    def hear(self, number: int, word: Fresh) -> bool:
        return self.words[number].receive(word, self.room_s, self.now)

    def due(self) -> list[int]:
        """Who says something now; nobody hears it."""
        said = [words.to_say(self.room_s, self.now) is not None for words in self.words]
        return [number for number, yes in enumerate(said) if yes]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.look()

    def unheard_removal(self, number: int, by: int = 0) -> None:
        """One removes somebody, and nobody else gets to know of it."""
        self.rooms[by].do(c.Remove(self.rooms.ids[number]), self.rooms.now)
        self.look()


@pytest.fixture
def council() -> Council:
    return Council()


# --- who says something ---------------------------------------------------------------------------


def test_the_two_most_senior_who_are_here_say_a_word_every_ten_seconds(council: Council) -> None:
    assert council.due() == [0, COHOST]
    council.wait(EVERY_S - 0.1)
    assert council.due() == []
    council.wait(0.2)
    assert council.due() == [0, COHOST]
    council.here = set(council.rooms.ids[MODERATOR:])
    council.wait(EVERY_S)
    assert MODERATOR in council.due()


def test_another_takes_over_when_nothing_was_heard_for_a_while(council: Council) -> None:
    council.wait(TAKE_OVER_S)
    council.hear(MODERATOR, council.word(0))
    council.wait(TAKE_OVER_S)
    assert MODERATOR not in council.due()
    council.wait(3.0)
    assert council.due() == [MODERATOR]


def test_who_sees_that_a_senior_lacks_something_says_what_it_knows(council: Council) -> None:
    council.unheard_removal(LISTENER, by=MODERATOR)
    council.hear(MODERATOR, council.word(0))
    council.wait(ANSWER_AFTER_S)
    assert MODERATOR not in council.due(), "the senior may not have heard of it yet"
    council.wait(BEHIND_S)
    council.hear(MODERATOR, council.word(0))
    council.look()
    assert MODERATOR not in council.due()
    council.wait(ANSWER_AFTER_S)
    assert MODERATOR in council.due()


def test_helpers_and_listeners_have_no_word(council: Council) -> None:
    assert council.words[HELPER].word(council.room_s) is None
    assert council.words[LISTENER].word(council.room_s) is None


def test_a_room_without_an_epoch_has_nothing_to_speak_of() -> None:
    rooms = Rooms(1)
    assert FreshWords(rooms[0], identity(0), 0.0).word(1.0) is None


# --- what counts ----------------------------------------------------------------------------------


def test_a_word_is_signed_over_the_room_and_all_that_it_says(council: Council) -> None:
    word, room = council.word(COHOST), council.rooms[COHOST]
    data = [room.room_id, *(getattr(word, name) for name in word.__struct_fields__[:-1])]
    sign = identity(COHOST).sign
    assert word.signature == sign(b"fresh", canonical.pack(data))
    assert CONTEXT == b"fresh"


def test_a_word_counts_once(council: Council) -> None:
    first = council.word(COHOST)
    assert council.hear(LISTENER, first)
    assert not council.hear(LISTENER, first)
    council.wait(5.0)
    assert council.hear(LISTENER, council.word(COHOST))
    assert not council.hear(LISTENER, first)
    assert council.words[LISTENER].counts == {"known": 1, "replayed": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"room_time_ms": 500_001},
        {"heads": (b"h" * 16,)},
        {"removals": bytes(32)},
        {"signature": bytes(64)},
    ],
)
def test_a_word_that_was_changed_is_a_breach(council: Council, change: dict[str, object]) -> None:
    with pytest.raises(RemoteError):
        council.hear(LISTENER, replace(council.word(COHOST), **change))
    assert council.words[LISTENER].counts == {"forged": 1}
    assert council.hear(LISTENER, council.word(COHOST))


def test_a_word_of_another_room_is_a_breach(council: Council) -> None:
    word = council.word(COHOST)
    other = replace(word, signature=identity(COHOST).sign(b"fresh", b"another room"))
    with pytest.raises(RemoteError):
        council.hear(LISTENER, other)


def test_words_from_long_ago_and_from_the_future_count_for_nothing(council: Council) -> None:
    word = council.word(COHOST)
    council.now += OLD_S + 0.1
    assert not council.hear(LISTENER, word)
    council.now -= OLD_S + AHEAD_S + 0.3
    assert not council.hear(LISTENER, word)
    assert council.words[LISTENER].counts == {"old": 1, "future": 1}


def test_a_word_under_a_power_that_has_ended_counts_for_nothing(council: Council) -> None:
    word = council.word(MODERATOR)
    council.rooms.do(0, c.Promote(council.rooms.ids[MODERATOR], 4))
    assert not council.hear(LISTENER, word)
    council.rooms.do(0, c.Promote(council.rooms.ids[MODERATOR], 2))
    assert not council.hear(LISTENER, word), "not of the power that it has now"
    assert council.words[LISTENER].counts == {"powerless": 1, "ended": 1}
    assert council.hear(LISTENER, council.word(MODERATOR))


def test_who_is_removed_or_unknown_has_no_word(council: Council) -> None:
    word = council.word(MODERATOR)
    council.rooms.do(0, c.Remove(council.rooms.ids[MODERATOR]))
    assert not council.hear(LISTENER, word)
    assert not council.hear(LISTENER, replace(word, author=b"?" * 16))
    assert council.words[LISTENER].counts == {"powerless": 2}


def test_nobody_is_told_its_own_word(council: Council) -> None:
    assert not council.hear(COHOST, council.word(COHOST))
    assert council.words[COHOST].counts == {"own": 1}


# --- what it shows --------------------------------------------------------------------------------


def test_who_hears_nothing_for_thirty_seconds_is_unchecked(council: Council) -> None:
    council.wait(OLD_S - 1.0)
    assert not council.words[LISTENER].is_unchecked(council.now)
    council.hear(LISTENER, council.word(0))
    council.look()
    council.wait(OLD_S - 0.1)
    assert not council.words[LISTENER].is_unchecked(council.now)
    council.wait(0.2)
    assert council.words[LISTENER].is_unchecked(council.now)


def test_a_word_that_is_shown_late_is_as_old_as_it_is(council: Council) -> None:
    word = council.word(0)
    council.wait(OLD_S - 1.0)
    assert council.hear(LISTENER, word)
    council.wait(2.0)
    assert council.words[LISTENER].is_unchecked(council.now)


def test_nobody_is_unchecked_where_nobody_is_here_who_could_speak(council: Council) -> None:
    council.here = {council.rooms.ids[LISTENER], council.rooms.ids[HELPER]}
    council.wait(1.0)
    council.wait(OLD_S * 3)
    assert not council.words[LISTENER].is_unchecked(council.now)
    council.here = set(council.rooms.ids)
    council.wait(OLD_S - 1.0)
    assert not council.words[LISTENER].is_unchecked(council.now)
    council.wait(2.0)
    assert council.words[LISTENER].is_unchecked(council.now)


def test_the_own_word_confirms_only_who_is_alone_in_power(council: Council) -> None:
    for _ in range(4):
        council.wait(EVERY_S)
        council.words[0].to_say(council.room_s, council.now)
    assert council.words[0].is_unchecked(council.now)
    council.here = set(council.rooms.ids[HELPER:])
    council.wait(0.1)
    assert not council.words[0].is_unchecked(council.now)


def test_a_removal_or_a_head_that_is_withheld_shows(council: Council) -> None:
    council.unheard_removal(LISTENER)
    for _ in range(4):
        council.wait(EVERY_S)
        council.hear(5, council.word(0))
        council.look()
    assert council.words[5].is_unchecked(council.now)
    council.rooms.deliver()
    council.look()
    assert not council.words[5].is_unchecked(council.now), "that was what the word said"


def test_a_head_that_is_withheld_shows_too(council: Council) -> None:
    room = council.rooms[0]
    room.write_epoch(room.state.heads, 5, 4, KeyPair.generate(os.urandom).public, bytes(32),
                     bytes(32), room.roster())  # fmt: skip
    council.hear(LISTENER, council.word(0))
    council.look()
    council.wait(ASK_AFTER_S)
    assert council.words[LISTENER].whom_to_ask(council.now) == [room.me]


def test_a_word_of_a_moment_ago_does_not_differ_because_we_know_more_by_now(
    council: Council,
) -> None:
    word = council.word(0)
    council.rooms.do(0, c.Remove(council.rooms.ids[HELPER]))
    council.look()
    council.hear(LISTENER, word)
    council.wait(ASK_AFTER_S)
    assert council.words[LISTENER].whom_to_ask(council.now) == []


def test_what_differs_is_compared_at_once_and_again_every_five_seconds(council: Council) -> None:
    council.unheard_removal(5)
    council.hear(LISTENER, council.word(0))
    council.look()
    asked = council.words[LISTENER].whom_to_ask
    assert asked(council.now) == [], "it may be on its way"
    council.wait(ASK_AFTER_S)
    assert asked(council.now) == [council.rooms.ids[0]]
    assert asked(council.now) == []
    council.wait(ASK_EVERY_S)
    assert asked(council.now) == [council.rooms.ids[0]]
    council.rooms.deliver()
    council.wait(ASK_EVERY_S)
    assert asked(council.now) == []


def test_what_was_once_true_is_forgotten_after_a_while(council: Council) -> None:
    words = council.words[LISTENER]
    for number in range(DIGESTS_MAX * 2):
        words._note_digest(number.to_bytes(32, "big"), council.now)
    assert len(words._digests) == DIGESTS_MAX


# --- at the door ----------------------------------------------------------------------------------


def test_a_door_shows_its_own_word_or_the_newest_that_agrees_with_it(council: Council) -> None:
    show = council.words[LISTENER].to_show
    assert show(council.room_s, council.now) is None
    council.hear(LISTENER, council.word(MODERATOR))
    council.wait(1.0)
    newest = council.word(COHOST)
    council.hear(LISTENER, newest)
    assert show(council.room_s, council.now) == newest
    council.unheard_removal(5)
    council.wait(1.0)
    council.hear(LISTENER, council.word(0))
    assert show(council.room_s, council.now) == newest
    council.wait(OLD_S)
    assert show(council.room_s, council.now) is None
    own = council.words[MODERATOR].to_show(council.room_s, council.now)
    assert own == council.word(MODERATOR)


def test_a_newcomer_misses_a_good_word_where_somebody_could_speak_one(council: Council) -> None:
    room, word = council.rooms[LISTENER], council.word(0)
    assert is_missing(None, room, council.room_s)
    assert is_missing(word, room, council.room_s + OLD_S + 1.0)
    assert not is_missing(word, room, council.room_s)
    for number in (MODERATOR, COHOST, 0):
        council.rooms.do(number, c.Leave())
    assert not is_missing(None, room, council.room_s)
