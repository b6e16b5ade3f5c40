"""Drives walks through the Mainline DHT with real questions and the loop's time."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial

from p2p.dht.addresses import may_hand, plausible_port
from p2p.dht.mainline.calls import Calls, Comes
from p2p.dht.mainline.krpc import Answer, FindNode, Get, Node, Refusal
from p2p.dht.mainline.lookup import LookUp
from p2p.wire.addresses import Address


async def walk(
    lookup: LookUp,
    target: bytes,
    family: int,
    calls: Calls,
    own_id: bytes,
    now: Callable[[], float],
) -> AsyncGenerator[tuple[Address, Answer | None], None]:
    """Ask nodes until the look-up is done.

    Args:
        lookup: Says whom to ask.
        target: Where it goes.
        family: 4 or 6: version of IP.
        calls: Asks.
        own_id: The id to show.
        now: Monotonic seconds.

    Yields:
        Who was asked, and its answer, as it comes; None: there was none, or it refused.
    """
    answers: asyncio.Queue[tuple[Address, Answer | Refusal | None]] = asyncio.Queue()

    def put(address: Address, comes: Comes) -> None:
        answers.put_nowait((address, None if comes.cancelled() else comes.result()))

    while True:
        for address in lookup.to_ask(now()):
            asked = (FindNode if lookup.only_leads(address) else Get)(target, family)
            calls.ask(address, asked, own_id).add_done_callback(partial(put, address))
        if lookup.done(now()):
            return
        try:
            async with asyncio.timeout(max(0.001, lookup.next_timer(now()) - now())):
                address, answer = await answers.get()
        except TimeoutError:
            continue
        if isinstance(answer, Answer):
            lookup.on_answer(address, answer.id, named_in(answer, address), now())
            yield address, answer
        else:
            (lookup.on_silence if answer is None else lookup.on_refusal)(address)
            yield address, None


def named_in(answer: Answer, source: Address) -> list[Node]:
    """Give the nodes named in an answer, without those that its sender may not name to us."""
    return [
        node
        for node in answer.nodes
        if may_hand(node.address[0], source[0]) and plausible_port(node.address[1])
    ]
