"""Nothing of a room is written anywhere: strace sees every file that a member touches."""

import asyncio
import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
from pathlib import Path

import pytest

from lab.programs.people import DHT, ENGLISH, PROGRAM, House, words_of
from lab.programs.person import ROOT, SLACK, Person


def can_trace() -> bool:
    strace = shutil.which("strace")
    probe = [strace, "-f", "-qq", "-e", "trace=none", "true"]
    return strace is not None and subprocess.run(probe, check=False).returncode == 0


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not can_trace(), reason="needs strace, and leave to trace"),
]

CTRL_Q = b"\x11"
CALLS = (
    "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,"
    "rename,renameat,renameat2,truncate,unlink,unlinkat,rmdir,chmod,fchmodat,utimensat"
)
OPENED = re.compile(r'\bopen(?:at2?)?\((?:AT_FDCWD, )?"(?P<path>[^"]*)", (?P<flags>[^)]*)')
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
# Sound libraries of the system keep house for themselves: empty folders, a link, shared memory.
SOUND_SYSTEM = re.compile(r'"/dev/shm/|"(/[^"]*)?/(\.config|(\.config/)?pulse[^"]*)"')
HARMLESS = re.compile(r"/dev/(null|tty|ptmx|pts/\d+|urandom)|/proc/self/.*")


def tracing(log: Path) -> tuple[str, ...]:
    return ("strace", "-f", "--seccomp-bpf", "-qq", "-s", "512", "-e", f"trace={CALLS}",
            "-o", str(log))  # fmt: skip


def touched(log: Path) -> list[str]:
    """Lines of the log that tell of something written, created, renamed or taken away."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if "strace:" in line or " = -1 " in line or "+++" in line or "---" in line:
            continue
        opened = OPENED.search(line)
        if opened is None:
            if "resumed>" not in line:
                found.append(line)
        elif WRITES.search(opened["flags"]) and not HARMLESS.fullmatch(opened["path"]):
            found.append(line)
    return found


async def test_the_watch_itself_sees_a_file_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = await asyncio.create_subprocess_exec(
        *tracing(log), "sh", "-c", f"echo x > {tmp_path}/made; rm {tmp_path}/made"
    )
    assert await process.wait() == 0
    assert len(touched(log)) == 2


async def test_a_member_in_the_line_mode_writes_nothing(house: House, tmp_path: Path) -> None:
    await house.entry_node()
    host = await house.create("host", *DHT, mic=ENGLISH)
    host.say("mic on")
    log = tmp_path / "log"
    guest = Person("guest")
    house.people.append(guest)
    await guest.start(
        *(
            *tracing(log),
            *PROGRAM,
            "join",
            "-",
            "--plain",
            "--json",
            "--mode",
            "open",
            *DHT,
            "--name",
            "guest",
        ),
        *("--listen", "127.0.0.1:0", "--mic", "silence", "--speaker", "null"),
        *("--bootstrap", house.entry_nodes[0]),
    )
    guest.say(await words_of(host))
    await guest.hears("joined", within_s=60)
    await guest.hears_more_of("host", 50)
    guest.say("hand")
    await host.hears("hand", place=1)
    await guest.leave()
    assert touched(log) == []
    assert any("openat(" in line for line in log.read_text().splitlines()), "nothing was traced"


@pytest.mark.parametrize(
    "sound", [("--mic", "silence", "--speaker", "null"), ()], ids=["no devices", "devices"]
)
async def test_the_screen_writes_nothing(tmp_path: Path, sound: tuple[str, ...]) -> None:
    log = tmp_path / "log"
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    home = tmp_path / "home"
    home.mkdir()
    process = await asyncio.create_subprocess_exec(
        *tracing(log),
        *(
            *PROGRAM,
            "create",
            "--mode",
            "open",
            "--listen",
            "127.0.0.1:0",
            "--name",
            "host",
            *sound,
        ),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "HOME": str(home)},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        await shown(ours, b"hides the key")
        os.write(ours, CTRL_Q)
        await asyncio.wait_for(process.wait(), 20 * SLACK)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        os.close(ours)
    written = touched(log)
    if not sound:
        written = [line for line in written if not SOUND_SYSTEM.search(line)]
    assert written == []
    assert [path for path in home.rglob("*") if path.is_file()] == []


async def shown(terminal: int, text: bytes) -> None:
    """Waits until the screen shows this text, and goes on reading so that it never blocks."""
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    screen = bytearray()

    def read() -> None:
        try:
            screen.extend(os.read(terminal, 65_536))
        except OSError:
            loop.remove_reader(terminal)
        if text in screen:
            seen.set()

    loop.add_reader(terminal, read)
    await asyncio.wait_for(seen.wait(), 60 * SLACK)
