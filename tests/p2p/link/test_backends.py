import socket
import sys

import pytest

from p2p.link import backends
from p2p.link.backends import Backend, best_backend, works


@pytest.fixture(autouse=True)
def fresh():
    best_backend.cache_clear()
    yield
    best_backend.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="batches are Linux's")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_on_linux_with_this_libsodium_the_quickest_works(family):
    assert best_backend(family) is Backend.IN_PLACE


def test_without_the_system_call_it_goes_one_by_one(monkeypatch):
    monkeypatch.setattr(backends, "available", lambda: False)
    assert best_backend(socket.AF_INET) is Backend.PORTABLE
    assert works(Backend.PORTABLE, socket.AF_INET)


@pytest.mark.skipif(sys.platform != "linux", reason="batches are Linux's")
def test_with_other_insides_of_pynacl_packets_are_sealed_one_by_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "nacl._sodium", None)
    assert best_backend(socket.AF_INET) is Backend.SENDMMSG


@pytest.mark.skipif(sys.platform != "linux", reason="batches are Linux's")
@pytest.mark.parametrize("broken", ["lost", "garbled", "refused", "short"])
def test_a_way_counts_only_if_what_it_sent_arrived_and_opened(monkeypatch, broken):
    monkeypatch.setattr(backends, "_TRIAL_LIMIT_S", 0.05)

    class Broken(backends.Batch):
        def flush(self, count):
            if broken == "lost":
                return count, []
            if broken == "refused":
                return count, [0]
            if broken == "garbled":
                self.packets[20] ^= 1
            else:
                self.lengths[1] -= 1
            return super().flush(count)

    monkeypatch.setattr(backends, "Batch", Broken)
    assert best_backend(socket.AF_INET) is Backend.PORTABLE
