import hashlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import base32
from crypto.contact import WEB_MAX_CHARS
from crypto.errors import LocalError, RemoteError, UserError
from crypto.identity import verify
from crypto.invite import (
    MAX_INVITE_CHARS,
    Contact,
    Invite,
    Ticket,
    invite_key,
    parse_key_text,
)
from crypto.keytext import MAX_TEXT_CHARS
from crypto.roomkey import RoomKey
from crypto.words import to_digits, to_line, to_words

KEY = RoomKey(hashlib.blake2b(b"a key for tests", digest_size=16).digest())
OTHER = RoomKey(b"another key 16 b")
DOOR = Contact(b"d" * 32, ("203.0.113.7", 4433), "door")
RELAY = Contact(bytes(range(32)), ("2001:db8::7", 53), "relay")
NAMED = Contact(b"n" * 32, ("203.0.113.7", 443), "relay", "wss://" + "n" * (WEB_MAX_CHARS - 6))
INVITE = Invite(KEY, (DOOR, RELAY))
TICKET = Ticket(b"s" * 16, b"i" * 16)
LINE = INVITE.to_line()
SHORT = Invite(KEY).to_line()
V4 = st.ip_addresses(v=4).filter(
    lambda ip: not (ip.is_multicast or ip.is_reserved or ip.packed[0] == 0)
)
CONTACTS = st.builds(
    Contact,
    st.binary(min_size=32, max_size=32),
    st.tuples(V4.map(str), st.integers(1, 65535)),
    st.sampled_from(["door", "relay"]),
)


def _error(text):
    with pytest.raises(UserError) as caught:
        parse_key_text(text)
    assert caught.value.exit_code == 4
    return caught.value


def _with_hints(hints):
    check = hashlib.blake2b(KEY.secret + hints, digest_size=4, person=b"teahouse/invite").digest()
    return SHORT + base32.encode(hints + check)


@given(
    st.binary(min_size=16, max_size=16).map(RoomKey),
    st.lists(CONTACTS, max_size=2).map(tuple),
    st.none()
    | st.builds(Ticket, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)),
)
def test_an_invite_comes_back(key, contacts, ticket):
    invite = Invite(key, contacts, ticket)
    read = parse_key_text(invite.to_line())
    assert read == invite
    assert read.repair is None
    assert not read.contacts_lost


def test_the_line_does_not_drift():
    hints = b"\x92\x91\x93\x00\xc4\x20" + b"d" * 32 + b"\xc4\x06\xcb\x00\x71\x07\x11\x51" + b"\xc0"
    assert Invite(KEY, (DOOR,)).to_line() == _with_hints(hints)
    assert "TEAHOUSE:" + to_line(KEY).replace("-", "") == SHORT


def test_the_line_fits_the_compact_alphabet_and_a_small_screen():
    line = Invite(KEY, (DOOR, DOOR)).to_line()
    assert set(line) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:")
    assert len(line) == 194  # a QR code of version 6 at level L takes 195
    assert len(SHORT) == 42
    with_all = Invite(KEY, (NAMED, NAMED), TICKET).to_line()
    assert [contact.web for contact in parse_key_text(with_all).contacts] == [NAMED.web] * 2
    assert len(with_all) <= MAX_INVITE_CHARS


@pytest.mark.parametrize(
    "text",
    [
        LINE.lower(),
        f'"{LINE}"',
        f"<{LINE}>",
        LINE.replace("0", "O").replace("1", "l"),
        "\n> ".join(LINE[i : i + 60] for i in range(0, len(LINE), 60)),
        " ".join(LINE[9:][i : i + 5] for i in range(0, len(LINE), 5)).join(["TeaHouse : ", ""]),
        f"Come to the teahouse: {LINE} see you at 8",
        f"https://tea.example/#{LINE}",
        f"{LINE}\n{LINE}",
        LINE.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        f"{to_words(KEY)}\n{to_line(KEY)}\n{to_digits(KEY)}\n{LINE}",
        LINE.translate({ord("U"): "\u200bU", ord("7"): "7\u00ad"}),
    ],
)
def test_an_invite_is_found_however_it_was_pasted(text):
    invite = parse_key_text(text)
    assert invite == INVITE
    assert not invite.contacts_lost


@pytest.mark.parametrize(
    "text",
    [
        to_words(KEY),
        to_words(KEY, "zh-Hans"),
        to_line(KEY),
        to_digits(KEY),
        SHORT,
        f"teahouse: {to_words(KEY)}",
        f"teahouse: {to_line(KEY)} see you at 8",
        f"Teahouse:\n{SHORT}",
    ],
)
def test_the_short_forms_have_no_contacts(text):
    invite = parse_key_text(text)
    assert invite == Invite(KEY)
    assert not invite.contacts_lost


def test_a_corrected_word_is_passed_on():
    words = ["vioiln", *to_words(KEY).split()[1:]]
    assert parse_key_text(" ".join(words)).repair.position == 1


@settings(max_examples=60)
@given(st.integers(9, 41), st.sampled_from(base32.SYMBOLS))
def test_one_wrong_letter_in_the_key_of_an_invite_is_corrected(place, letter):
    invite = parse_key_text(LINE[:place] + letter + LINE[place + 1 :])
    assert invite == INVITE
    assert (invite.repair is None) == (letter == LINE[place])


@given(st.integers(42, len(LINE) - 1), st.sampled_from(base32.SYMBOLS + "U!"))
def test_a_wrong_letter_in_the_contacts_leaves_the_key(place, letter):
    invite = parse_key_text(LINE[:place] + letter + LINE[place + 1 :])
    if letter == LINE[place]:
        assert invite == INVITE
    else:
        assert invite == Invite(KEY)


@given(st.integers(43, len(LINE) - 1))
def test_an_invite_that_was_cut_off_leaves_the_key(end):
    invite = parse_key_text(LINE[:end])
    assert invite == Invite(KEY)
    assert invite.contacts_lost


@pytest.mark.parametrize(
    "hints",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode([]),
        msgspec.msgpack.encode([[]]),
        msgspec.msgpack.encode([[], None, None]),
        msgspec.msgpack.encode([[], b"short"]),
        msgspec.msgpack.encode([[[0, b"d" * 32, b"\xcb\x00\x71\x07\x11\x51"]] * 5, None]),
        msgspec.msgpack.encode([[[0, b"d" * 31, b"\xcb\x00\x71\x07\x11\x51"]], None]),
        msgspec.msgpack.encode([[[0, b"d" * 32, b"\x00\x00\x00\x00\x11\x51"]], None]),
        msgspec.msgpack.encode([[[0, b"d" * 32, b"\xcb\x00\x71\x07\x00\x00"]], None]),
        msgspec.msgpack.encode([[[0, "d" * 32, b"\xcb\x00\x71\x07\x11\x51"]], None]),
        b"\x92\x91\x93\x00\xd9\x20" + b"\xff" * 32,
    ],
)
def test_contacts_with_a_right_checksum_are_still_checked(hints):
    invite = parse_key_text(_with_hints(hints))
    assert invite == Invite(KEY)
    assert invite.contacts_lost


def test_contacts_of_another_key_do_not_count():
    invite = parse_key_text(Invite(OTHER).to_line() + LINE[42:])
    assert invite == Invite(OTHER)
    assert invite.contacts_lost


def test_a_good_invite_wins_over_a_damaged_one():
    assert parse_key_text(f"{LINE[:-3]}\n{LINE}").contacts == INVITE.contacts


def test_invites_to_two_rooms_are_not_chosen_between():
    assert "two different" in _error(f"{LINE}\n{Invite(OTHER).to_line()}").message


def test_a_damaged_key_in_an_invite_is_said_so():
    damaged = LINE[:12] + "ZZZZZ" + LINE[17:]
    assert _error(damaged).message == "The key in this invite is damaged."
    assert parse_key_text(f"{damaged} {to_words(KEY)}").key == KEY


def test_other_text_behind_the_prefix_is_explained_as_a_key():
    words = to_words(KEY).split()
    assert "not 14" in _error("teahouse: " + " ".join(words[:14])).message
    assert _error("teahouse: ?").message == "There is no room key in this text."
    assert _error("").message == "No room key was given."


def test_an_invite_of_an_unknown_version_needs_a_newer_program():
    body = b"\x02" + KEY.secret
    check = hashlib.blake2b(body, digest_size=4, person=b"teahouse/check").digest()
    number = int.from_bytes(body + check, "big")
    line = base32.text_of(number >> 5 * i & 31 for i in reversed(range(33)))
    assert _error("TEAHOUSE:" + line + LINE[42:]).code == "newer_key"
    assert _error(line).code == "newer_key"


def test_an_endless_text_is_not_searched():
    assert "too long" in _error("a" * (MAX_TEXT_CHARS + 1)).message


@pytest.mark.parametrize("text", ["TEAHOUSE:", "TEAHOUSE:1 ", "TEAHOUSE:" + "1 " * 400, LINE[:30]])
def test_the_longest_text_is_searched_within_bounds(text):
    _error(text * (MAX_TEXT_CHARS // len(text)))


@given(st.text())
def test_no_text_makes_anything_but_a_user_error(text):
    _error("TEAHOUSE:" + text)


@pytest.mark.parametrize(
    "invite",
    [
        Invite(KEY, (DOOR,) * 5),
        Invite(KEY, (), Ticket(b"short", bytes(16))),
        Invite(KEY, (Contact(b"d" * 32, ("tea.example", 9)),)),
    ],
)
def test_an_impossible_invite_is_our_own_mistake(invite):
    with pytest.raises(LocalError):
        invite.to_line()


def test_an_invite_never_prints_its_secrets():
    text = repr(Invite(KEY, (DOOR,), b"0123456789abcdef"))
    assert repr(KEY.secret) not in text
    assert "0123456789abcdef" not in text


def test_who_comes_by_a_personal_invite_proves_it_with_the_key_that_stands_in_the_room():
    proof = TICKET.prove(b"r" * 32, b"m" * 16)
    verify(invite_key(TICKET.seed), b"invite", b"r" * 32 + b"m" * 16, proof)
    with pytest.raises(RemoteError):
        verify(invite_key(b"t" * 16), b"invite", b"r" * 32 + b"m" * 16, proof)
    assert "ssss" not in repr(TICKET)
