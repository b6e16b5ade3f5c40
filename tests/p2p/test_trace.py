"""The trace: off it costs nothing, on it shows a whole evening and names nobody."""

import ast
import base64
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from lab.node_house import House, Person, a_house
from p2p import trace as tracing
from p2p.api import commands as c
from p2p.api import events as e
from p2p.errors import UserError
from p2p.log import PACKAGES, start_log, start_trace
from p2p.trace import LOG, NOTED, CounterTrace, trace, word

ROOT = Path(__file__).parents[2]
TOPIC, HOST, AMINA, KENJI = "oolong harvest", "zhangwei", "amina", "kenji"


@pytest.fixture
def quiet() -> Iterator[None]:
    """Nothing is switched on before a test, nor after it what it has switched on."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {package: logging.getLogger(package).level for package in PACKAGES}
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.NOTSET)
    root.setLevel(logging.WARNING)
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    for package, before in levels.items():
        logging.getLogger(package).setLevel(before)


@pytest.fixture
def lines(tmp_path: Path, quiet: None):
    path = tmp_path / "trace"
    start_trace(str(path))
    return lambda: [line.partition("teahouse.trace: ")[2] for line in path.open("r")]


def test_nothing_is_written_unless_asked_for(caplog, quiet):
    trace("link_up", way="direct")
    trace("joined", n=1)
    CounterTrace(lambda: pytest.fail("counted although nobody looks")).tick(5.0)
    assert caplog.records == []


def test_a_line_is_an_event_with_numbers_switches_and_words(lines):
    trace("link_up", way="direct", by_tcp=False, ms=12, share=0.25, by=None)
    assert lines() == ["link_up way=direct by_tcp=no ms=12 share=0.250 by=none\n"]


@pytest.mark.parametrize(
    "secret",
    [b"\xde\xad", "two words", "小明", "192.0.2.1:4433#k", "a" * 41, "", ("::1", 1), "x\n"],
)
def test_what_is_no_word_of_the_program_does_not_come_out(lines, secret):
    trace("notice", code=secret)
    assert lines() == ["notice code=[text]\n"]


@pytest.mark.parametrize("secret", ["192.0.2.77:4433", "2001:db8::77", "deadbeefdeadbeef"])
def test_what_looks_like_an_address_or_a_key_is_scrubbed(lines, secret):
    trace("notice", code=secret)
    assert lines() in (["notice code=[address]\n"], ["notice code=[key]\n"])


def test_counters_are_told_as_differences_once_a_second(lines):
    counts = {"socket": {"sent": 3, "refused": 0}, "door": {}}
    counter_trace = CounterTrace(lambda: counts)
    counter_trace.tick(10.0)
    counts["socket"] = {"sent": 5, "refused": 0}
    counter_trace.tick(10.5)
    counts["door"] = {"answered": 1}
    counter_trace.tick(11.0)
    counter_trace.tick(12.0)
    counts["door"] = {"answered": 0}  # what was counted has ended
    counter_trace.tick(13.0)
    told = ["place=socket sent=3", "place=socket sent=2", "place=door answered=1"]
    assert lines() == [f"counted {one}\n" for one in told]


def test_reasons_become_one_word():
    assert word("link failed: reach") == "link_failed_reach"


def test_a_higher_level_shows_a_members_few_lines_and_none_of_a_relays(quiet, capsys):
    start_log("info")
    trace("joined", n=1)
    trace("link_up", way="direct")
    trace("served_up", link=1)
    assert capsys.readouterr().err == "INFO teahouse.trace: joined n=1\n"
    assert not [name for name in NOTED if name.startswith(("served", "link", "draining"))]


def test_a_log_at_the_screen_takes_nothing_from_the_file(lines, capsys):
    start_log("warning")
    trace("link_up", way="direct")
    assert lines() == ["link_up way=direct\n"]
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="has other rights")
def test_only_its_owner_can_read_the_file(tmp_path, quiet):
    start_trace(str(tmp_path / "trace"))
    assert (tmp_path / "trace").stat().st_mode & 0o777 == 0o600


def test_a_file_that_can_not_be_written_is_said(tmp_path, quiet):
    with pytest.raises(UserError) as raised:
        start_trace(str(tmp_path / "nowhere" / "trace"))
    assert (raised.value.code, raised.value.exit_code) == ("bad_trace", 2)


def traced_names() -> set[str]:
    """The events that the program traces, as its text has them."""
    found = set()
    for path in [*(ROOT / "p2p").rglob("*.py"), *(ROOT / "tui").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "trace":
                assert isinstance(node.args[0], ast.Constant), path
                found.add(node.args[0].value)
    return found


def test_every_event_is_traced_somewhere_and_in_the_document():
    page = (ROOT / "docs/debugging.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", page.partition("## Events")[2], re.MULTILINE)
    events = [name for name in listed if name in get_args(tracing.Event)]
    assert traced_names() == set(get_args(tracing.Event)) == set(events)
    assert len(events) == len(set(events))


# --- a whole evening -----------------------------------------------------------------------------


def spellings(secret: bytes) -> Iterator[str]:
    """How bytes may stand in a text."""
    yield secret.hex()[:10]  # a part of it would tell enough
    yield base64.b32encode(secret).decode().rstrip("=").lower()
    yield base64.b64encode(secret).decode().rstrip("=")
    yield repr(secret)[2:-1]


def secrets_of(person: Person) -> Iterator[bytes]:
    session = person.session
    secrets, room = session.secrets, session.peers.room
    identity = secrets.identity
    yield from (identity.member_id, identity.sign_key, identity.dh, identity.dh_secret)
    yield from (room.room_id, secrets.room_key.psk(), secrets.genesis, secrets.r)
    for head in secrets.keyring.export(secrets.keyring.seal_step):
        yield from (bytes(part) for part in head if isinstance(part, bytes | bytearray))
    yield from room.state.epochs
    for member in room.state.members.values():
        yield from (member.id, member.dh)


async def evening(house: House, mode: str) -> tuple[list[str], list[str]]:
    """Lives a whole evening; returns all that must not be in its trace, and the key's words."""
    relay = await house.relay()
    ways = {"mode": mode, "relays": (relay,)}
    host = await house.host(HOST, topic=TOPIC, **ways)
    key = await host.key()
    host.node.do(c.MakeInvite(1, 24.0))
    invite = (await host.until(e.KeyShown, lambda one: one.uses == 1)).invite
    amina = await house.guest(AMINA, key.words, **ways)
    kenji = await house.guest(KENJI, invite, **ways)
    people = [host, amina, kenji]
    for person in people:
        await person.until(e.Joined)
    for name in (AMINA, KENJI):
        await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
    hidden = [secret for person in people for secret in secrets_of(person)]
    amina.node.do(c.RaiseHand())
    await host.until(e.HandChanged, lambda hand: hand.place == 1)
    host.node.do(c.AcceptHand(host.number_of(AMINA)))
    await amina.until(e.MicChanged, lambda mic: mic.why == "granted")
    amina.node.do(c.SetMic(True))
    await host.until(e.FirstSound)
    host.node.do(c.Compare(host.number_of(KENJI)))
    await kenji.until(e.Words, lambda one: one.state == "asked")
    before = len(host.told)
    host.node.do(c.Remove(host.number_of(AMINA), new_key=True))
    await amina.until(e.Left)
    await host.until(e.RoomKeyChanged, lambda changed: changed.why == "kick", since=before)
    hidden += [secret for person in (host, kenji) for secret in secrets_of(person)]
    ports = [person.node.port for person in people] + [house.relay_port]
    await kenji.leave()
    await host.leave()
    texts = [spelling for secret in set(hidden) for spelling in spellings(secret)]
    texts += [key.line, key.digits, invite, relay, *TOPIC.split(), HOST, AMINA, KENJI]
    return [*texts, "127.0.0.1", *(f":{port}" for port in ports)], key.words.split()


def own_words() -> set[str]:
    """Words of the program's own text."""
    texts = [path.read_text("utf-8") for path in (ROOT / "p2p").rglob("*.py")]
    return set(re.findall(r"[a-z]+", " ".join(texts).casefold()))


@pytest.mark.parametrize("mode", ["shield", "open"])
async def test_a_whole_evening_at_the_highest_level_names_nobody(tmp_path, quiet, mode):
    path = tmp_path / "trace"
    start_trace(str(path))
    async with a_house() as house:
        forbidden, words = await evening(house, mode)
    text = path.read_text("utf-8")
    said = text.casefold()
    assert [one for one in forbidden if one.casefold() in said] == []
    # The key's words are words of English: one that is in the program's own text tells nothing.
    telling = set(words) - own_words()
    assert len(telling) > 2
    assert telling & set(re.findall(r"[a-z]+", said)) == set()
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", said)
    assert "[text]" not in said
    names = set(re.findall(r"teahouse\.trace: (\w+)", text))
    assert names >= {"join_began", "joined", "member", "hand", "mic", "key", "left", "first_sound"}
    assert names >= {"link_up", "link_down", "relay_up", "seat_taken", "relay_first", "item"}
    assert names >= {"served_up", "served_message", "served_down", "words", "counted"}


async def test_stats_have_all_counters_as_one_snapshot() -> None:
    async with a_house() as house:
        relay = await house.relay()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).words, **ways)
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        guest.node.do(c.AskStats())
        counters = (await guest.until(e.Stats)).counters
    assert counters["frames"]["opened"] > 0
    assert counters["socket"]["bytes_in"] > 0
    assert counters["relays"]["changed_attached"] == 1
    page = (ROOT / "docs/debugging.md").read_text("utf-8").partition("## Counters")[2]
    assert counters.keys() <= set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


# --- the two programs ----------------------------------------------------------------------------


def program(*args: str) -> list[str]:
    return [sys.executable, "-m", "tui", *args]


def test_a_member_writes_its_trace_where_it_is_told(tmp_path):
    options = ["--mode", "open", "--listen", "127.0.0.1:0", "--mic", "silence", "--seconds", "1"]
    create = program("create", "--plain", "--speaker", "null", *options, "--log-level", "info")
    member = subprocess.Popen(
        [*create, "--trace", str(tmp_path / "trace")],
        cwd=ROOT,
        stdin=subprocess.PIPE,  # stays open: at its end the member would leave
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert member.stderr is not None
    said = member.stderr.read()
    assert member.wait(60) == 0
    assert member.stdin is not None
    member.stdin.close()
    member.stderr.close()
    names = re.findall(r"teahouse\.trace: (\w+)", (tmp_path / "trace").read_text("utf-8"))
    assert names[0] == "join_began", said
    assert names.index("joined") < names.index("left")
    assert "trace: joined" in said
    assert "trace: member" in (tmp_path / "trace").read_text("utf-8")
    assert "trace: member" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="ends by a signal")
def test_a_relay_writes_its_trace_where_it_is_told(tmp_path):
    options = ["--listen", "127.0.0.1:0", "--state-dir", "", "--status", ""]
    relay = subprocess.Popen(
        program("relay", *options, "--trace", str(tmp_path / "trace")),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert relay.stdout is not None
    assert "#" in relay.stdout.readline()
    relay.send_signal(signal.SIGTERM)
    _, log = relay.communicate(timeout=20)
    assert relay.returncode == 0
    assert "draining" in (tmp_path / "trace").read_text("utf-8")
    assert "trace" not in log


def test_off_the_trace_is_not_even_written_out(monkeypatch, quiet):
    monkeypatch.setattr(tracing, "_said", lambda _: pytest.fail("written out although it is off"))
    assert not LOG.isEnabledFor(logging.INFO)
    trace("counted", place="socket", sent=1)
