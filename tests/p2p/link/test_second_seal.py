"""The second seal of a line: when what may be said, and what ends it."""

import os
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import RemoteError
from p2p.link.conversation import Conversation
from p2p.link.second_seal import SecondSeal
from p2p.wire import codec
from p2p.wire.messages import Bye, Ops

TIE = b"t" * 64


class End(Conversation):
    """A line over a list of what it has sent."""

    def __init__(self, *, asked: bool, tie: bytes = TIE) -> None:
        super().__init__(dialled=not asked, second=SecondSeal(asked=asked, rng=os.urandom))
        self.sent: deque[bytes] = deque()
        self._tie = tie

    @property
    def tie(self) -> bytes:
        return self._tie

    async def close(self) -> None:
        self._ended()

    def _transmit(self, data: bytes) -> None:
        self.sent.append(data)

    def takes_from(self, other: "End") -> None:
        while other.sent:
            self._arrived(other.sent.popleft())


def ends() -> tuple[End, End]:
    return End(asked=False), End(asked=True)


def met() -> tuple[End, End]:
    asking, asked = ends()
    asked.greet()
    asking.takes_from(asked)
    return asking, asked


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=40)), max_size=12))
async def test_whatever_is_said_when_arrives_in_order_and_nothing_of_it_is_in_clear(
    said: list[tuple[bool, bytes]],
) -> None:
    asking, asked = ends()
    seen: list[bytes] = []
    for number, (by_asking, text) in enumerate([(True, b"first"), *said]):
        (asking if by_asking else asked).send(Ops((b"words:" + text,)))
        if number == 1:
            asked.greet()
    if not said:
        asked.greet()
    for _ in range(3):
        seen += [*asking.sent, *asked.sent]
        asking.takes_from(asked)
        asked.takes_from(asking)
    for by_asking, reader in ((True, asked), (False, asking)):
        spoken = [text for by, text in [(True, b"first"), *said] if by is by_asking]
        assert [await reader.receive() for _ in spoken] == [Ops((b"words:" + t,)) for t in spoken]
    assert not any(b"words:" in data for data in seen)


def test_nothing_is_said_before_the_other_end_can_open_it() -> None:
    asking, asked = ends()
    asking.send(Bye())
    asked.send(Bye())
    assert not asking.sent
    assert not asked.sent
    asked.greet()
    assert [len(data) for data in asked.sent] == [1184]
    asking.takes_from(asked)
    assert len(asking.sent) == 1
    assert not asked.sent


def test_the_ciphertext_costs_no_message_of_its_own() -> None:
    asking, _asked = met()
    assert not asking.sent, "it waits for the first message"
    message = Ops((b"op",))
    asking.send(message)
    asking.send(message)
    assert [len(data) for data in asking.sent] == [
        1088 + len(codec.encode(message)) + 16,
        len(codec.encode(message)) + 16,
    ]


@pytest.mark.parametrize(
    "key",
    [b"", bytes(1183), b"\xff" * 1184, codec.encode(Bye())],
    ids=["empty", "short", "not reduced", "a message"],
)
async def test_a_door_with_no_good_key_is_left(key: bytes) -> None:
    asking, asked = ends()
    asking.send(Bye())
    asking._arrived(key)
    assert not asking.open
    assert asking.counters.total() == 1
    asked.greet()
    asking.takes_from(asked)
    assert not asking.sent
    with pytest.raises(ConnectionError):
        await asking.receive()


@pytest.mark.parametrize(
    "first",
    [
        codec.encode(Bye()),
        bytes(1087),
        bytes(1088),
        bytes(1088) + codec.encode(Bye()),
        bytes(1088 + 40),
    ],
    ids=["in clear", "short", "no message", "clear behind it", "for no key"],
)
async def test_who_says_nothing_that_opens_is_cut_off_and_counted(first: bytes) -> None:
    _, asked = met()
    asked._arrived(first)
    assert not asked.open
    assert asked.counters.total() == 1
    with pytest.raises(ConnectionError):
        await asked.receive()


async def test_who_speaks_before_it_was_greeted_is_cut_off() -> None:
    _, asked = ends()
    asked._arrived(bytes(2000))
    assert not asked.open


async def test_a_message_that_was_changed_ends_the_line() -> None:
    asking, asked = met()
    asking.send(Bye())
    asked.takes_from(asking)
    asking.send(Bye())
    data = asking.sent.pop()
    asked._arrived(data[:-1] + bytes((data[-1] ^ 1,)))
    assert await asked.receive() == Bye()
    assert not asked.open


async def test_the_keys_are_those_of_one_line() -> None:
    asking, asked = End(asked=False, tie=b"u" * 64), End(asked=True)
    asked.greet()
    asking.takes_from(asked)
    asking.send(Bye())
    asked.takes_from(asking)
    assert not asked.open


def test_a_closed_line_greets_nobody() -> None:
    _, asked = ends()
    asked._ended()
    asked.greet()
    assert not asked.sent


def test_the_asked_end_forgets_its_key_with_the_first_message() -> None:
    second = SecondSeal(asked=True, rng=os.urandom)
    other = SecondSeal(asked=False, rng=os.urandom)
    assert other.take(second.greeting(), TIE) is None
    other.say(b"?")
    (first,) = other.to_send()
    assert second.take(first, TIE) == b"?"
    assert second._key is None
    with pytest.raises(RemoteError):
        second.take(first, TIE)
