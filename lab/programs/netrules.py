"""What a router of each kind does to what passes it: nftables rules for ``netlab``.

========  ==========================================================================================
fw        no NAT, a stateful firewall: only answers come in
fullcone  NAT that lets anybody send to a mapped port
portres   NAT with one port for all destinations, only answers come in: a common home router
sym       the same with another port for every destination
noudp     ``portres`` that lets no UDP pass
web       ``portres`` that lets out TCP to the ports 80 and 443 and nothing else
========  ==========================================================================================

RFC 4787 has the words: endpoint-independent mapping, address-and-port-dependent filtering.
"""

NATS = ("fullcone", "portres", "sym", "noudp", "web")

# Protocols by number (1 ICMP, 58 ICMPv6): a small system has no /etc/protocols to look in.
_FIREWALL = """
table inet fw {{
  chain in {{
    type filter hook input priority 0
    iifname "wan" ct state established,related accept
    meta l4proto {{ 1, 58 }} accept
    iifname "wan" drop
  }}
  chain forward {{
    type filter hook forward priority 0
    meta l4proto {{ 1, 58 }} accept
    {out}
    {back}
  }}
}}
table ip nat {{
  chain pre {{
    type nat hook prerouting priority -100
    {mapped}
  }}
  chain post {{
    type nat hook postrouting priority 100
  }}
}}
"""
_ONLY_ANSWERS = 'iifname "wan" ct state != { established, related } drop'
_OUT = {
    "noudp": 'oifname "wan" meta l4proto 17 drop',
    "web": 'oifname "wan" meta l4proto != 6 drop\n    oifname "wan" tcp dport != { 80, 443 } drop',
}
_MASQUERADE = """
flush chain ip nat post
add rule ip nat post oifname "wan" meta l4proto 17 masquerade to :{first}-{last} {how}
add rule ip nat post oifname "wan" masquerade
"""


def firewall(kind: str, inside: str) -> str:
    """Rules of one router.

    Args:
        kind: See the module.
        inside: The machine behind it that gets what nobody asked for, if anybody does.
    """
    cone = kind == "fullcone"
    return _FIREWALL.format(
        out=_OUT.get(kind, ""),
        back="" if cone else _ONLY_ANSWERS,
        mapped=f'iifname "wan" meta l4proto 17 dnat to {inside}' if cone else "",
    )


def masquerade(kind: str, first: int, last: int) -> str:
    """Rules that begin NAT anew, with ports from this range."""
    how = "random,fully-random" if kind == "sym" else ""
    return _MASQUERADE.format(first=first, last=last, how=how)
