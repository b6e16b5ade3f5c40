import socket
import sys
from pathlib import Path

import pytest

from p2p.relay.notify import READY, Notifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")


def test_the_manager_hears_what_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(2)
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).say(READY)
        assert manager.recv(64) == b"READY=1"


@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are of Linux")
def test_a_name_may_be_abstract() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0teahouse-test-notify")
        manager.settimeout(2)
        Notifier({"NOTIFY_SOCKET": "@teahouse-test-notify"}).say(READY)
        assert manager.recv(64) == b"READY=1"


def test_without_a_manager_nothing_happens(tmp_path: Path) -> None:
    Notifier({}).say(READY)
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).say(READY)


def test_signs_of_life_come_three_times_as_often_as_the_watchdog_wants() -> None:
    assert Notifier({"WATCHDOG_USEC": "30000000"}).alive_every_s is None
    made = Notifier({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000"})
    assert made.alive_every_s == 10.0
    assert Notifier({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-1"}).alive_every_s is None
