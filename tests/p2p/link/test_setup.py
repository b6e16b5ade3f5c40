"""How long the making of a link may take."""

import asyncio
import time

import pytest

from p2p.link import setup as limits
from p2p.link.errors import LinkFailed
from p2p.link.setup import Setup


async def test_without_progress_it_ends_after_the_limit() -> None:
    began_s = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Setup().limited(0.1):
            await asyncio.sleep(5.0)
    assert 0.09 < time.monotonic() - began_s < 1.0


async def test_with_progress_it_goes_on_and_repeats_are_none() -> None:
    setup, began_s = Setup(), time.monotonic()

    async def four_records_and_then_repeats() -> None:
        async with setup.limited(0.2):
            for n in range(100):
                await asyncio.sleep(0.1)
                setup.received(b"record %d" % min(n, 4))

    with pytest.raises(TimeoutError):
        await four_records_and_then_repeats()
    assert 0.6 < time.monotonic() - began_s < 2.0


async def test_it_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SETUP_LIMIT_S", 0.5)
    setup, began_s = Setup(), time.monotonic()

    async def progress_for_ever() -> None:
        async with setup.limited(0.2):
            while True:
                await asyncio.sleep(0.02)
                setup.progress()

    with pytest.raises(TimeoutError):
        await progress_for_ever()
    assert 0.45 < time.monotonic() - began_s < 2.0


async def test_progress_outside_of_a_limit_is_noted_only() -> None:
    setup = Setup()
    async with setup.limited(1.0):
        pass
    before_s = setup.progressed_s
    await asyncio.sleep(0.01)
    setup.progress()
    assert setup.progressed_s > before_s


async def test_what_was_closed_goes_no_further_and_says_so() -> None:
    setup = Setup()
    assert setup.is_new
    async with setup.limited(5.0):
        assert setup.is_under_way
        setup.enter("keys")
        setup.end()
        with pytest.raises(ConnectionError):
            setup.enter("channel")
    assert setup.is_closed
    assert setup.failed(TimeoutError()).stage == "closed"


async def test_what_fails_says_how_far_it_got_unless_the_failure_knows_better() -> None:
    setup = Setup()
    async with setup.limited(5.0):
        assert setup.failed(TimeoutError()).stage == "reach"
        setup.enter("keys")
        assert setup.failed(ConnectionError()).stage == "keys"
        assert setup.failed(LinkFailed("identity")).stage == "identity"
        setup.enter("channel")
        setup.enter("up")
    assert setup.is_up
