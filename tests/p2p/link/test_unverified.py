import asyncio

import pytest

from p2p.link import unverified as hearsay
from p2p.link.errors import LinkFailed
from p2p.link.unverified import AGAIN_AFTER_S, SILENT_EACH, Hearsay
from p2p.wire.offers import Candidate, CandidateKind


def candidate(ip: str, port: int = 4433) -> Candidate:
    return Candidate.of((ip, port), CandidateKind.SRFLX)


VICTIM = candidate("198.51.100.7")


def test_who_does_not_answer_is_checked_once_and_then_not_for_a_while() -> None:
    heard = Hearsay()
    assert heard.checkable([VICTIM], 0.0) == (VICTIM,)
    assert heard.checkable([VICTIM], AGAIN_AFTER_S - 1.0) == ()
    assert heard.checkable([VICTIM], AGAIN_AFTER_S) == (VICTIM,)


def test_who_answers_is_checked_whenever_it_is_named() -> None:
    heard = Hearsay()
    for now in range(50):
        assert heard.checkable([VICTIM], float(now)) == (VICTIM,)
        heard.answered(VICTIM.address)


def test_of_one_machine_few_ports_are_checked_and_of_others_as_well() -> None:
    heard = Hearsay()
    ports = [candidate("198.51.100.7", port) for port in range(1, 100)]
    assert len(heard.checkable(ports, 0.0)) == SILENT_EACH
    assert heard.checkable([candidate("2001:db8::7")], 0.0) != ()


def test_our_own_machine_and_home_are_no_third_parties() -> None:
    heard = Hearsay()
    near = [candidate("127.0.0.1"), candidate("192.168.1.7")]
    assert heard.checkable(near, 0.0) == heard.checkable(near, 1.0) == tuple(near)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearsay, "REMEMBERED_MAX", 3)
    heard = Hearsay()
    for n in range(1, 10):
        assert heard.checkable([candidate(f"198.51.100.{n}")], 0.0)
    assert len(heard._checked_s) == 3


async def test_whom_a_peer_names_gets_the_checks_of_one_link_and_no_more(bench) -> None:
    """Over the shipped link, of which only the socket's last step is caught."""
    sent: list[tuple[str, int]] = []
    heard = Hearsay()
    for _ in range(3):
        mux = await bench.mux()
        mux._transmit = lambda _data, address, _veil: sent.append(address)
        link = bench.end(mux, controlling=False).link
        peer = bench.end(await bench.mux(), controlling=True).link
        offer = type(peer.offer)(
            peer.offer.ufrag,
            peer.offer.pwd,
            peer.offer.fingerprint,
            heard.checkable([VICTIM], asyncio.get_running_loop().time()),
        )
        with pytest.raises(LinkFailed):
            await link.connect(offer, 1.0)
    assert 0 < len(sent) <= 12
    assert set(sent) == {VICTIM.address}
