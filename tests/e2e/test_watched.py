"""People on a line that somebody watches, and takes out what looks like a call."""

import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from lab.programs import netlab
from lab.programs.netlab import Host, NetLab
from lab.programs.roommates import Roommate, start_entry
from tests.crypto.censor import would_block

REASON = netlab.why_not()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]

# What stands where in a UDP payload, counted in bits from the UDP header, which has 64.
CENSOR = """
table inet censor {
  chain forward {
    type filter hook forward priority -10
    meta l4proto 6 drop
    meta l4proto 17 @th,96,32 0x2112a442 drop comment "STUN"
    meta l4proto 17 @th,64,8 20-63 @th,72,8 0xfe drop comment "DTLS"
    meta l4proto 17 @th,64,16 { 0x806f, 0x80ef } drop comment "RTP"
    meta l4proto 17 @th,64,8 & 0xc0 == 0xc0 @th,72,32 { 0x1, 0x6b3343cf } drop comment "QUIC"
    meta l4proto 17 @th,200,32 0x0 @th,232,32 0x0 @th,264,32 0x0 drop comment "zeros"
    meta l4proto 17 @th,64,8 { 0xc0-0xc4, 0xd0 } @th,32,16 { 33, 520, 624, 1032 } drop
  }
}
"""


@pytest.fixture
def lab():
    with NetLab() as made:
        yield made


def homes(lab: NetLab, rules: str = "") -> tuple[str, Host, Host]:
    """A relay, and two homes behind NATs whose routers keep to these rules as well."""
    (public,) = lab.site("p", "public")
    (home_a,) = lab.site("a", "portres")
    (home_b,) = lab.site("b", "portres")
    if rules:
        lab.rule("a", rules)
        lab.rule("b", rules)
    return start_entry(public), home_a, home_b


def talk(mode: str, home_a: Host, home_b: Host, relay: str, seconds: float) -> float:
    """Two people meet by the words and one is heard; gives how long the second took to join."""
    ways = ("--mode", mode, "--bootstrap", relay, *(("--relay", relay) * (mode == "shield")))
    ann = Roommate(home_a, "ann", "", (*ways, "--mic", "tone:440"))
    words = ann.wait("key", 30)["words"]
    ann.wait("joined")
    ann.say("mic on")
    ann.wait("mic")
    bob = Roommate(home_b, "bob", words, ways)
    bob.wait("joined", 30)
    joined_s = time.monotonic() - bob.started_s
    bob.wait("first_sound", 20)
    before = bob.opened("ann")
    time.sleep(seconds)
    assert bob.opened("ann") - before >= 0.9 * 50 * seconds
    bob.leave()
    ann.leave()
    return joined_s


@pytest.mark.parametrize("mode", ["shield", "open"])
def test_where_calls_and_streams_are_taken_out_people_talk_by_udp_all_the_same(
    lab: NetLab, mode: str
) -> None:
    relay, home_a, home_b = homes(lab, CENSOR)
    talk(mode, home_a, home_b, relay, 4.0)


def captured(router: Host, file: Path) -> subprocess.Popen[str]:
    program = (sys.executable, "-m", "lab.programs.capture", "wan", str(file))
    capture = router.start(*program, stdout=subprocess.PIPE, text=True)
    assert capture.stdout is not None
    assert capture.stdout.readline() == "ready\n"
    return capture


def first_payloads(file: Path) -> list[bytes]:
    """Of every pair of addresses, in each direction, the first UDP payload on an Ethernet line."""
    data, at, firsts = file.read_bytes(), 24, dict[bytes, bytes]()
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 12], sys.byteorder)
        packet = data[at + 30 : at + 16 + length]
        at += 16 + length
        if packet[0] >> 4 == 4 and packet[9] == 17:
            header = 4 * (packet[0] & 15)
            flow = packet[12:20] + packet[header : header + 4]
            firsts.setdefault(flow, packet[header + 8 :])
    return list(firsts.values())


@pytest.mark.parametrize("mode", ["shield", "open"])
def test_of_all_that_people_send_by_udp_nothing_looks_like_what_it_is(
    lab: NetLab, mode: str, tmp_path: Path
) -> None:
    """As a packet analyser names it that knows some thousand protocols by their looks."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    relay, home_a, home_b = homes(lab)
    file = tmp_path / "line.pcap"
    capture = captured(lab.router("a"), file)
    try:
        talk(mode, home_a, home_b, relay, 20.0)
    finally:
        capture.terminate()
        capture.wait(10)
    command = (
        "tshark",
        "-n",
        "-r",
        str(file),
        "-Y",
        "udp",
        "-T",
        "fields",
        "-e",
        "frame.protocols",
    )
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    named = Counter(line.rsplit(":udp", 1)[1] for line in told.splitlines())
    assert named[":data"] > 1000
    # Of so many random ones a few begin, by chance, as something does.
    assert sum(named.values()) - named[":data"] <= max(2, named[":data"] // 2000), named
    asked = [payload for payload in first_payloads(file) if payload]
    assert asked
    assert not [payload for payload in asked if would_block(payload)]
