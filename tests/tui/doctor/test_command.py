"""The doctor as a person starts it: a real program, real relays, no network beyond this machine."""

import json
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from lab.programs.people import PROGRAM, House, MuteNode
from lab.programs.person import ENVIRONMENT, SLACK
from p2p.dht.contact import NodeContact

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]


def doctor(*options, **environment):
    return subprocess.run(
        [*PROGRAM, "doctor", *options],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def found(done):
    report = json.loads(done.stdout)
    assert report["schema"] == 1
    assert report["ok"] == (done.returncode == 0)
    return {(one["code"], one.get("number")): one for one in report["findings"]}


async def test_a_relay_that_runs_has_round_trips_and_one_that_does_not_is_named() -> None:
    async with House() as house:
        relay = await house.entry_node()
        with MuteNode() as mute:
            done = doctor("--relay", house.entry_nodes[0], "--relay", mute.line, "--json")
        assert relay.code is None
    said = found(done)
    assert said["udp", None]["state"] == said["tcp", None]["state"] == "ok"
    well, silent = said["relay", 1], said["relay", 2]
    assert well["state"] == "ok"
    assert 0.0 < well["values"]["udp_ms"] < 1000.0 * SLACK
    assert 0.0 < well["values"]["tcp_ms"] < 1000.0 * SLACK
    assert silent["state"] == "bad"
    assert done.returncode == 3


async def test_a_line_with_another_key_is_told_from_a_relay_that_is_not_there() -> None:
    async with House() as house:
        await house.entry_node()
        address = NodeContact.parse(house.entry_nodes[0]).address
        done = doctor("--relay", str(NodeContact(address, bytes([9]) * 32)), "--json")
    assert "key" in found(done)["relay", 1]["text"]


def test_with_nobody_there_it_ends_within_ten_seconds_and_says_what_to_do() -> None:
    began_s = time.monotonic()
    with MuteNode() as mute:
        done = doctor("--relay", mute.line)
    assert time.monotonic() - began_s < 10.0 * SLACK
    assert done.returncode == 3
    assert "BAD   relay 1: does not answer" in done.stdout.splitlines()
    assert done.stdout.count("What to do:") >= 2
    assert done.stderr == ""


def was_asked(node) -> bool:
    try:
        return bool(node._socket.recv(2048))
    except BlockingIOError:
        return False


@pytest.mark.parametrize("way", ["flag", "ALL_PROXY"])
def test_behind_a_proxy_nothing_goes_around_it(way: str) -> None:
    proxy = "socks5://127.0.0.1:9"
    options = ("--proxy", proxy) if way == "flag" else ()
    with MuteNode() as node:
        environment = {"ALL_PROXY": proxy} if way == "ALL_PROXY" else {}
        done = doctor("--relay", node.line, "--json", *options, **environment)
        assert not was_asked(node)
    assert "proxy" in found(done)["relay", 1]["text"]
    with MuteNode() as node:
        doctor("--relay", node.line, "--proxy", "none")
        assert was_asked(node)


def test_a_bad_line_is_refused_before_anything_is_asked() -> None:
    done = doctor("--relay", "nonsense")
    assert done.returncode == 2
    assert "relay" in done.stderr
    assert done.stdout == ""


def test_in_chinese_no_line_is_english() -> None:
    done = doctor("--lang", "zh_CN")
    assert "时钟" in done.stdout
    assert "What to do" not in done.stdout


def test_it_writes_nothing_to_the_home_of_its_reader(tmp_path) -> None:
    doctor("--json", HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path / "config"))
    # Folders may be there: the sound server's own library makes some.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_on_a_terminal_its_size_is_told() -> None:
    leader, follower = pty.openpty()
    running = subprocess.Popen(
        [*PROGRAM, "doctor"],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    said = b""
    try:
        while piece := os.read(leader, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    finally:
        running.wait(30)
        os.close(leader)
    assert b"terminal: " in said
    assert b"--plain" not in said.partition(b"terminal: ")[2].splitlines()[0]
