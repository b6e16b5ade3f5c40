"""How long datagrams take there and back: ``udp_ping.py`` answers, ``udp_ping.py IP`` asks.

It asks five times a second, and prints for each answer its number and milliseconds.
"""

import select
import socket
import struct
import sys
import time

PORT = 7007
EVERY_S = 0.2
_QUESTION = struct.Struct("!Qd")


def answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("0.0.0.0", PORT))
        while True:
            data, sender = here.recvfrom(64)
            here.sendto(data, sender)


def ask(ip: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.connect((ip, PORT))
        number, due_s = 0, time.monotonic()
        while True:
            if select.select([here], [], [], max(0.0, due_s - time.monotonic()))[0]:
                asked, at_s = _QUESTION.unpack(here.recv(64))
                print(asked, f"{1000.0 * (time.monotonic() - at_s):.1f}", flush=True)
            if time.monotonic() >= due_s:
                here.send(_QUESTION.pack(number, time.monotonic()))
                number, due_s = number + 1, due_s + EVERY_S


if __name__ == "__main__":
    ask(sys.argv[1]) if len(sys.argv) > 1 else answer()
