"""Child processes of a bench: each runs an event loop and answers commands over a pipe."""

import asyncio
import contextlib
import ctypes
import inspect
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

_SPAWN = multiprocessing.get_context("spawn")
_SET_PARENT_DEATH_SIGNAL = 1
_PREFERRED = -15
_ANSWER_LIMIT_S = 600.0


class Child:
    """One child.

    Args:
        make: Makes its subject, in the child, inside a running loop; what the subject's methods
            are called with and return goes through the pipe.
        args: For ``make``.
    """

    def __init__(self, make: Callable, *args) -> None:
        self._conn, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_run, args=(theirs, make, args), daemon=True)
        self._process.start()
        theirs.close()
        self.pid: int = self._answer()

    def begin(self, method: str, *args) -> None:
        """Starts a method; ``end`` waits for it."""
        self._conn.send((method, args))

    def end(self):
        """What the method returned."""
        return self._answer()

    def ask(self, method: str, *args):
        """Both."""
        self.begin(method, *args)
        return self.end()

    def stop(self) -> None:
        """Ends the child."""
        self._process.terminate()
        self._process.join(5.0)

    def _answer(self):
        if not self._conn.poll(_ANSWER_LIMIT_S):
            raise TimeoutError("a process of the bench does not answer")
        good, answer = self._conn.recv()
        if not good:
            raise RuntimeError(answer)
        return answer


def cpu_ns(pid: int) -> int:
    """Processor time that all threads of a process have used, in nanoseconds (Linux)."""
    return _schedstat(pid, 0)


def waited_ns(pid: int) -> int:
    """How long its threads could have run and were not let, in nanoseconds."""
    return _schedstat(pid, 1)


def prefer(pid: int) -> bool:
    """Asks the system to run a process before others, if we may (root)."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), _PREFERRED)
        return True
    return False


def _schedstat(pid: int, field: int) -> int:
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[field]) for stat in stats)


def resident_kb(pid: int) -> int:
    """Memory of a process that is in RAM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def many_files() -> None:
    """Lets this process and its children open thousands of sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))


async def every(seconds: float, times: int, do: Callable[[], None]) -> None:
    """Calls ``do`` at even distances, late ones at once."""
    began = time.monotonic()
    for turn in range(times):
        await asyncio.sleep(max(0.0, began + turn * seconds - time.monotonic()))
        do()


def end_with_parent() -> None:
    """The kernel ends this process with its parent, even if it is stopped (Linux)."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _run(conn, make, args) -> None:
    end_with_parent()
    many_files()
    asyncio.run(_serve(conn, make, args))


async def _serve(conn, make, args) -> None:

    subject = make(*args)
    loop, asked = asyncio.get_running_loop(), asyncio.Queue()

    def readable() -> None:
        try:
            asked.put_nowait(conn.recv())
        except EOFError:
            asked.put_nowait(None)

    loop.add_reader(conn.fileno(), readable)
    conn.send((True, os.getpid()))
    while (command := await asked.get()) is not None:
        method, arguments = command
        try:
            answer = getattr(subject, method)(*arguments)
            conn.send((True, await answer if inspect.isawaitable(answer) else answer))
        except Exception as exc:
            conn.send((False, f"{method}: {type(exc).__name__}: {exc}"))
    os._exit(0)  # the bench is over, whatever else still runs here
