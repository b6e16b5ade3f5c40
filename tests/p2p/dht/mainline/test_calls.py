"""Questions to nodes, on a loop without a socket."""

import asyncio

from p2p.dht.mainline.calls import CALLS_MAX, READ_MAX, Calls
from p2p.dht.mainline.krpc import Answer, Get, Refusal
from p2p.dht.mainline.lookup import ANSWER_S

NODE, OTHER = ("11.0.0.1", 6881), ("11.0.1.1", 6881)
OWN, THEIRS = b"o" * 20, b"t" * 20
ASKED = Get(b"x" * 20, 4)


class Numbers:
    """A source of bytes that counts."""

    def __init__(self):
        self.n = 0

    def __call__(self, count):
        self.n += 1
        return self.n.to_bytes(count, "big")


def made():
    sent = []
    return Calls(lambda data, to: sent.append((data, to)), Numbers()), sent


def answer(number):
    return b"d1:rd2:id20:" + THEIRS + b"e1:t4:" + number.to_bytes(4, "big") + b"1:y1:re"


async def test_the_answer_comes_to_who_asked():
    calls, sent = made()
    comes = calls.ask(NODE, ASKED, OWN)
    assert [to for _, to in sent] == [NODE]
    calls.receive(answer(1), NODE)
    assert await comes == Answer((1).to_bytes(4, "big"), THEIRS, (), b"", None, None)
    assert len(calls) == 0
    calls.receive(answer(1), NODE)  # once more: nobody waits
    assert calls.counts["not asked"] == 1


async def test_a_refusal_comes_too():
    calls, _ = made()
    comes = calls.ask(NODE, ASKED, OWN)
    calls.receive(b"d1:eli204e7:unknowne1:t4:\0\0\0\x011:y1:ee", NODE)
    assert await comes == Refusal(b"\0\0\0\x01")


async def test_of_two_questions_to_one_node_each_has_its_answer():
    calls, _ = made()
    one, two = calls.ask(NODE, ASKED, OWN), calls.ask(NODE, ASKED, OWN)
    calls.receive(answer(2), NODE)
    calls.receive(answer(1), NODE)
    assert (await one).tx == b"\0\0\0\x01"
    assert (await two).tx == b"\0\0\0\x02"


async def test_an_answer_from_elsewhere_or_with_another_number_ends_nothing():
    calls, _ = made()
    comes = calls.ask(NODE, ASKED, OWN)
    calls.ask(OTHER, ASKED, OWN)
    calls.receive(answer(1), OTHER)
    calls.receive(answer(7), NODE)
    calls.receive(b"junk", NODE)
    assert not comes.done()
    assert calls.counts["answer without a question"] == 2
    assert calls.counts["bad"] == 1


async def test_of_a_flood_only_a_few_are_read():
    calls, _ = made()
    calls.ask(NODE, ASKED, OWN)
    for _ in range(100):
        calls.receive(b"junk", NODE)
    assert calls.counts["bad"] == READ_MAX
    assert calls.counts["not asked"] == 100 - READ_MAX


async def test_too_many_at_once_are_not_asked():
    calls, sent = made()
    for _ in range(CALLS_MAX):
        calls.ask(NODE, ASKED, OWN)
    assert await calls.ask(NODE, ASKED, OWN) is None
    assert len(sent) == len(calls) == CALLS_MAX
    calls.close()
    assert len(calls) == 0


async def test_a_network_that_is_gone_is_no_answer():
    def gone(_data, _to):
        raise OSError("network is unreachable")

    calls = Calls(gone, Numbers())
    assert await calls.ask(NODE, ASKED, OWN) is None


async def test_silence_ends_after_a_while(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.calls.ANSWER_S", 0.05)
    calls, _ = made()
    assert await calls.ask(NODE, ASKED, OWN) is None
    assert ANSWER_S == 2.0


async def test_nobody_waits_for_an_answer_that_was_given_up():
    calls, _ = made()
    comes = calls.ask(NODE, ASKED, OWN)
    comes.cancel()
    calls.receive(answer(1), NODE)
    await asyncio.sleep(0)
    assert len(calls) == 0
