"""What a watcher of the line sees of a datagram, and what only its receiver sees."""

import os
import random
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

from crypto.cookie import with_cookie
from crypto.dh import KeyPair
from crypto.errors import LocalError
from crypto.ids import DhKey
from crypto.knock import HELLO, KNOCK, NO_PSK, Caller
from crypto.veil import (
    MAX_COVERED_BYTES,
    MAX_FILLED_BYTES,
    OVERHEAD_BYTES,
    QUESTION_BELOW,
    QUESTION_FROM,
    Veil,
    first_nonce,
)
from tests.crypto.censor import would_block

RECEIVER = DhKey(bytes(range(32)))
VEIL, OTHER = Veil(RECEIVER), Veil(DhKey(bytes(32)))


def question(purpose: bytes = HELLO) -> bytes:
    """As it is on the wire, 40 of 512 bytes being said."""
    dh = KeyPair(os.urandom(32)).public
    caller = Caller(os.urandom(32), dh, NO_PSK, purpose, bytes(40), os.urandom)
    return Veil(dh).cover(caller.datagram, os.urandom, first=True)


@given(st.binary(min_size=1, max_size=MAX_COVERED_BYTES), st.booleans())
def test_what_is_covered_is_lifted_by_its_receiver_and_by_nobody_else(
    datagram: bytes, first: bool
) -> None:
    covered = VEIL.cover(datagram, os.urandom, first=first)
    assert Veil(RECEIVER).lift(covered) == datagram
    assert OTHER.lift(covered) is None


@given(st.binary(min_size=28, max_size=1300))
def test_sound_keeps_its_length_and_all_but_its_header(packet: bytes) -> None:
    masked = VEIL.mask(packet)
    assert (len(masked), masked[12:]) == (len(packet), packet[12:])
    assert Veil(RECEIVER).mask(masked) == packet
    assert OTHER.mask(masked) != packet


def test_no_two_packets_of_sound_have_one_mask() -> None:
    header = b"\x80\x6f" + bytes(10)
    masks = {VEIL.mask(header + os.urandom(251))[:12] for _ in range(1000)}
    assert len(masks) == 1000


@given(st.binary(max_size=1500))
def test_whatever_comes_is_lifted_or_refused(data: bytes) -> None:
    assert VEIL.lift(data) is None


@pytest.mark.parametrize(
    "plain",
    [b"", b"\0", b"\0\0", bytes(40), b"\0\x05four", b"\0\1a\0\0\1", b"\xff\xff" + bytes(99)],
)
def test_what_its_receiver_s_key_opens_may_be_no_datagram_all_the_same(plain: bytes) -> None:
    assert VEIL.lift(bytes(24) + encrypt(plain, None, bytes(24), VEIL._seal_key)) is None


def test_a_changed_byte_makes_it_noise() -> None:
    covered = VEIL.cover(b"\x16" * 60, os.urandom, first=False)
    for at in range(len(covered)):
        changed = covered[:at] + bytes((covered[at] ^ 1,)) + covered[at + 1 :]
        assert VEIL.lift(changed) is None


def test_what_is_too_long_is_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        VEIL.cover(bytes(MAX_COVERED_BYTES + 1), os.urandom, first=False)


@pytest.mark.parametrize("length", [1, 100, 512, 600, 690, 800, 1024, 1150, 1158, 1159, 1400])
def test_lengths_vary_within_what_a_line_carries_and_leave_those_of_questions_out(
    length: int,
) -> None:
    datagram = b"\x16" + os.urandom(length - 1)
    sizes = {len(VEIL.cover(datagram, os.urandom, first=False)) for _ in range(1500)}
    least = OVERHEAD_BYTES + length
    assert not any(QUESTION_FROM <= size < QUESTION_BELOW for size in sizes)
    assert max(sizes) <= max(MAX_FILLED_BYTES, least)
    assert len(sizes) == (64 if least + 63 <= MAX_FILLED_BYTES else max(1, 1201 - least))


@pytest.mark.parametrize("purpose", [HELLO, KNOCK])
def test_a_question_without_a_cookie_is_known_by_its_length_alone(purpose: bytes) -> None:
    sizes = {len(question(purpose)) for _ in range(1500)}
    assert sizes == set(range(QUESTION_FROM, QUESTION_BELOW))


def test_a_question_that_evades_the_kernels_filter_is_refused() -> None:
    """In another length than that which the kernel counts on."""
    hello = b"\xc2" + os.urandom(16) + bytes(16) + os.urandom(479)
    for length in (QUESTION_FROM - 1, QUESTION_FROM, QUESTION_BELOW - 1, QUESTION_BELOW):
        plain = (b"\x02\x00" + hello).ljust(length - 40, b"\0")
        data = bytes(24) + encrypt(plain, None, bytes(24), VEIL._seal_key)
        assert (VEIL.lift(data) is None) is not (QUESTION_FROM <= length < QUESTION_BELOW)


def test_a_question_with_a_cookie_is_as_long_as_anything() -> None:
    caller = Caller(os.urandom(32), RECEIVER, NO_PSK, HELLO, b"hello", os.urandom)
    proven = with_cookie(caller.datagram, os.urandom(16))
    covered = VEIL.cover(proven, os.urandom, first=True)
    assert len(covered) < QUESTION_FROM
    assert VEIL.lift(covered) == proven


def test_of_ten_thousand_first_datagrams_none_is_blocked_and_no_byte_is_constant() -> None:
    """Each of a node and a run of its own, as a watcher of a border meets them."""
    chance, firsts = random.Random(4), list[bytes]()
    for number in range(10_000):
        veil = Veil(DhKey(chance.randbytes(32)))
        first = {
            0: b"\xc2" + chance.randbytes(16) + bytes(16) + chance.randbytes(479),
            1: b"\xc0" + chance.randbytes(16) + bytes(16) + chance.randbytes(479),
            2: b"\x00\x01\x00\x58\x21\x12\xa4\x42" + chance.randbytes(96),
            3: b"\x16\xfe\xff" + bytes(7) + chance.randbytes(180),
        }[number % 4]
        firsts.append(veil.cover(first, chance.randbytes, first=True))
    assert not [first for first in firsts if would_block(first)]
    for at in range(min(len(first) for first in firsts)):
        values = Counter(first[at] for first in firsts)
        assert len(values) > 90
        assert max(values.values()) < 300
    assert len({len(first) for first in firsts[::4]}) == QUESTION_BELOW - QUESTION_FROM


def test_the_rule_blocks_what_the_program_sent_before() -> None:
    """Else the test above would pass whatever it looks at."""
    chance = random.Random(5)
    bare = [b"\xc2" + chance.randbytes(16) + bytes(16) + chance.randbytes(479) for _ in range(500)]
    assert sum(would_block(each) for each in bare) > 450
    assert len({each[0] for each in bare}) == 1


def test_a_first_nonce_begins_with_what_can_be_printed_and_is_never_the_same() -> None:
    nonces = [first_nonce(os.urandom) for _ in range(3000)]
    assert len(set(nonces)) == len({nonce[:6] for nonce in nonces}) == 3000
    printable = set(string.printable[:95].encode())
    assert all(len(nonce) == 24 and set(nonce[:6]) <= printable for nonce in nonces)
    assert {len(nonce) - len(nonce.lstrip(bytes(printable))) for nonce in nonces} >= set(
        range(6, 19)
    )
    assert {nonce[0] for nonce in nonces} == printable
