"""What is in the memory of a process stays there: real processes that crash and are looked into."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from p2p import process

ROOT = Path(__file__).parents[2]
NOBODY = 65534
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SECRET = "abandon-ability-able"
CRASH = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
words = "-".join({SECRET.split("-")!r})
if sys.argv[1] == "shut":
    from p2p.process import shut_memory
    shut_memory()
    import subprocess
    subprocess.run([sys.executable, "-c", ""], close_fds=True, check=True)
print("ready", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGSEGV)
"""


def cores_allowed() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def started(*command: str, folder: Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=cores_allowed, **more,
    )  # fmt: skip


def crash(child: subprocess.Popen[str]) -> bool:
    """End it as a fault does; tell whether the kernel wrote its memory down."""
    child.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -signal.SIGSEGV
    assert os.WTERMSIG(status) == signal.SIGSEGV
    return os.WCOREDUMP(status)


@pytest.fixture
def writes_cores(tmp_path: Path) -> None:
    """Skip where no process whatever leaves a core."""
    folder = tmp_path / "control"
    folder.mkdir()
    child = started(sys.executable, "-c", CRASH, "open", folder=folder)
    child.stdout.readline()
    if not crash(child):
        pytest.skip("this machine writes no cores")
    for core in folder.iterdir():
        assert SECRET.encode() in core.read_bytes()


def test_a_process_that_crashes_leaves_no_file_of_its_memory(writes_cores, tmp_path):
    folder = tmp_path / "shut"
    folder.mkdir()
    child = started(sys.executable, "-c", CRASH, "shut", folder=folder)
    assert child.stdout.readline() == "ready\n"
    assert not crash(child)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ("create", "--json", "--mode", "open", "--listen", "127.0.0.1:0"),
        ("relay", "--listen", "127.0.0.1:0", "--state-dir", ""),
    ],
)
def test_so_do_a_member_and_a_relay(writes_cores, tmp_path, command):
    folder = tmp_path / "shut"
    folder.mkdir()
    more = {"env": {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path)}}
    child = started(sys.executable, "-P", "-m", "tui", *command, folder=folder, **more)
    assert child.stdout.readline()
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    (line,) = (one for one in limits.splitlines() if one.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]
    assert not crash(child)
    assert list(folder.iterdir()) == []


AS_NOBODY = f"""
import ctypes, os, resource, sys
sys.path.insert(0, {str(ROOT)!r})
from p2p import process
os.setuid({NOBODY})
ctypes.CDLL(None).prctl(process._PR_SET_DUMPABLE, 1, 0, 0, 0)  # a change of user had shut it
if sys.argv[1] == "shut":
    process.shut_memory()
print("ready", flush=True)
sys.stdin.readline()
"""


def test_nobody_else_reads_the_memory_not_even_the_same_user(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs another user")
    owners = []
    for how in ("open", "shut"):
        child = started(sys.executable, "-c", AS_NOBODY, how, folder=tmp_path)
        assert child.stdout.readline() == "ready\n"
        owners.append(os.stat(f"/proc/{child.pid}/mem").st_uid)
        child.kill()
        child.wait()
    assert owners == [NOBODY, 0]


def in_a_child(code: str) -> str:
    """Run in a process of its own: what is shut can not be opened again."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom p2p import process\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_memory_is_locked_where_that_can_not_fail_later():
    if not process._may_lock_all():
        pytest.skip("this user may lock little")
    code = (
        "process._swaps = lambda: True\n"
        "print(process.shut_memory())\n"
        "more = bytearray(b'x' * (1 << 24))\n"
        "print([line for line in open('/proc/self/status') if line.startswith('VmLck')][0])"
    )
    leaks, locked = in_a_child(code).splitlines()[:2]
    assert leaks == "()"
    assert int(locked.split()[1]) > 16 << 10


def test_a_user_who_may_lock_little_locks_nothing_and_is_told(monkeypatch, tmp_path):
    code = (
        "process._swaps = lambda: True\n"
        "process._may_lock_all = lambda: False\n"
        "print(process.shut_memory())"
    )
    assert in_a_child(code) == "('swap',)"
    code = "process._swaps = lambda: False\nprint(process.shut_memory())"
    assert in_a_child(code) == "()"


def test_who_says_nothing_of_its_swap_is_taken_to_have_some(monkeypatch):
    def missing(_self: Path) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_bytes", missing)
    assert process._swaps()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_without_a_proc_to_ask_memory_is_not_locked_and_nothing_fails(monkeypatch):
    import resource

    def missing(_self: Path) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_bytes", missing)
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (0, 0))
    assert not process._may_lock_all()


def test_a_kernel_that_lets_nobody_be_undumpable_is_told_of(monkeypatch):
    class Libc:
        def prctl(self, what: int, *_: int) -> int:
            return 1 if what == process._PR_GET_DUMPABLE else -1

    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Libc())
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(process, "_swaps", lambda: False)
    assert process.shut_memory() == ("core",)
