from aioice.candidate import Candidate

from p2p.link.ice_candidate import ice_candidate, is_at

FOUR, SIX = ("192.0.2.1", 4), ("2001:db8::1", 6)


def test_an_address_is_a_candidate_that_aioice_reads_back():
    for address in (FOUR, SIX):
        for kind in ("host", "srflx"):
            read = Candidate.from_sdp(ice_candidate(address, kind).to_sdp())
            assert is_at(read, address)
            assert (read.type, read.component, read.transport) == (kind, 1, "udp")
    assert not is_at(ice_candidate(FOUR, "host"), SIX)


def test_own_addresses_come_first_and_ipv6_before_ipv4():
    wanted = [(SIX, "host"), (FOUR, "host"), (SIX, "srflx"), (FOUR, "srflx")]
    found = sorted(wanted, key=lambda each: -ice_candidate(*each).priority)
    assert found == wanted
