import os

from p2p.dht.calls import MAX_CALLS, Calls
from p2p.dht.contact import NodeContact
from p2p.dht.messages import Pong, Stored

ASKED = NodeContact(("11.0.0.1", 4000), bytes(32))
OTHER = NodeContact(("11.0.0.2", 4000), bytes(32))


async def test_only_the_asked_node_settles_a_question_once_and_in_kind():
    calls = Calls(os.urandom)
    tx, comes = calls.begin(ASKED, Pong)
    assert not calls.settle(OTHER, Pong(tx, True))
    assert not calls.settle(ASKED, Stored(tx, 0))
    assert not calls.settle(ASKED, Pong(bytes(8), True))
    assert calls.settle(ASKED, Pong(tx, True))
    assert not calls.settle(ASKED, Pong(tx, True))
    assert await comes == Pong(tx, True)
    calls.give_up(tx)


async def test_a_question_ends_without_an_answer_after_its_time():
    calls = Calls(os.urandom, answer_s=0.01)
    _, comes = calls.begin(ASKED, Pong)
    assert await comes is None
    assert len(calls) == 0


async def test_open_questions_are_bounded_and_end_at_the_close():
    calls = Calls(os.urandom)
    comes = [calls.begin(ASKED, Pong)[1] for _ in range(MAX_CALLS + 5)]
    assert len(calls) == MAX_CALLS
    assert [each.done() for each in comes[-5:]] == [True] * 5
    comes[0].cancel()
    calls.close()
    assert [await each for each in comes[1:]] == [None] * (MAX_CALLS + 4)
    assert await calls.begin(ASKED, Pong)[1] is None
