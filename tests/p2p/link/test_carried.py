"""Lines through a carrier: two ends with real handshakes, and somebody between them."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.dh import KeyPair
from crypto.knock import KNOCK, Caller, Responder
from crypto.noise import Transport
from p2p.errors import RemoteError
from p2p.link.carried import LINES_MAX, PIECE_BYTES, PIECE_TYPE, CarriedLine, CarriedLines
from p2p.link.second_seal import SecondSeal
from p2p.wire.messages import Bye, Message, Ops

PSK = b"p" * 32
TAG = b"t" * 8


def transports() -> tuple[Transport, Transport]:
    secret = os.urandom(32)
    caller = Caller(os.urandom(32), KeyPair(secret).public, PSK, KNOCK, b"?", os.urandom)
    called = Responder(secret, PSK, KNOCK, os.urandom).accept(caller.datagram)
    caller.open_answer(called.answer(b"!"))
    return caller.transport, called.transport


def end(
    transport: Transport,
    carry: Callable[[bytes], None] = lambda _piece: None,
    *,
    dialled: bool,
    on_close: Callable[[], None] = lambda: None,
) -> CarriedLine:
    second = SecondSeal(asked=not dialled, rng=os.urandom)
    return CarriedLine(transport, TAG, carry, dialled=dialled, second=second, on_close=on_close)


def greeted(carry: Callable[[bytes], None] | None = None) -> tuple[CarriedLine, CarriedLine]:
    """Two ends; the second has said its key."""
    ours, theirs = transports()
    back: list[bytes] = []
    there = end(theirs, back.append, dialled=False)
    here = end(ours, carry or there.take, dialled=True)
    there.greet()
    for piece in back:
        here.take(piece)
    return here, there


def a_pair() -> tuple[CarriedLine, CarriedLine, list[bytes]]:
    """Two ends; what the first sends is carried to the second at once, and seen."""
    seen: list[bytes] = []

    def carry(piece: bytes) -> None:
        seen.append(piece)
        there.take(piece)

    here, there = greeted(carry)
    return here, there, seen


@given(st.lists(st.lists(st.binary(min_size=1, max_size=1000), max_size=14), max_size=4))
def test_messages_of_any_length_arrive_whole_in_pieces_of_one_size(ops: list[list[bytes]]) -> None:
    here, there, seen = a_pair()
    messages: list[Message] = [Ops(tuple(some)) for some in ops]
    for message in messages:
        here.send(message)
    arrived = [there._inbox.get_nowait() for _ in messages]
    assert arrived == messages
    assert {len(piece) for piece in seen} <= {PIECE_BYTES}
    assert all(piece[0] == PIECE_TYPE and piece[1:9] == TAG for piece in seen)


async def test_a_closed_line_sends_nothing_and_says_so_once() -> None:
    ended: list[str] = []
    ours, _ = transports()
    sent: list[bytes] = []
    line = end(ours, sent.append, dialled=True, on_close=lambda: ended.append("x"))
    await line.close()
    await line.close()
    line.send(Bye())
    assert sent == []
    assert ended == ["x"]
    with pytest.raises(ConnectionError):
        await line.receive()


def _twice(pieces: list[bytes]) -> list[bytes]:
    return [pieces[0], pieces[0]]


def _one_lost(pieces: list[bytes]) -> list[bytes]:
    return pieces[1:2]


def _one_bit(pieces: list[bytes]) -> list[bytes]:
    return [pieces[0][:-1] + bytes((pieces[0][-1] ^ 1,))]


@pytest.mark.parametrize("harm", [_twice, _one_lost, _one_bit])
def test_what_a_carrier_repeats_loses_or_changes_ends_the_line(
    harm: Callable[[list[bytes]], list[bytes]],
) -> None:
    pieces: list[bytes] = []
    here, there = greeted(pieces.append)
    here.send(Bye())
    here.send(Bye())
    *good, bad = harm(pieces)
    for piece in good:
        there.take(piece)
    with pytest.raises(RemoteError):
        there.take(bad)
    assert not there.open


def test_a_peer_cannot_make_us_collect_without_end() -> None:
    ours, theirs = transports()
    there = end(theirs, dialled=False)
    part = (0x8000 | 1024).to_bytes(2, "big") + bytes(1024)
    for _ in range(16):
        there.take(bytes((PIECE_TYPE,)) + TAG + ours.encrypt(part))
    with pytest.raises(RemoteError, match="too long"):
        there.take(bytes((PIECE_TYPE,)) + TAG + ours.encrypt(part))


@pytest.mark.parametrize(
    "plain", [b"", b"\x00", bytes(1027), (1025).to_bytes(2, "big").ljust(1026)]
)
def test_a_peers_malformed_piece_ends_the_line(plain: bytes) -> None:
    ours, theirs = transports()
    there = end(theirs, dialled=False)
    with pytest.raises(RemoteError):
        there.take(bytes((PIECE_TYPE,)) + TAG + ours.encrypt(plain))
    assert not there.open


async def test_lines_are_found_by_their_tag_and_are_never_too_many() -> None:
    lines = CarriedLines()
    ours, theirs = transports()
    greeting: list[bytes] = []
    first = lines.open(theirs, TAG, greeting.append, dialled=False)
    with pytest.raises(RemoteError):
        lines.open(theirs, TAG, lambda _piece: None, dialled=False)
    sent: list[bytes] = []
    there = CarriedLines()
    caller = there.open(ours, TAG, sent.append, dialled=True)
    caller.send(Bye())
    assert sent == []
    for piece in greeting:
        there.receive(piece)
    for piece in sent:
        lines.receive(piece)
    assert await first.receive() == Bye()
    with pytest.raises(RemoteError):
        lines.receive(sent[0][:-1])
    with pytest.raises(RemoteError):
        lines.receive(bytes((PIECE_TYPE,)) + bytes(PIECE_BYTES - 1))
    for number in range(LINES_MAX):
        lines.open(theirs, number.to_bytes(8, "big"), lambda _piece: None, dialled=True)
    assert len(lines) == LINES_MAX
    assert not first.open


def test_rubbish_under_both_seals_is_counted() -> None:
    here, there, _ = a_pair()
    here.send(Bye())
    assert here._second is not None
    here._second.say(b"\xc1\xc1")
    here._release(here._second)
    assert there.open
    assert there.counters.total() == 1


def test_rubbish_under_one_seal_ends_the_line() -> None:
    """Whoever has broken the handshake alone says nothing here."""
    ours, theirs = transports()
    there = end(theirs, dialled=False)
    there.greet()
    data = bytes(1_000)
    plain = len(data).to_bytes(2, "big") + data
    there.take(bytes((PIECE_TYPE,)) + TAG + ours.encrypt(plain.ljust(1026, b"\0")))
    assert not there.open
    assert there.counters.total() == 1
