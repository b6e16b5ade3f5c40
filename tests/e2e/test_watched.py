"""People on a line that somebody watches, and takes out what looks like a call."""

import itertools
import os
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
EVENING_S = 180.0
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


def named(file: Path) -> Counter[str]:
    """What the analyser calls the UDP datagrams in a capture."""
    command = ("tshark", "-n", "-r", str(file), "-Y", "udp", "-T", "fields", "-e")
    told = subprocess.run(
        (*command, "frame.protocols"), capture_output=True, text=True, check=True, timeout=300
    ).stdout
    return Counter(line.rsplit(":udp", 1)[1] for line in told.splitlines())


def one_by_one(file: Path, kind: str, *, random: bool) -> Path:
    """Every IPv4 UDP datagram of a capture between two ports of its own, maybe of random bytes.

    Once the analyser has taken one for something, it reads others of the same two ports as that,
    too: what is chance in one is then found in many.
    """
    data, at = bytearray(file.read_bytes()), 24
    for number in itertools.count():
        if at >= len(data):
            break
        length = int.from_bytes(data[at + 8 : at + 12], sys.byteorder)
        ip, end = at + 30, at + 16 + length
        at = end
        if data[ip] >> 4 == 4 and data[ip + 9] == 17:
            udp = ip + 4 * (data[ip] & 15)
            ports = 49_152 + number % 16_000, 49_152 + number // 16_000
            data[udp : udp + 4] = b"".join(port.to_bytes(2, "big") for port in ports)
            if random:
                data[udp + 8 : end] = os.urandom(max(0, end - udp - 8))
    made = file.with_suffix(kind)
    made.write_bytes(data)
    return made


def only_data(file: Path, least: int) -> None:
    """The analyser knows no more of what was sent than of as many random bytes."""
    found = named(one_by_one(file, ".apart", random=False))
    assert found.pop(":data") > least
    by_chance = named(one_by_one(file, ".random", random=True))
    by_chance.pop(":data")
    chance = by_chance.total() + 1
    assert found.total() <= chance + 4 * chance**0.5, (found, by_chance)


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
    only_data(file, 1000)
    asked = [payload for payload in first_payloads(file) if payload]
    assert asked
    assert not [payload for payload in asked if would_block(payload)]


@pytest.mark.parametrize("mode", ["shield", "open"])
def test_a_whole_evening_is_nothing_but_data_to_a_packet_analyser(
    lab: NetLab, mode: str, tmp_path: Path
) -> None:
    """Coming in, a hand, two who speak, a new key, a removal with another one, and goodbye."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    relay, home_a, home_b = homes(lab)
    (home_c,) = lab.site("c", "portres")
    files = {name: tmp_path / f"{name}.pcap" for name in "abc"}
    captures = [captured(lab.router(name), file) for name, file in files.items()]
    ways = ("--mode", mode, "--bootstrap", relay, *(("--relay", relay) * (mode == "shield")))
    try:
        ann = Roommate(home_a, "ann", "", (*ways, "--mic", "tone:440"))
        words = ann.wait("key", 30)["words"]
        ann.wait("joined")
        ann.say("mic on")
        bob = Roommate(home_b, "bob", words, (*ways, "--mic", "tone:550"))
        cid = Roommate(home_c, "cid", words, ways)
        for guest in (bob, cid):
            guest.wait("first_sound", 60)
        bob.say("hand")
        ann.wait(lambda event: event["event"] == "hand" and event["place"] == 1, 60)
        ann.say("accept 1")
        bob.wait(lambda event: event["event"] == "mic" and event["why"] == "granted", 60)
        bob.say("mic on")
        time.sleep(EVENING_S / 3)
        ann.say("new key")
        time.sleep(EVENING_S / 3)
        number = next(n for n, name in ann.names().items() if name == "cid")
        ann.say(f"remove {number} new key")
        cid.wait("left", 60)
        before = bob.opened("ann")
        time.sleep(EVENING_S / 3)
        assert bob.opened("ann") - before >= 0.8 * 50 * EVENING_S / 3
        bob.leave()
        ann.leave()
    finally:
        for capture in captures:
            capture.terminate()
            capture.wait(10)
    for file in files.values():
        only_data(file, 5000)
