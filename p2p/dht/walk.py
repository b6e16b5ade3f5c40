"""Drives one :class:`~p2p.dht.lookup.LookUp` with real questions and the loop's time."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial

from crypto.errors import RemoteError
from p2p.dht.addresses import may_hand
from p2p.dht.contact import NodeContact
from p2p.dht.lookup import LookUp
from p2p.dht.messages import Answer, Found, to_contact

Ask = Callable[[NodeContact], "asyncio.Future[Answer | None]"]


async def walk(
    lookup: LookUp, ask: Ask, now: Callable[[], float]
) -> AsyncGenerator[tuple[NodeContact, Found], None]:
    """Ask nodes until the look-up is done.

    Args:
        lookup: Says whom to ask.
        ask: Sends a Find and gives what it comes to.
        now: Monotonic seconds.

    Yields:
        Every answer, as it comes.
    """
    answers: asyncio.Queue[tuple[NodeContact, Answer | None]] = asyncio.Queue()

    def put(contact: NodeContact, comes: "asyncio.Future[Answer | None]") -> None:
        answers.put_nowait((contact, None if comes.cancelled() else comes.result()))

    while True:
        for contact in lookup.to_ask(now()):
            ask(contact).add_done_callback(partial(put, contact))
        if lookup.done(now()):
            return
        try:
            async with asyncio.timeout(max(0.001, lookup.next_timer(now()) - now())):
                contact, answer = await answers.get()
        except TimeoutError:
            continue
        if isinstance(answer, Found):
            lookup.on_answer(contact, named_in(answer, contact), now())
            yield contact, answer
        else:
            lookup.on_silence(contact)


def named_in(answer: Found, source: NodeContact) -> list[NodeContact]:
    """Read the nodes named in an answer, without those that its sender may not name to us."""
    contacts: list[NodeContact] = []
    for peer in answer.peers:
        try:
            contact = to_contact(peer)
        except RemoteError:
            continue
        if may_hand(contact.address[0], source.address[0]):
            contacts.append(contact)
    return contacts
