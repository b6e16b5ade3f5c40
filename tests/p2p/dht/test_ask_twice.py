"""Who is asked again, and whose answer counts."""

import asyncio

from p2p.dht.ask_twice import ask_twice

SOON_S, LONG_S = 0.02, 60.0


async def asked(answers, whom, again_s, more_s):
    """Node by node how often it was asked; ``answers`` says at which question each answers."""
    times = dict.fromkeys(whom, 0)

    def ask(node):
        times[node] += 1
        future = asyncio.get_running_loop().create_future()
        if times[node] == answers.get(node):
            future.set_result(f"{node} kept it")
        return future

    return times, await ask_twice(ask, whom, again_s, more_s)


async def test_who_answers_is_asked_once_and_who_does_not_a_second_time():
    times, came = await asked({"a": 1, "b": 2}, ["a", "b", "c"], SOON_S, SOON_S)
    assert times == {"a": 1, "b": 2, "c": 2}
    assert came == [("a", "a kept it"), ("b", "b kept it")]


async def test_where_all_answer_nobody_is_waited_for():
    times, came = await asked({"a": 1, "b": 1}, ["a", "b"], LONG_S, LONG_S)
    assert (times, len(came)) == ({"a": 1, "b": 1}, 2)


async def test_without_nodes_nothing_is_asked():
    assert await asked({}, [], LONG_S, LONG_S) == ({}, [])
