"""Writes all that passes an interface into a file that packet analysers read. Linux, as root.

    python -m lab.programs.capture INTERFACE FILE

It prints ``ready`` when it begins, and ends when it is terminated.
"""

import socket
import struct
import sys
import time

_MAGIC, _LINKTYPE_ETHERNET = 0xA1B2C3D4, 1
_SNAP_BYTES = 1 << 16
_EVERY_PROTOCOL = 3  # ETH_P_ALL


def main() -> None:
    interface, name = sys.argv[1:]
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL)) as line,
        open(name, "wb", buffering=0) as file,
    ):
        line.bind((interface, 0))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        file.write(struct.pack("=IHHiIII", _MAGIC, 2, 4, 0, 0, _SNAP_BYTES, _LINKTYPE_ETHERNET))
        print("ready", flush=True)
        while True:
            frame = line.recv(_SNAP_BYTES)
            seconds, rest = divmod(time.time_ns(), 10**9)
            head = struct.pack("=IIII", seconds, rest // 1000, len(frame), len(frame))
            file.write(head + frame)


if __name__ == "__main__":
    main()
