"""Whether the local network is asked and answered depends on where a member listens."""

import pytest

from p2p.api.settings import Settings
from p2p.node.joining.local_network import has_lan


@pytest.mark.parametrize(
    ("listen", "used"),
    [
        (None, True),
        (("0.0.0.0", 0), True),
        (("::", 4000), True),
        (("192.0.2.1", 0), True),
        (("127.0.0.1", 0), False),
        (("::1", 0), False),
    ],
)
def test_it_is_used_unless_a_member_listens_on_loopback_only(listen, used):
    assert has_lan(Settings(listen=listen)) is used
