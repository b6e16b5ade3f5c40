"""Lines over a link that is only its four attributes: what a line does needs no network."""

import pytest

from p2p.link.line import BREACHES_MAX, INBOX_MESSAGES, Line
from p2p.wire import codec
from p2p.wire.messages import Bye, Ops


class Wire:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = 0
        self.on_message = lambda data: None
        self.on_closed = lambda why: None

    def send_message(self, data: bytes) -> bool:
        self.sent.append(data)
        return True

    async def close(self) -> None:
        self.closed += 1


def a_line() -> tuple[Line, Wire]:
    wire = Wire()
    return Line(wire, dialled=True), wire  # type: ignore[arg-type]


async def test_messages_come_out_in_order_and_then_the_end() -> None:
    line, wire = a_line()
    wire.on_message(codec.encode(Bye()))
    wire.on_message(codec.encode(Ops((b"op",))))
    wire.on_closed("peer")
    assert await line.receive() == Bye()
    assert await line.receive() == Ops((b"op",))
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await line.receive()


async def test_a_closed_line_sends_nothing() -> None:
    line, wire = a_line()
    line.send(Bye())
    await line.close()
    await line.close()
    line.send(Bye())
    assert wire.sent == [codec.encode(Bye())]
    assert wire.closed == 2


async def test_rubbish_is_counted_and_too_much_of_it_ends_the_line() -> None:
    line, wire = a_line()
    for _ in range(BREACHES_MAX - 1):
        wire.on_message(b"\xc1 rubbish")
    assert line.open
    assert line.counters.total() == BREACHES_MAX - 1
    wire.on_message(b"\xc1 rubbish")
    assert not line.open


async def test_a_flood_fills_the_inbox_and_ends_the_line() -> None:
    line, wire = a_line()
    for _ in range(INBOX_MESSAGES + BREACHES_MAX):
        wire.on_message(codec.encode(Bye()))
    assert line.counters["flood"] == BREACHES_MAX
    assert not line.open
    for _ in range(INBOX_MESSAGES - 1):
        assert await line.receive() == Bye()
    with pytest.raises(ConnectionError):
        await line.receive()
