"""Connectivity checks over the shared socket: requests that wait for their responses.

aioice sees one ``MuxStun`` per IP version and takes it for a socket. Its retransmission timer
(0.5, 1, 2 … s) is replaced: the first check of the end that starts earlier is normally lost at the
other's NAT, and waiting half a second for the next one is what a person would hear.
"""

import asyncio
import os
import time
from typing import Protocol

from p2p.link.consent import (
    TRANSACTION_BYTES,
    is_signed,
    mapped_address,
    signed,
    transaction_of,
)
from p2p.link.covered import CoveredMux
from p2p.link.ice_candidate import ice_candidate
from p2p.link.routes import LinkSession
from p2p.link.transports import ice, stun
from p2p.wire.addresses import Address, is_stream

FIRST_REPEAT_S = 0.1
REPEAT_GROWTH = 1.5
LONGEST_REPEAT_S = 1.0
CHECK_LIMIT_S = 10.0
RECHECK_GUARD_S = 0.005
MAX_SENDS = 30
PROBE_ANSWER_LIMIT_S = 10.0


class CheckOwner(Protocol):
    """The connection that the checks belong to."""

    @property
    def session(self) -> LinkSession:
        """The link, as the socket's tables know it."""
        ...

    @property
    def remote_key(self) -> bytes:
        """What the peer's responses are authenticated with. Secret."""
        ...

    def measured(self, rtt_s: float) -> None:
        """A round trip was measured."""
        ...

    def seen_at(self, address: Address, witness: str) -> None:
        """The peer, answering from the IP ``witness``, says from where our check came."""
        ...

    def consented(self) -> None:
        """A consent check was answered."""
        ...

    def may_switch_role(self, error_code: int | None) -> bool:
        """Whether an error response is to be believed."""
        ...


class _Check:
    """One request that waits for its response.

    Each repeat has a transaction of its own: its answer tells how long the way is, though the line
    is longer than the time between two of them.
    """

    def __init__(self, request: bytes, address: Address, key: bytes) -> None:
        self.request = request
        self.address = address
        self.key = key
        self.first_s = self.last_s = time.monotonic()
        self.sent_s: dict[bytes, float] = {}
        self.answer: asyncio.Future[tuple[stun.Message, Address]] | None = None


class MuxStun(ice.StunProtocol):
    """aioice's view of the shared socket, for one IP version."""

    def __init__(
        self, connection: ice.Connection, owner: CheckOwner, mux: CoveredMux, version: int
    ) -> None:
        super().__init__(connection)
        self._owner = owner
        self._mux = mux
        self._checks: dict[bytes, _Check] = {}
        host = "::" if version == 6 else "0.0.0.0"  # noqa: S104  only its version matters
        self.version = version
        self.local_candidate = ice_candidate((host, mux.local_port), "host")

    async def close(self) -> None:
        """Forgets all requests; the socket stays."""
        for check in list(self._checks.values()):
            self._drop(check)
        self.connection_lost(None)

    async def send_data(self, data: bytes, addr: Address) -> None:
        """Sends DTLS."""
        self._mux.send(data, addr)

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        """Sends a STUN message."""
        self._mux.send(bytes(message), addr)

    async def request(
        self,
        request: stun.Message,
        addr: Address,
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[stun.Message, Address]:
        """Asks until the answer comes: quick repeats at first, 10 s at most."""
        check = _Check(bytes(request), addr, integrity_key or b"")
        check.answer = asyncio.get_running_loop().create_future()
        wait_s = FIRST_REPEAT_S
        try:
            while time.monotonic() - check.first_s < CHECK_LIMIT_S:
                self._send(check)
                done, _ = await asyncio.wait([check.answer], timeout=wait_s)
                if done:
                    return self._outcome(*check.answer.result())
                wait_s = min(wait_s * REPEAT_GROWTH, LONGEST_REPEAT_S)
            raise stun.TransactionTimeout
        finally:
            self._drop(check)

    def probe(self, request: bytes, addr: Address, integrity_key: bytes) -> None:
        """Asks once, without waiting; the connection is told of the answer.

        Args:
            request: Without proof; every probe gets a transaction of its own.
            addr: Whom.
            integrity_key: The peer's password. Secret.
        """
        now = time.monotonic()
        for check in list(self._checks.values()):
            if check.answer is None and now - check.first_s > PROBE_ANSWER_LIMIT_S:
                self._drop(check)
        self._send(_Check(request, addr, integrity_key))

    def probe_answered(self, data: bytes, addr: Address) -> bool:
        """Takes the usual answer to a probe; False: it is something else, or not authentic."""
        check = self._checks.get(transaction_of(data))
        mapped = mapped_address(data)
        if check is None or check.answer is not None or mapped is None:
            return False
        if not is_signed(data, self._owner.remote_key):
            return False
        self._saw(mapped, addr)
        self._owner.measured(time.monotonic() - check.first_s)
        self._drop(check)
        self._owner.consented()
        return True

    def recheck(self, addr: Address) -> None:
        """Repeats a waiting request now: the peer's own check shows that the way just opened."""
        now = time.monotonic()
        for check in set(self._checks.values()):
            waiting = check.answer is not None and check.address == addr
            if waiting and now - check.last_s > RECHECK_GUARD_S:
                self._send(check)

    def answered(self, message: stun.Message, addr: Address) -> bool:
        """Takes a response.

        Returns:
            Whether it answers a request of ours and carries the peer's proof.
        """
        check = self._checks.get(message.transaction_id)
        if check is None or not message.check_message_integrity(self._owner.remote_key):
            return False
        mapped = message.attributes.get("XOR-MAPPED-ADDRESS")
        if mapped is not None:
            self._saw((str(mapped[0]), int(mapped[1])), addr)
        self._owner.measured(time.monotonic() - check.sent_s[message.transaction_id])
        if check.answer is None:
            self._drop(check)
            if message.message_class == stun.Class.RESPONSE:
                self._owner.consented()
        elif not check.answer.done():
            check.answer.set_result((message, addr))
        return True

    def _outcome(self, message: stun.Message, addr: Address) -> tuple[stun.Message, Address]:
        if message.message_class == stun.Class.RESPONSE:
            return message, addr
        if self._owner.may_switch_role(message.error_code):
            raise stun.TransactionFailed(message)
        raise stun.TransactionTimeout

    def _saw(self, mapped: Address, addr: Address) -> None:
        """Where a stream comes from tells nothing of our UDP port."""
        if not is_stream(addr):
            self._owner.seen_at(mapped, addr[0])

    def _send(self, check: _Check) -> None:
        if len(check.sent_s) >= MAX_SENDS:
            return
        transaction = os.urandom(TRANSACTION_BYTES)
        check.last_s = check.sent_s[transaction] = time.monotonic()
        self._checks[transaction] = check
        self._mux.routes.expect(transaction, self._owner.session)
        self._mux.send(signed(check.request, transaction, check.key), check.address)

    def _drop(self, check: _Check) -> None:
        for transaction in check.sent_s:
            self._checks.pop(transaction, None)
            self._mux.routes.expect_no_more(transaction)
