"""Floods a relay with HELLOs from many addresses of this machine. Run as a module.

    python -m tests.e2e.flood PORT RELAY_KEY_HEX PER_S SECONDS

prints one JSON object: how many were sent, and how many bytes came back.
"""

import hashlib
import json
import os
import socket
import sys
import time

from crypto.cookie import NO_MAC2
from crypto.ids import DhKey
from crypto.knock import FIRST_BYTES, HELLO, KNOCK_BYTES, NO_PSK, _mac1, _mac_key
from crypto.veil import Veil

ADDRESSES = 200


def hellos(relay_dh: bytes, count: int) -> list[bytes]:
    """Questions as cheap as a flooder makes them: veil and mac1 are right, the rest is noise."""
    veil = Veil(DhKey(relay_dh))
    head, key = bytes(FIRST_BYTES[HELLO][:1]), _mac_key(NO_PSK, relay_dh)
    made = []
    for _ in range(count):
        # A point of the curve, so that the relay really has to do the arithmetic.
        noise = hashlib.blake2b(os.urandom(8)).digest()[:31] + b"\0"
        noise += os.urandom(KNOCK_BYTES - 33 - len(noise))
        question = head + _mac1(key, head + noise) + NO_MAC2 + noise
        made.append(veil.cover(question, os.urandom, first=True))
    return made


def flood(port: int, relay_dh: bytes, per_s: int, seconds: float) -> dict[str, int]:
    """Sends them."""
    questions = hellos(relay_dh, 2000)
    sockets = []
    for number in range(ADDRESSES):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((f"127.9.{number // 100}.{number % 100 + 1}", 0))
        sock.setblocking(False)
        sockets.append(sock)
    sent, sent_bytes, answered_bytes, began_s = 0, 0, 0, time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds:
        while sent < passed_s * per_s:
            question = questions[sent % len(questions)]
            sockets[sent % ADDRESSES].sendto(question, ("127.0.0.1", port))
            sent, sent_bytes = sent + 1, sent_bytes + len(question)
        time.sleep(0.001)
    for sock in sockets:
        try:
            while True:
                answered_bytes += len(sock.recv(2048))
        except BlockingIOError:
            sock.close()
    return {"sent": sent, "sent_bytes": sent_bytes, "answered_bytes": answered_bytes}


if __name__ == "__main__":
    port, key, per_s, seconds = sys.argv[1:]
    print(json.dumps(flood(int(port), bytes.fromhex(key), int(per_s), float(seconds))))
