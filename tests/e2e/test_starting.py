"""How the program starts when something around it is not as it should be."""

import asyncio
import os
import shutil
import socket
import subprocess

import pytest

from lab.programs.people import DHT, PROGRAM, House, MuteNode
from lab.programs.person import SLACK, Person

pytestmark = pytest.mark.e2e

NO_ROOM = "11ZG8-TSHBS-SJVES-CXT7M-NCX8H-4BBTV-JTM"
QUIET = ("--plain", "--json", "--mode", "open", "--mic", "silence", "--speaker", "null")
A_NODE_KEY = "A" * 52


async def ended_with(person: Person) -> str:
    """The code of its one error; nothing but that event stands on standard output."""
    await person.ended()
    (error,) = person.events
    assert error["event"] == "error"
    assert error["message"]
    assert person.other == []
    assert not any("Traceback" in line for line in person.talk)
    return f"{error['code']} {person.code}"


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (("--mode", "shield"), "no_sound_relay 3"),
        (("--bootstrap", "nonsense"), "bad_bootstrap 2"),
        (("--bootstrap", "127.0.0.1:4433"), "bad_bootstrap 2"),
        (("--bootstrap", f"127.0.0.1:99999#{A_NODE_KEY}"), "bad_bootstrap 2"),
        (("--bootstrap", f"example..org:4433#{A_NODE_KEY}"), "bad_bootstrap 2"),
        (("--mode", "shield", "--proxy", "socks4://127.0.0.1:1"), "bad_proxy 2"),
        (("--mode", "open", "--proxy", "127.0.0.1:1"), "proxy_open 2"),
        (("--listen", "192.0.2.1:4000"), "cannot_listen 3"),
        (("--listen", "example.org:4000"), "bad_listen 2"),
        (("--listen", "224.0.0.1:5000"), "cannot_listen 3"),
        (("--listen", "255.255.255.255:5000"), "cannot_listen 3"),
        (("--listen", "[fe80::1%nope]:5000"), "cannot_listen 3"),
        (("--mic", "file:/there/is/no/such.opus"), "no_sound_file 7"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("command", ["create", pytest.param("join", marks=pytest.mark.slow)])
async def test_an_option_that_cannot_work_ends_with_a_reason(
    house: House, command: str, options: tuple[str, ...], end: str
) -> None:
    person = await house.run(command, *(["-"] if command == "join" else []), *QUIET, *options)
    if command == "join":
        person.say(NO_ROOM)
    assert await ended_with(person) == end


@pytest.mark.parametrize("command", ["create", "join", "relay"])
async def test_a_port_in_use_is_said(house: House, command: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        if command == "relay":
            person = await house.run("relay", "--state-dir", "", "--listen", listen)
            assert await person.ended() == 3
            assert any("in use" in line for line in person.talk)
            return
        person = await house.run(
            command, *(["-"] if command == "join" else []), *QUIET, "--listen", listen
        )
        if command == "join":
            person.say(NO_ROOM)
        assert await ended_with(person) == "port_in_use 3"


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "[::ffff:127.0.0.1]:0"])
async def test_one_may_listen_on_every_address(house: House, listen: str) -> None:
    host = await house.run("create", *QUIET, "--listen", listen, "--seconds", "0.5")
    await host.hears("joined")
    assert await host.ended() == 0


async def test_what_no_encoding_holds_does_no_harm_on_the_command_line(house: House) -> None:
    odd = os.fsdecode(b"caf\xe9")
    options = ("--listen", "127.0.0.1:0", "--seconds", "0.5")
    host = await house.run("create", *QUIET, *options, "--topic", odd, "--name", odd)
    await host.hears("joined")
    assert await host.ended() == 0
    assert [event["name"] for event in host.heard("member")] == ["caf"]
    assert await ended_with(await house.run("create", *QUIET, "--mic", f"file:{odd}")) == (
        "no_sound_file 7"
    )


async def test_a_relay_whose_tcp_port_is_taken_says_who_can_not_come(house: House) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        relay = await house.run("relay", "--state-dir", "", "--status", "", "--listen", listen)
        await relay.until(lambda: relay.other, "contact line")
        assert any("TCP port" in line and "no UDP" in line for line in relay.talk)


async def test_an_unknown_option_is_a_usage_error(house: House) -> None:
    person = await house.run("create", *QUIET, "--listen", "nonsense")
    assert await person.ended() == 2
    assert any("HOST:PORT" in line for line in person.talk)


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0
    or shutil.which("unshare") is None
    or subprocess.run(["unshare", "-n", "true"], check=False).returncode != 0,
    reason="needs root and network namespaces",
)
@pytest.mark.parametrize("options", [(), DHT, ("--only", "lan")], ids=["all", "dht", "lan"])
async def test_without_any_network_one_is_told_so(house: House, options: tuple[str, ...]) -> None:
    person = Person("castaway")
    house.people.append(person)
    await person.start("unshare", "-n", *PROGRAM, "join", "-", *QUIET, *options)
    person.say(NO_ROOM)
    assert await ended_with(person) == "no_network 3"
    assert person.events[-1]["t_ms"] <= 6_000 * SLACK


@pytest.mark.slow
async def test_silent_entry_nodes_are_named_as_the_reason(house: House) -> None:
    with MuteNode() as node:
        person = await house.run("join", "-", *QUIET, *DHT, "--bootstrap", node.line)
        person.say(NO_ROOM)
        assert await ended_with(person) == "no_entry_node 3"


async def test_a_key_on_the_command_line_works_and_is_warned_of(house: House) -> None:
    host = await house.create("host")
    invite = host.heard("key")[0]["invite"]
    guest = await house.run("join", invite, *QUIET, "--listen", "127.0.0.1:0")
    await guest.hears("joined")
    assert any("history of your shell" in line for line in guest.talk)


async def test_the_key_may_lie_in_a_file(house: House, tmp_path) -> None:
    host = await house.create("host")
    path = tmp_path / "key"
    path.write_text(host.heard("key")[0]["invite"])
    guest = await house.run(
        "join", "--key-file", str(path), *QUIET, "--listen", "127.0.0.1:0",
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await guest.hears("joined")
    missing = await house.run("join", "--key-file", str(tmp_path / "none"), *QUIET)
    assert (await ended_with(missing)).startswith("no_key_file")


async def test_closed_standard_input_is_no_reason_to_leave(house: House) -> None:
    host = await house.run(
        "create", *QUIET, "--listen", "127.0.0.1:0", "--seconds", "2",
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await host.hears("joined")
    assert await host.ended() == 0
    assert host.events[-1]["why"] == "time"


async def test_a_join_without_a_key_on_standard_input_ends_at_once(house: House) -> None:
    guest = await house.run("join", "-", *QUIET, stdin=asyncio.subprocess.DEVNULL)
    assert await ended_with(guest) == "no_key 4"


async def test_the_end_of_standard_input_does_not_leave(house: House) -> None:
    host = await house.create("host")
    guest = await house.join("guest", host.heard("key")[0]["invite"])
    guest.say("hand")
    guest.hang_up()
    await host.hears("hand", place=1)
    host.say("accept 1")
    await guest.hears("mic", why="granted")
    host.hang_up()
    host.signal(2)
    await guest.sees("host", state="left")
    assert guest.code is None


async def test_commands_typed_before_joined_wait_for_it(house: House) -> None:
    host = await house.create("host")
    guest = await house.knock("guest", host.heard("key")[0]["invite"])
    guest.say("hand")
    guest.say("nonsense")
    guest.say("stats")
    await guest.hears("stats")
    kinds = [event["event"] for event in guest.events]
    assert kinds[0] == "joined"
    assert guest.heard("hand", n=1, place=1)
    assert guest.heard("error", code="unknown_command")
    await host.hears("hand", place=1)


async def test_a_command_that_is_not_possible_is_answered_by_an_error(house: House) -> None:
    host = await house.create("host")
    guest = await house.join("guest", host.heard("key")[0]["invite"])
    refused = {
        "mic on": "not_on_stage",
        "lower": "hand_is_down",
        "lock": "not_host",
        "remove host": "not_host",
        "accept 9": "no_hand",
        "mute nobody": "no_such_member",
        "no": "not_invited",
        "audience": "not_on_stage",
        "promote 1 moderator": "not_yours_to_give",
        "mic": "bad_command",
        "\x1b[2J": "unknown_command",
    }
    for line, code in refused.items():
        assert (await guest.asks(line, "error"))["code"] == code, line
    mics = guest.heard("mic", on=True)
    assert mics == []
    await host.sees("guest", state="here")
