"""A small Internet on one Linux machine, from network namespaces and nftables.

Nothing of the machine's own network is touched and nothing can get out: the namespaces have no
way to the outside. Sites are ``public`` (an address, nothing in the way), ``fw`` (the same behind a
firewall), those behind a router of one of the kinds of ``netrules``, ``cgnat`` and ``cgnatsym`` (a
``portres`` home behind a carrier's NAT of either kind) and ``lan`` (hosts on one wire without
a way out).

The n-th site has the public address 11.0.n.2 (and 2600:1:n::2) and the inside 192.168.n.0/24 (and
2600:1:n:1::/64, without NAT behind a stateful firewall); its hosts count from .10 (and ::a).
"""

import atexit
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.programs import netrules

ROOT = Path(__file__).resolve().parents[2]
TREE = Path(os.environ.get("TEAHOUSE_LAB_TREE", ROOT))
"""Where the programs that run on the lab's machines come from; another one to compare with."""
PORTS_PER_RANGE = 1000

_WATCH = """
table inet watch {
  set four { type inet_proto . ipv4_addr . inet_service; flags dynamic; size 4096; }
  set six { type inet_proto . ipv6_addr . inet_service; flags dynamic; size 4096; }
  set from4 { type ipv4_addr; flags dynamic; size 4096; }
  set from6 { type ipv6_addr; flags dynamic; size 4096; }
  chain in {
    type filter hook input priority 0
    iifname "lo" accept
    meta l4proto { tcp, udp } add @from4 { ip saddr }
    meta l4proto { tcp, udp } add @from6 { ip6 saddr }
  }
  chain out {
    type filter hook output priority 0
    oifname "lo" accept
    meta l4proto { tcp, udp } add @four { meta l4proto . ip daddr . th dport }
    meta l4proto { tcp, udp } add @six { meta l4proto . ip6 daddr . th dport }
  }
}
"""
KINDS = ("public", "fw", "fullcone", "portres", "sym", "cgnat", "cgnatsym", "noudp", "web")
"""Every kind of site that is on the Internet."""
_CARRIERS = {"cgnat": "portres", "cgnatsym": "sym"}
_ON_THE_NET = (*netrules.NATS, *_CARRIERS)


def why_not(*, long_lines: bool = False) -> str | None:
    """Why no such network (with lines that take time) can be built here; None: it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "nft", "sysctl") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    if long_lines and not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun here"
    probe = f"th{os.getpid()}-probe"
    made = _run("ip", "netns", "add", probe, check=False)
    ruled = _run("ip", "netns", "exec", probe, "nft", "list", "ruleset", check=False)
    _run("ip", "netns", "del", probe, check=False)
    return None if made and ruled else "network namespaces or nftables do not work here"


@dataclass
class Host:
    """A machine in the lab.

    Attributes:
        ip: Its own IPv4 address: behind a NAT not what others see.
        ip6: Its global IPv6 address, empty if the site has none.
    """

    namespace: str
    ip: str
    ip6: str = ""
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *argv: str, **popen) -> subprocess.Popen:
        """Runs a program on this machine, from the checkout's root."""
        environment = os.environ | {"PYTHONPATH": str(TREE), "PYTHONUNBUFFERED": "1"}
        environment["TEAHOUSE_MAINLINE"] = "no"  # there is no resolver and no such network here
        command = ["ip", "netns", "exec", self.namespace, *argv]
        process = subprocess.Popen(command, cwd=TREE, env=environment, **popen)
        self.processes.append(process)
        return process


class NetLab:
    """One such network; a context manager that takes everything away again."""

    _numbers = itertools.count()

    def __init__(self) -> None:
        self.prefix = f"th{os.getpid()}n{next(self._numbers)}"
        self.hosts: list[Host] = []
        self._spaces: list[str] = []
        self._lines: dict[str, subprocess.Popen] = {}
        self._sites: dict[str, tuple[int, str]] = {}
        self._rebinds: dict[str, int] = {}

    def __enter__(self) -> "NetLab":
        _remove_leftovers()
        atexit.register(self.down)
        try:
            self._space("inet", forward=True)
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_exc) -> None:
        self.down()
        atexit.unregister(self.down)

    def site(
        self, name: str, kind: str, hosts: int = 1, *, v6: bool = False, **weather: object
    ) -> list[Host]:
        """Adds a site.

        Args:
            name: At most 8 letters.
            kind: See the module.
            hosts: How many machines; the second of ``home`` is ``home2``.
            v6: With global IPv6 addresses too.
            weather: Of the site's line, as ``longline`` has it; none: it is perfect and stays so.
        """
        number = len(self._sites) + 1
        self._sites[name] = (number, kind)
        if kind in ("public", "fw"):
            self._wan(name, number, v6=v6, **weather)
            if kind == "fw":
                self._nft(name, netrules.firewall(kind, ""))
            made = [Host(self._name(name), f"11.0.{number}.2", f"2600:1:{number:x}::2" * v6)]
        else:
            router = f"{name}-r"
            if kind in _ON_THE_NET:
                self._wan(router, number, v6=v6, forward=True, **weather)
                outer = _CARRIERS.get(kind, kind)
                self._nft(router, netrules.firewall(outer, f"192.168.{number}.10"))
                self.rebind(name)
                if kind in _CARRIERS:
                    router = self._home_router(name, router, number)
            else:
                self._space(router)
            made = self._inside(name, router, number, hosts, kind, v6=v6)
        self.hosts += made
        return made

    def rebind(self, name: str) -> None:
        """What a router's reboot does: every mapping is forgotten, the next ones are others."""
        router = f"{name}-r"
        turn = self._rebinds.get(name, 0)
        self._rebinds[name] = turn + 1
        first = 40_000 + PORTS_PER_RANGE * (turn % 20)
        kind = self._sites[name][1]
        last = first + PORTS_PER_RANGE - 1
        self._nft(router, netrules.masquerade(_CARRIERS.get(kind, kind), first, last))
        if turn:
            # The kernel forgets masqueraded connections when their address goes away.
            number = self._sites[name][0]
            self._ip(router, f"addr del 11.0.{number}.2/24 dev wan")
            self._ip(router, f"addr add 11.0.{number}.2/24 dev wan")
            self._ip(router, f"route replace default via 11.0.{number}.1")

    def readdress(self, name: str) -> None:
        """Gives the router of a home another IPv4 address, 11.0.n.3, as providers do at night."""
        number = self._sites[name][0]
        self._ip(f"{name}-r", f"addr del 11.0.{number}.2/24 dev wan")
        self._ip(f"{name}-r", f"addr add 11.0.{number}.3/24 dev wan")
        self._ip(f"{name}-r", f"route replace default via 11.0.{number}.1")

    def change(self, name: str, **weather: object) -> None:
        """Gives a site's line, made with some weather, another one; see ``longline``."""
        pipe = self._lines[f"l-{name}"].stdin
        assert pipe is not None
        pipe.write(json.dumps(weather) + "\n")

    def give(self, name: str, addresses: Iterable[str]) -> None:
        """Gives the machine of a public site more IPv4 addresses, in any nets."""
        for ip in addresses:
            self._ip(name, f"addr add {ip}/32 dev wan")
            self._ip("inet", f"route add {ip} via 11.0.{self._sites[name][0]}.2")

    def take_v4(self, name: str) -> None:
        """Leaves IPv6 alone to the one machine of a site."""
        self._ip(name, "-4 addr flush dev eth0")

    def cut(self, name: str) -> None:
        """Pulls the plug of a site's line."""
        self._ip("inet", f"link set l-{name} down")

    def heal(self, name: str) -> None:
        """Puts the plug back."""
        number, kind = self._sites[name]
        self._ip("inet", f"link set l-{name} up")
        end = name if kind in ("public", "fw") else f"{name}-r"
        self._ip(end, f"route replace default via 11.0.{number}.1")

    def router(self, name: str) -> Host:
        """The router of a site behind NAT, to run programs on; its line is called ``wan``."""
        made = Host(self._name(f"{name}-r"), "", "")
        self.hosts.append(made)
        return made

    def rule(self, name: str, rules: str) -> None:
        """Has the router of a site keep to more rules of nftables."""
        self._nft(f"{name}-r", rules)

    def watch(self, host: Host) -> None:
        """Notes from now on to whom a machine sends, and who to it."""
        space = host.namespace.removeprefix(f"{self.prefix}-")
        self._nft(space, _WATCH)

    def destinations(self, host: Host) -> set[tuple[str, str, int]]:
        """``(tcp or udp, IP, port)`` of everything that a watched machine has sent."""
        sets = self._watched(host)
        rows = [element["concat"] for name in ("four", "six") for element in sets[name]]
        return {(str(protocol), ip, int(port)) for protocol, ip, port in rows}

    def sources(self, host: Host) -> set[str]:
        """The IP addresses of all that sent something to a watched machine."""
        sets = self._watched(host)
        return {*sets["from4"], *sets["from6"]}

    def _watched(self, host: Host) -> dict[str, list]:
        command = ["ip", "netns", "exec", host.namespace]
        command += ["nft", "-j", "list", "table", "inet", "watch"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        sets = [entry["set"] for entry in json.loads(done.stdout)["nftables"] if "set" in entry]
        return {each["name"]: each.get("elem", []) for each in sets}

    def down(self) -> None:
        """Ends all programs of the lab and removes its namespaces."""
        for host in self.hosts:
            for process in host.processes:
                if process.poll() is None:
                    process.kill()
                process.wait()
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream is not None:
                        stream.close()
        self.hosts.clear()
        for line in self._lines.values():
            line.kill()
            line.wait()
            if line.stdin is not None:
                line.stdin.close()
        self._lines.clear()
        for space in self._spaces:
            _remove(space)
        self._spaces.clear()

    def _name(self, space: str) -> str:
        return f"{self.prefix}-{space}"

    def _space(self, space: str, *, forward: bool = False) -> None:
        name = self._name(space)
        _run("ip", "netns", "add", name)
        self._spaces.append(name)
        self._ip(space, "link set lo up")
        settings = ["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"]
        if forward:
            settings += ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]
        _run("ip", "netns", "exec", name, "sysctl", "-qw", *settings, check=False)

    def _wan(
        self, space: str, number: int, *, v6: bool, forward: bool = False, **weather: object
    ) -> None:
        """Makes a namespace with a line to the router in the middle."""
        self._space(space, forward=forward)
        line = f"l-{space.removesuffix('-r')}"
        if weather:
            self._long_wire(space, "wan", "inet", line, weather)
        else:
            self._wire(space, "wan", "inet", line)
        self._ip("inet", f"addr add 11.0.{number}.1/24 dev {line}")
        self._ip(space, f"addr add 11.0.{number}.2/24 dev wan")
        self._ip(space, f"route add default via 11.0.{number}.1")
        if v6:
            net = f"2600:1:{number:x}"
            self._ip("inet", f"addr add {net}::1/64 dev {line} nodad")
            self._ip(space, f"addr add {net}::2/64 dev wan nodad")
            self._ip(space, f"route add default via {net}::1")
            self._ip("inet", f"route add {net}:1::/64 via {net}::2")

    def _home_router(self, name: str, carrier: str, number: int) -> str:
        """A router at home, behind that of a carrier."""
        home = f"{name}-h"
        self._space(home, forward=True)
        self._wire(home, "wan", carrier, "lan")
        self._ip(carrier, f"addr add 100.64.{number}.1/24 dev lan")
        self._ip(home, f"addr add 100.64.{number}.2/24 dev wan")
        self._ip(home, f"route add default via 100.64.{number}.1")
        self._nft(home, netrules.firewall("portres", ""))
        self._nft(home, netrules.masquerade("portres", 40_000, 40_999))
        return home

    def _inside(
        self, name: str, router: str, number: int, count: int, kind: str, *, v6: bool
    ) -> list[Host]:
        net, net6 = f"192.168.{number}", f"2600:1:{number:x}:1:"
        self._ip(router, "link add lan type bridge")
        self._ip(router, "link set lan up")
        if kind in _ON_THE_NET:
            self._ip(router, f"addr add {net}.1/24 dev lan")
            if v6:
                self._ip(router, f"addr add {net6}:1/64 dev lan nodad")
        made = []
        for n in range(count):
            space = name if count == 1 else f"{name}{n + 1}"
            self._space(space)
            self._wire(space, "eth0", router, f"p{n}")
            self._ip(router, f"link set p{n} master lan")
            host = Host(self._name(space), f"{net}.{10 + n}")
            self._ip(space, f"addr add {host.ip}/24 dev eth0")
            if kind in _ON_THE_NET:
                self._ip(space, f"route add default via {net}.1")
            if v6 and kind in _ON_THE_NET:
                host.ip6 = f"{net6}:{10 + n:x}"
                self._ip(space, f"addr add {host.ip6}/64 dev eth0 nodad")
                self._ip(space, f"route add default via {net6}:1")
            made.append(host)
        return made

    def _wire(self, space_a: str, device_a: str, space_b: str, device_b: str) -> None:
        a, b = self._name(space_a), self._name(space_b)
        ends = f"{device_a} netns {a} type veth peer name {device_b} netns {b}"
        _run("ip", "link", "add", *ends.split())
        self._ip(space_a, f"link set {device_a} up")
        self._ip(space_b, f"link set {device_b} up")

    def _long_wire(
        self, space_a: str, device_a: str, space_b: str, device_b: str, weather: dict
    ) -> None:
        ends = [self._name(space_a), device_a, self._name(space_b), device_b]
        program = str(ROOT / "lab/programs/longline.py")
        command = [sys.executable, program, *ends, json.dumps(weather)]
        line = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._lines[device_b] = line
        assert line.stdout is not None
        with line.stdout:
            if line.stdout.readline() != "ready\n":
                raise RuntimeError("a long line could not be made")
        self._ip(space_a, f"link set {device_a} up")
        self._ip(space_b, f"link set {device_b} up")

    def _ip(self, space: str, command: str) -> None:
        _run("ip", "-n", self._name(space), *command.split())

    def _nft(self, space: str, rules: str) -> None:
        _run("ip", "netns", "exec", self._name(space), "nft", "-f", "-", stdin=rules)


def _run(*argv: str, check: bool = True, stdin: str | None = None) -> bool:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=30)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.returncode == 0


def output(*argv: str) -> str:
    """What a program of the machine says."""
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout


def _remove(space: str) -> None:
    inside = subprocess.run(
        ["ip", "netns", "pids", space], capture_output=True, text=True, timeout=30
    )
    for pid in inside.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue
    _run("ip", "netns", "del", space, check=False)


def _remove_leftovers() -> None:
    """Takes away labs of test runs that were killed."""
    known = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, timeout=30)
    for line in known.stdout.splitlines():
        space = line.split()[0]
        match = re.match(r"th(\d+)(n\d+)?-", space)
        if match and not Path(f"/proc/{match[1]}").exists():
            _remove(space)
