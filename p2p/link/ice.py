"""Finding a way to a peer: aioice over the shared socket (RFC 8445, consent RFC 7675).

aioice's own gathering (which lists interfaces and asks STUN servers), timers, consent checks and
way of receiving are replaced. Its names with an underscore, and its version, are pinned by tests.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Protocol

from p2p.link.checks import MuxStun
from p2p.link.consent import SettledChecks, answer_to, is_signed
from p2p.link.consent_clock import ConsentClock
from p2p.link.covered import CoveredMux
from p2p.link.hints import Hints
from p2p.link.ice_candidate import ice_candidate, is_at
from p2p.link.routes import LinkSession
from p2p.link.transports import ice, stun
from p2p.wire.addresses import Address, family_of, is_stream
from p2p.wire.offers import Candidate, CandidateKind

UFRAG_CHARS = 8
PWD_CHARS = 22

MAX_ROLE_CONFLICTS = 4
NEW_WAY_CHECKS_S = (0.1, 0.15, 0.2, 0.3, 0.45)
"""The peer sends nothing before one of our checks has come; so the first ones go quickly."""
MAX_PAIRS = 24

_PAIR = ice.CandidatePair.State


def make_credentials(rng: Callable[[int], bytes]) -> tuple[str, str]:
    """Makes user fragment (48 bits) and password (132 bits) of ICE (RFC 8839 §5.4). Secret."""
    ufrag = base64.b64encode(rng(UFRAG_CHARS * 3 // 4)).decode()
    return ufrag, base64.b64encode(rng(18)).decode()[:PWD_CHARS]


class LinkOwner(LinkSession, Protocol):
    """The link that a connection finds a way for."""

    def heard(self) -> None:
        """The peer proved that it is there."""
        ...

    def verified(self, address: Address) -> None:
        """A check of ours was answered from there."""
        ...

    def seen_at(self, address: Address, witness: str) -> None:
        """The peer answers a check from the IP ``witness``: it sees us at this address."""
        ...

    def consent_ended(self) -> None:
        """The peer has not answered for so long that we may send no more."""
        ...


class MuxConnection(ice.Connection):
    """One ICE session on the shared socket.

    Args:
        mux: The socket.
        session: The link.
        controlling: Our role; a conflict is settled by ICE.
        credentials: Own user fragment and password.
        rng: For the spread of consent checks.

    Attributes:
        consent: When the peer is asked whether it still wants what we send.
    """

    def __init__(
        self,
        mux: CoveredMux,
        session: LinkOwner,
        *,
        controlling: bool,
        credentials: tuple[str, str],
        rng: Callable[[int], bytes],
    ) -> None:
        super().__init__(
            controlling,
            stun_server=None,
            turn_server=None,
            local_username=credentials[0],
            local_password=credentials[1],
        )
        self.session = session
        self.consent = ConsentClock(rng, time.monotonic())
        self._mux = mux
        self._conflicts = 0
        self._hints = Hints()
        self._checks = SettledChecks()
        self._stuns = [MuxStun(self, self, mux, version) for version in mux.families]
        self._protocols.extend(self._stuns)
        self._local_candidates.extend(protocol.local_candidate for protocol in self._stuns)
        self._local_candidates_end = True

    @property
    def remote_key(self) -> bytes:
        """What the peer's responses are authenticated with. Secret; random before it is known."""
        return (self.remote_password or self.local_password).encode()

    @property
    def remote_address(self) -> Address | None:
        """Where data goes now."""
        pair = self._nominated.get(1)
        return pair.remote_addr if pair is not None else None

    async def gather_candidates(self) -> None:
        """Does nothing: there is one socket."""

    async def reach(
        self,
        ufrag: str,
        pwd: str,
        candidates: tuple[Candidate, ...],
        known: tuple[Address, ...] = (),
    ) -> None:
        """Checks all candidates until one works.

        The peer may show itself from an address that nobody knew. The caller sets the limit.

        Args:
            ufrag: The peer's.
            pwd: The peer's.
            candidates: As the peer named them.
            known: Where our question was answered from: the way works, and the peer's proof came
                with the answer. It is used at once; our check goes ahead of what we send.
        """
        self.remote_username, self.remote_password = ufrag, pwd
        for address in known:
            await self.add_remote_candidate(ice_candidate(address, "host"))
            self._use_at_once(address)
        for candidate in candidates:
            kind = "host" if candidate.kind is CandidateKind.HOST else "srflx"
            await self.add_remote_candidate(ice_candidate(candidate.address, kind))
        await self.connect()

    def stop(self) -> None:
        """Ends all checks at once, without waiting for their tasks."""
        self._closing = True
        tasks = [pair.task for pair in self._check_list if pair.task is not None]
        for task in [*tasks, self._query_consent_task]:
            if task is not None:
                task.cancel()

    def send_dtls(self, data: bytes) -> None:
        """Sends DTLS to where the peer is; lost while that is unknown."""
        address = self.remote_address
        if address is not None:
            self._mux.send(data, address)

    def on_stun(self, data: bytes, address: Address) -> None:
        """Takes a STUN message for this connection; bad ones are counted."""
        way = self._way
        if self._is_routine(data, address, way):
            self.session.heard()
            return
        try:
            message = stun.parse_message(data)
        except Exception:  # hostile bytes: struct, unicode and value errors
            self._mux.counters["stun_malformed"] += 1
            return
        version = family_of(address)
        protocol = next(p for p in self._stuns if p.version == version)
        if message.message_class != stun.Class.REQUEST:
            good = any(p.answered(message, address) for p in self._stuns)
        else:
            good = not self._closing and self._authentic(message)
            if good:
                if is_stream(address):
                    self._asked_by_stream(message, data, address, protocol)
                else:
                    self.request_received(message, address, protocol)
                usual = self.ice_controlling or "USE-CANDIDATE" in message.attributes
                if usual and self._settled_at(address) and way == self._way:
                    self._checks.learn(data, address, way)
        if good:
            self.session.heard()
        else:
            self._mux.counters["stun_refused"] += 1

    def _asked_by_stream(
        self, message: stun.Message, data: bytes, address: Address, protocol: MuxStun
    ) -> None:
        """Answers a check that came by TCP; aioice's own answer has no place for such an address.

        The ends never claim the same role there: only who asks for a link opens a stream.
        """
        self._mux.send(answer_to(data, address, self.local_password.encode()), address)
        if self._early_checks_done:
            self.check_incoming(message, address, protocol)
        else:
            self._early_checks.append((message, address, protocol))

    def answered_at(self, address: Address | None) -> None:
        """Our offer goes there alone, from where it was asked for: see ``check_incoming``."""
        self._hints.trusted_from = address

    def _use_at_once(self, address: Address) -> None:
        """Takes a way for checked that has shown to work already."""
        candidate = next((c for c in self._remote_candidates if is_at(c, address)), None)
        for protocol in self._stuns:
            if candidate is not None and protocol.local_candidate.can_pair_with(candidate):
                pair = self._find_pair(protocol, candidate)
                if pair is None:
                    pair = ice.CandidatePair(protocol, candidate)
                    self._check_list.append(pair)
                self._succeed(pair)
                self._insist(*NEW_WAY_CHECKS_S)

    def _succeed(self, pair: ice.CandidatePair) -> None:
        pair.state, pair.nominated = _PAIR.SUCCEEDED, True
        self.check_complete(pair)

    def late_candidate(self, address: Address) -> None:
        """Checks an address learned after the start, for instance a peer's new one."""
        self._hints.told = address
        known = next((c for c in self._remote_candidates if is_at(c, address)), None)
        candidate = known or ice_candidate(address, "srflx")
        for protocol in self._stuns:
            if not protocol.local_candidate.can_pair_with(candidate) or not self._room_for_pair():
                continue
            if known is None:
                self._remote_candidates.append(candidate)
            pair = self._find_pair(protocol, candidate)
            if pair is None:
                pair = ice.CandidatePair(protocol, candidate)
                self._check_list.append(pair)
                self.sort_check_list()
            self._check_again(pair)

    def knows(self, address: Address) -> bool:
        """Whether an address of the peer is among those that are checked."""
        return any(is_at(candidate, address) for candidate in self._remote_candidates)

    def may_be_at(self, address: Address, now: float) -> None:
        """The peer's sound comes from there: if that is news, or what we use is silent, checks."""
        if not self._hints.follows(now):
            return
        if self.consent.is_silent(time.monotonic()) or not self.knows(address):
            self.late_candidate(address)

    def probe(self) -> None:
        """Sends one consent check on the way in use."""
        pair = self._nominated.get(1)
        if pair is not None and isinstance(pair.protocol, MuxStun):
            self.consent.asked(time.monotonic())
            check = self._checks.own(
                self._way, lambda: bytes(self.build_request(pair, nominate=self.ice_controlling))
            )
            pair.protocol.probe(check, pair.remote_addr, self.remote_key)

    async def query_consent(self) -> None:
        """Asks for consent for as long as there is any; then the link is lost."""
        consent = self.consent
        consent.found(time.monotonic())
        while True:
            self.probe()
            wait_s = consent.first_wait_s(time.monotonic(), controlling=self.ice_controlling)
            while wait_s > 0.0:
                await asyncio.sleep(wait_s)
                wait_s = consent.rest_s(
                    time.monotonic(),
                    self.session.standing.last_heard_s,
                    controlling=self.ice_controlling,
                )
            if consent.has_ended(time.monotonic()):
                self._query_consent_task = None
                self.session.consent_ended()
                return

    def _insist(self, *waits_s: float) -> None:
        """Has the first check arrive."""
        self.probe()
        if waits_s:
            asyncio.get_running_loop().call_later(waits_s[0], self._insist_again, waits_s[1:])

    def _insist_again(self, waits_s: tuple[float, ...]) -> None:
        if self.consent.unanswered and not self._closing:
            self._insist(*waits_s)

    def seen_at(self, address: Address, witness: str) -> None:
        """The peer says from where our check came."""
        self.session.seen_at(address, witness)

    def consented(self) -> None:
        """A consent check was answered."""
        self.consent.answered(time.monotonic())

    def measured(self, rtt_s: float) -> None:
        """A round trip was measured."""
        self.consent.measured(rtt_s)

    def may_switch_role(self, error_code: int | None) -> bool:
        """Whether another role conflict is believed; an endless row of them is hostile."""
        self._conflicts += error_code == 487
        return self._conflicts <= MAX_ROLE_CONFLICTS

    def check_incoming(
        self, message: stun.Message, addr: Address, protocol: ice.StunProtocol
    ) -> None:
        """A check of the peer arrived, and its proof is good."""
        self._mux.routes.claim(addr, self.session, proven=False)
        known = next((c for c in self._remote_candidates if is_at(c, addr)), None)
        pair = None if known is None else self._find_pair(protocol, known)
        if pair is None and not self._room_for_pair():
            self._mux.counters["stun_refused"] += 1
            return
        if pair is not None:
            self._revive(pair)
        super().check_incoming(message, addr, protocol)
        if addr == self._hints.trusted_from and not self._nominated:
            # Its proof is made with what we sent there, and nowhere else: so it is there.
            self._succeed(next(p for p in self._check_list if p.remote_addr == addr))
        if isinstance(protocol, MuxStun):
            protocol.recheck(addr)
        if addr == self.remote_address:
            self._answer_back()

    def check_complete(self, pair: ice.CandidatePair) -> None:
        """A check of ours ended."""
        if pair.state == _PAIR.SUCCEEDED:
            self.session.verified(pair.remote_addr)
        before = self._nominated.get(1)
        super().check_complete(pair)
        if self._nominated.get(1) is before:
            return
        if before is not None and self._prefers(before, pair):
            # RFC 5245 §8.1.1.2; otherwise the last success would win, at each end another one.
            self._nominated[1] = before
        else:
            self.consent.found(time.monotonic())
            self._mux.outlets_changed()

    @property
    def _way(self) -> tuple[ice.CandidatePair | None, bool]:
        """The way in use, and our role: what a check depends on."""
        return self._nominated.get(1), self.ice_controlling

    def _settled_at(self, address: Address) -> bool:
        """Whether another check of the peer from there can change nothing."""
        pair = self._nominated.get(1)
        here = pair is not None and (pair.remote_addr, pair.state) == (address, _PAIR.SUCCEEDED)
        return here and not self._closing

    def _is_routine(self, data: bytes, address: Address, way: object) -> bool:
        """Deals with the peer's usual check, and its usual answer to ours."""
        if any(protocol.probe_answered(data, address) for protocol in self._stuns):
            return True
        if not self._checks.repeats(data, address, way) or not self._settled_at(address):
            return False
        if not is_signed(data, own_key := self.local_password.encode()):
            return False
        self._mux.send(answer_to(data, address, own_key), address)
        self._mux.routes.claim(address, self.session, proven=not self.ice_controlling)
        for protocol in self._stuns:
            protocol.recheck(address)
        if self.consent.is_spared(controlling=self.ice_controlling):
            self.consent.spare(time.monotonic())
        else:
            self._answer_back()
        return True

    def _authentic(self, message: stun.Message) -> bool:
        attributes = message.attributes
        return (
            message.message_method == stun.Method.BINDING
            and "PRIORITY" in attributes
            and "USERNAME" in attributes
            and self._valid_username(attributes["USERNAME"])
            and message.check_message_integrity(self.local_password.encode())
        )

    def _revive(self, pair: ice.CandidatePair) -> None:
        """Lets a pair be checked anew that aioice takes for settled.

        One whose check was cancelled when another pair won; or one that worked before, when the
        peer comes back to it because the pair in use has fallen silent, or from a stream to UDP.
        """
        dropped = pair.state == _PAIR.IN_PROGRESS and pair.task is not None and pair.task.done()
        used = self._nominated.get(1)
        back_to_udp = (
            used is not None and is_stream(used.remote_addr) and not is_stream(pair.remote_addr)
        )
        returned = (
            pair.state == _PAIR.SUCCEEDED
            and pair is not used
            and (self.consent.is_silent(time.monotonic()) or back_to_udp)
        )
        if dropped or (returned and self.ice_controlling):
            pair.task = None
            pair.state = _PAIR.WAITING

    def _answer_back(self) -> None:
        if self.consent.asks_back(time.monotonic(), controlling=self.ice_controlling):
            self.probe()

    def _prefers(self, used: ice.CandidatePair, other: ice.CandidatePair) -> bool:
        """Whether the way in use is to be kept: it works, and is the shorter one."""
        if other.remote_addr == self._hints.told or other.remote_candidate.type == "prflx":
            return False  # not one of those that were offered together: the peer has moved
        works = not self.consent.is_silent(time.monotonic())
        return works and used.remote_candidate.priority > other.remote_candidate.priority

    def _check_again(self, pair: ice.CandidatePair) -> None:
        if pair.task is None or pair.task.done():
            pair.task = None
            pair.state = _PAIR.WAITING
            self.check_start_task(pair)

    def _room_for_pair(self) -> bool:
        """Makes room in the check list by dropping the oldest pair that is of no use."""
        if len(self._check_list) < MAX_PAIRS:
            return True
        used = self._nominated.get(1)
        for pair in self._check_list:
            if pair is not used and (pair.task is None or pair.task.done()):
                self._check_list.remove(pair)
                remotes = {id(p.remote_candidate) for p in self._check_list}
                self._remote_candidates[:] = [
                    c for c in self._remote_candidates if id(c) in remotes
                ]
                return True
        return False
