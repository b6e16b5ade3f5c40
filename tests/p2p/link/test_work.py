import asyncio

import pytest

from p2p.link import work as work_module
from p2p.link.work import Work


async def test_a_child_that_fails_is_counted_and_its_siblings_go_on() -> None:
    done = asyncio.Event()

    async def fails() -> None:
        raise KeyError("a secret must not be logged")

    async def lives() -> None:
        await asyncio.sleep(0)
        done.set()

    async with Work() as work:
        work.create_task(fails())
        work.create_task(lives())
        await asyncio.wait_for(done.wait(), 1.0)
        assert work.failures == {"KeyError": 1}


async def test_leaving_ends_all_children() -> None:
    ended = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with Work() as work:
        tasks = [work.create_task(waits()) for _ in range(3)]
        await asyncio.sleep(0)
    assert ended == [True] * 3
    assert all(task.done() for task in tasks)


async def test_the_owners_own_error_passes_on_as_it_is() -> None:
    async def owner() -> None:
        async with Work() as work:
            work.create_task(asyncio.sleep(60))
            await asyncio.sleep(0)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await owner()


async def test_only_the_type_of_an_error_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise OSError("203.0.113.9:4433")

    async with Work() as work:
        task = work.create_task(fails())
        await task
    assert "OSError" in caplog.text
    assert "203.0.113.9" not in caplog.text


async def test_a_child_that_misses_its_end_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_module, "CANCEL_AGAIN_S", 0.01)
    told = 0

    async def misses() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1

    async with asyncio.timeout(5.0), Work() as work:
        work.create_task(misses())
        await asyncio.sleep(0)
    assert told == 3
