"""A Mainline DHT of its own: real nodes of libtorrent, each with an address in another /24.

``python -m lab.programs.mainline_swarm COUNT [PREFIX [SHARE_DEAD]]`` prints ``HOST:PORT`` of some
nodes that can be asked first, then lives until its standard input ends. Nodes n have the address
``PREFIX.n >> 8.n & 255.1`` (127.20... without a prefix), which the machine must have. A share of
them dies once all know each other: they stay in tables and answer nobody.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PORT = 6881
MODULE = "lab.programs.mainline_swarm"
_KNOWN = 24
_ENTRIES = 4
_SETTLES_S = 3.0
_SETTINGS = {
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_outgoing_tcp": False,
    "enable_incoming_tcp": False,
    "dht_bootstrap_nodes": "",
    "dht_ignore_dark_internet": False,
    "alert_mask": 0,
}


def address(n: int, prefix: str = "127") -> str:
    """The IP address of the n-th node."""
    return f"{prefix}.{20 + (n >> 8)}.{n & 255}.1"


def _run(count: int, prefix: str, share_dead: float) -> None:
    import libtorrent  # the tests ask whether it is there; nothing else needs it

    ips = [address(n, prefix) for n in range(count)]
    nodes = [libtorrent.session(_SETTINGS | {"listen_interfaces": f"{ip}:{PORT}"}) for ip in ips]
    chance = random.Random(count)
    for ip, node in zip(ips, nodes, strict=True):
        for other in chance.sample(ips, min(count, _KNOWN)):
            if other != ip:
                node.add_dht_node((other, PORT))
    time.sleep(_SETTLES_S)
    for node in chance.sample(nodes[_ENTRIES:], round(count * share_dead)):
        node.apply_settings({"enable_dht": False})
    print(*(f"{ip}:{PORT}" for ip in ips[:_ENTRIES]), flush=True)
    sys.stdin.read()


@contextmanager
def swarm(
    count: int, prefix: str = "127", share_dead: float = 0.0, within: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Runs such a network meanwhile.

    Args:
        count: Nodes.
        prefix: First number of their addresses.
        share_dead: Of the nodes, 0 to 1.
        within: A command that runs another one elsewhere, such as ``ip netns exec NAME``.

    Yields:
        ``host:port`` of nodes to ask first.
    """
    command = (*within, sys.executable, "-m", MODULE, str(count), prefix, str(share_dead))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield tuple(process.stdout.readline().split())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


if __name__ == "__main__":
    _run(int(sys.argv[1]), *(sys.argv[2:3] or ["127"]), float((sys.argv[3:4] or ["0"])[0]))
