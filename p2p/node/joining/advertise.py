"""Makes our door known: in the DHT, at relays, on the local network; and says what works."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.invite import MAX_CONTACTS
from p2p.api.settings import Settings
from p2p.dht.lan import LanDoor
from p2p.dht.publisher import finished_items
from p2p.dht.rendezvous import keep_published
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.by_mainline import MainlineDoor
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.wire.addresses import Address, Scope, is_nowhere, known_scope
from p2p.wire.card import seal_card

RELAYS_WAIT_S = 1.5
LOOK_EVERY_S = 0.05
ITEMS_EVERY_S = 3000.0
HOSTS_GOOD_S = 1.0
INVITE_REACHES = {
    Scope.GLOBAL: "invite",
    Scope.PRIVATE: "invite_lan",
    Scope.LOOPBACK: "invite_here",
}
"""How far away somebody may be to whom the long invite is enough."""


class Advertiser:
    """See the module.

    Args:
        settings: Which ways are allowed.
        endpoint: Socket and DHT.
        secrets: Our door's key and the room's.
        relay_links: Our relays.
        work: Where publishing runs.
        relays: Those that the person trusts; the first ones are kept.
        gone: Gives the keys of members that are not here any more.
        here: Tells how many members are here, ourselves included.
        lan: Answers beacons on the local network; None: it is not to be used, or cannot be.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: MemberEndpoint,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
        relays: Sequence[Contact],
        gone: Callable[[], Collection[DhKey]],
        here: Callable[[], int],
        lan: LanDoor | None,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._secrets = secrets
        self._relay_links = relay_links
        self._work = work
        self._relays = list(relays)
        self._lan = lan
        self._is_in_dht = False
        self._gone = gone
        self._in_mainline: MainlineDoor | None = None
        if endpoint.mainline is not None:
            self._in_mainline = MainlineDoor(
                endpoint,
                endpoint.mainline,
                secrets.room_key,
                self._doors,
                gone,
                lambda: 0 if relay_links.links else here(),
            )
        self._hosts: list[Address] = []
        self._hosts_until_s = 0.0

    def begin(self) -> None:
        """Starts everything that makes us known."""
        hidden = self._settings.hidden
        if hidden or self._settings.allows("relay") or self._settings.only == "invite":
            used = [link.contact for link in self._relay_links.links]
            for contact in [*self._relays, *([] if hidden else used)]:
                if (
                    hidden
                    or known_scope(contact.address[0]) is not Scope.LOOPBACK
                    or self._settings.only
                ):
                    self._relay_links.keep(contact)
            for link in self._relay_links.links:
                self._leave_card(link)  # it was made while we came in
        if self._endpoint.contacts and self._settings.allows("dht") and not hidden:
            self._work.create_task(self._publish())
        if self._in_mainline is not None:
            self._work.create_task(self._in_mainline.publish())
            self._work.create_task(self._in_mainline.let_in())
        self._work.create_task(self._hand_items_again())

    async def close(self) -> None:
        """Stops answering beacons."""
        if self._lan is not None:
            await self._lan.close()

    def relay_up(self, relay: Contact) -> None:
        """A relay is (again) there: gets our card."""
        link = self._relay_links.of_relay(relay)
        if link is not None:
            self._leave_card(link)

    def _leave_card(self, link: RelayLink) -> None:
        key, relay_dh = self._secrets.room_key, link.contact.dh
        card = seal_card(key, relay_dh, self._secrets.identity.dh, system_rng)
        link.door_up(key.relay_tag(relay_dh), card)
        self._hand_items(link)

    def _hand_items(self, link: RelayLink) -> None:
        """Finished items of this hour and the next, for the relay to store unread."""
        key = self._secrets.room_key
        everywhere = self._doors(Scope.GLOBAL)
        doors = [d for d in everywhere if known_scope(d.address[0]) is Scope.GLOBAL]
        if doors:
            items = finished_items(key, doors, self._endpoint.dht.time.unix_s(), system_rng)
            link.items(tuple(item.encode() for item in items))

    async def _hand_items_again(self) -> None:
        while True:
            await asyncio.sleep(ITEMS_EVERY_S)
            for link in self._relay_links.links:
                self._hand_items(link)

    def invite_contacts(self) -> tuple[Contact, ...]:
        """What the long invite names: relays first, then our own address, if they can be used."""
        relays = [link.contact for link in self._relay_links.links]
        relays += [c for c in self._relays if c not in relays]
        relays = [c for c in relays if not self._relay_links.is_unwanted(c.dh)]
        if self._settings.hidden:
            return tuple(relays[:MAX_CONTACTS])
        if self._settings.only in ("dht", "lan"):
            relays = []
        own = [Contact(self._secrets.identity.dh, a, "door") for a in self._own_addresses()]
        most = MAX_CONTACTS - 1
        both = relays[:most] + own[:1] if relays and self._is_public(own) else relays + own
        return tuple(both[:MAX_CONTACTS])

    @property
    def expects_mainline(self) -> bool:
        """Whether the room is to be found by the words alone, through BitTorrent's DHT."""
        return self._in_mainline is not None

    @property
    def expects_entry_nodes(self) -> bool:
        """Whether the room is to be found through the DHT."""
        allowed = self._settings.allows("dht") and not self._settings.hidden
        return bool(self._endpoint.contacts) and allowed

    def ways_in(self) -> tuple[str, ...]:
        """Which ways into the room work now: codes for the front end."""
        ways = []
        if self._lan is not None:
            ways.append("lan")
        if self.expects_entry_nodes and self._endpoint.dht.peers:
            ways.append("dht" if self._is_in_dht else "dht_soon")
        if self._in_mainline is not None:
            ways += self._in_mainline.ways
        if self._relay_links.links:
            ways.append("relay")
        if not self._settings.hidden and self._endpoint.dht.is_reached:
            ways.append("home")
        reach = [known_scope(contact.address[0]) for contact in self.invite_contacts()]
        if reach and (self._relay_links.links or not self._settings.hidden):
            ways.append(INVITE_REACHES[max(reach)])
        return tuple(ways)

    async def _publish(self) -> None:
        # The first record stands for some seconds: it is to name a door that can be reached.
        for _ in range(round(RELAYS_WAIT_S / LOOK_EVERY_S)):
            if self._relay_links.links or not self._relay_links.wanted:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        await keep_published(
            self._secrets.room_key,
            self._endpoint.dht,
            lambda: self._doors(self._entries_reach()),
            gone=self._gone,
            rng=system_rng,
            now=time.monotonic,
            unix=self._endpoint.dht.time.unix_s,
            on_kept=self._kept,
        )

    def _kept(self) -> None:
        self._is_in_dht = True

    def _entries_reach(self) -> Scope:
        """How far away who reads our DHT's records may be."""
        entries = [known_scope(entry.address[0]) for entry in self._endpoint.contacts]
        return max(entries, default=Scope.GLOBAL)

    def _doors(self, reach: Scope) -> list[Contact]:
        """Where a newcomer may knock, or leave a knock for us, who may be so far away."""
        relays = [replace(link.contact, web="") for link in self._relay_links.links]
        relays = [relay for relay in relays if not is_nowhere(relay.address)]
        if self._settings.hidden:
            return relays
        addresses = [a for a in self._own_addresses() if known_scope(a[0]) >= reach]
        own = [Contact(self._secrets.identity.dh, a, "door") for a in addresses]
        return [*own[:3], *relays]

    def _own_addresses(self) -> list[Address]:
        """Where we may be reached, widest first."""
        whereabouts = self._endpoint.station.whereabouts
        now = time.monotonic()
        if now >= self._hosts_until_s:
            # The kernel is asked once a second at most: there may be hundreds of entry nodes.
            towards = [*(c.address for c in self._endpoint.contacts), ANYWHERE_V4, ANYWHERE_V6]
            hosts = [whereabouts.host(address) for address in towards]
            self._hosts = list(dict.fromkeys(host for host in hosts if host is not None))
            self._hosts_until_s = now + HOSTS_GOOD_S
        found = dict.fromkeys([*whereabouts.seen, *self._hosts])
        return sorted(found, key=lambda address: -known_scope(address[0]))

    def _is_public(self, own: list[Contact]) -> bool:
        return bool(own) and known_scope(own[0].address[0]) is Scope.GLOBAL
