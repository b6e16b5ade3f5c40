"""Proof of an address before anything costly is done for it."""

import os

import pytest

from crypto.cookie import (
    COOKIE_REPLY_BYTES,
    SECRET_KEPT_S,
    CookieJar,
    read_cookie,
    with_cookie,
)
from crypto.dh import KeyPair
from crypto.errors import RemoteError
from crypto.knock import HELLO, KNOCK_BYTES, NO_PSK, Caller, Responder

SECRET, HOME, AWAY = b"s" * 32, b"192.0.2.7 4433", b"192.0.2.7 4434"


def a_caller() -> Caller:
    public = KeyPair(SECRET).public
    return Caller(os.urandom(32), public, NO_PSK, HELLO, b"question", os.urandom)


def test_who_is_at_its_address_proves_it_by_asking_again() -> None:
    jar, caller = CookieJar(os.urandom, 0.0), a_caller()
    first = caller.datagram
    assert not jar.proves(first, HOME, 0.0)
    reply = jar.reply(first, HOME, 0.0)
    assert COOKIE_REPLY_BYTES <= len(reply) < COOKIE_REPLY_BYTES + 64
    caller.take_cookie(reply)
    assert len(caller.datagram) == KNOCK_BYTES
    assert jar.proves(caller.datagram, HOME, 1.0)
    assert (
        Responder(SECRET, NO_PSK, HELLO, os.urandom).accept(caller.datagram).payload == b"question"
    )
    later = a_caller()
    later.prove(caller.cookie or b"")
    assert jar.proves(later.datagram, HOME, 2.0)


def test_a_cookie_is_of_no_use_elsewhere_or_for_another_question() -> None:
    jar, caller = CookieJar(os.urandom, 0.0), a_caller()
    caller.take_cookie(jar.reply(caller.datagram, HOME, 0.0))
    assert not jar.proves(caller.datagram, AWAY, 0.0)
    other = a_caller().datagram
    assert not jar.proves(other[:17] + caller.datagram[17:33] + other[33:], HOME, 0.0)
    assert not CookieJar(os.urandom, 0.0).proves(caller.datagram, HOME, 0.0)


def test_a_cookie_lives_for_two_to_four_minutes() -> None:
    jar, caller = CookieJar(os.urandom, 0.0), a_caller()
    caller.take_cookie(jar.reply(caller.datagram, HOME, 0.0))
    assert jar.proves(caller.datagram, HOME, SECRET_KEPT_S)
    assert jar.proves(caller.datagram, HOME, 2 * SECRET_KEPT_S - 1)
    assert not jar.proves(caller.datagram, HOME, 2 * SECRET_KEPT_S)
    fresh = a_caller()
    fresh.take_cookie(jar.reply(fresh.datagram, HOME, 2 * SECRET_KEPT_S))
    assert not jar.proves(fresh.datagram, HOME, 9 * SECRET_KEPT_S)  # after a long quiet time


def test_a_caller_takes_one_cookie_and_only_its_own() -> None:
    jar, caller, other = CookieJar(os.urandom, 0.0), a_caller(), a_caller()
    with pytest.raises(RemoteError):
        caller.take_cookie(jar.reply(other.datagram, HOME, 0.0))
    reply = jar.reply(caller.datagram, HOME, 0.0)
    caller.take_cookie(reply)
    with pytest.raises(RemoteError):
        caller.take_cookie(reply)


@pytest.mark.parametrize(
    "reply", [b"", bytes(COOKIE_REPLY_BYTES - 1), bytes(COOKIE_REPLY_BYTES + 64)]
)
def test_what_is_no_cookie_is_refused(reply: bytes) -> None:
    with pytest.raises(RemoteError):
        read_cookie(reply)


def test_the_proof_changes_nothing_else_of_the_question() -> None:
    question = a_caller().datagram
    proven = with_cookie(question, b"c" * 16)
    assert (proven[:17], proven[33:]) == (question[:17], question[33:])
    assert proven[17:33] != question[17:33]
