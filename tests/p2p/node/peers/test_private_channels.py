"""A line to one member through relays, where one of these carries nothing."""

import pytest

from crypto.ids import EpochId
from lab.node_house import a_house
from p2p.api import events as e
from p2p.node.peers import private_channels
from p2p.relay.courier import Courier
from p2p.relay.server import Relay
from p2p.wire.messages import AskKeys
from tests.p2p.node.inn import until


def swallows(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows doors, as before, and takes what is to be carried to them."""

    def nowhere(*_: object) -> None:
        pass

    monkeypatch.setattr(relay._courier, Courier._carry.__name__, nowhere)


async def test_a_relay_that_carries_nothing_does_not_keep_members_from_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_house() as house:
        lines = (await house.relay(), await house.relay())
        house.entry_nodes.clear()
        host = await house.host("host", mode="shield", relays=lines)
        words = (await host.key()).words
        guest = await house.guest("guest", words, mode="shield", relays=lines)
        await guest.until(e.Joined)
        links = guest.session._ours.relay_links
        await until(lambda: len(links.links) == len(host.session._ours.relay_links.links) == 2)
        monkeypatch.setattr(private_channels, "system_rng", lambda _: b"")  # in their order
        first = next(r for r in house.relays if r._rooms._own_dh == links.links[0].contact.dh)
        swallows(first, monkeypatch)
        private, me = guest.session.peers.dispatch._private, host.session.peers.room.me
        dh = guest.session.peers.room.state.members[me].dh
        private.say(me, dh, lambda _: AskKeys((EpochId(bytes(16)),)))
        await until(lambda: me in private._lines)
