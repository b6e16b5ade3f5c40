"""The two ways to begin: a room of one's own, or somebody else's."""

from dataclasses import replace

from crypto.dh import KeyPair
from crypto.genesis import (
    GENESIS_VERSION,
    MEMBERS_SECRET_BYTES,
    Genesis,
    commit_members_secret,
)
from crypto.identity import Identity
from crypto.invite import Invite
from crypto.roomkey import RoomKey
from p2p.api.settings import Settings, no_relay
from p2p.clock import unix_s
from p2p.dht.bootstrap import known_contacts
from p2p.dht.contact import NodeContact
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.link.web.proxy import Proxy
from p2p.node.endpoint import MemberEndpoint
from p2p.node.media.devices import open_devices
from p2p.node.node import Node
from p2p.node.relays.trusted import Found, TrustedRelays, look_up
from p2p.node.secrets import Credentials, NewRoom, Origin
from p2p.rng import system_rng
from p2p.wire.addresses import Scope, is_nowhere, scope_of


async def create_room(settings: Settings) -> Node:
    """Makes a new room; ``run`` opens it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    identity = Identity.generate(system_rng)
    shared = system_rng(MEMBERS_SECRET_BYTES)
    commit = commit_members_secret(shared)
    genesis = Genesis(GENESIS_VERSION, identity.sign_key, identity.dh, "open", unix_s(), commit)
    origin = Origin(genesis.encode(), system_rng(16))
    key = RoomKey.create(genesis, origin.r)
    return await _open(settings, identity, key, NewRoom(origin, shared))


async def join_room(settings: Settings, invite: Invite) -> Node:
    """Gets ready to enter a room; ``run`` enters it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    return await _open(settings, Identity.generate(system_rng), invite.key, invite)


async def _open(
    settings: Settings, identity: Identity, key: RoomKey, goal: Invite | NewRoom
) -> Node:
    credentials = Credentials(identity, key, KeyPair.generate(system_rng))
    contacts = known_contacts(settings.bootstrap, relays=settings.relays)
    named = [NodeContact.parse(line) for line in settings.relays]
    invite = goal if isinstance(goal, Invite) else None
    proxy = Proxy.parse(settings.proxy) if settings.proxy else None
    # Behind a proxy nothing is looked up here: it is told the names.
    invited = () if invite is None else invite.contacts
    found = await look_up([*named, *contacts, *invited]) if proxy is None else {}
    relays = TrustedRelays.of(named, contacts, invite, found)
    if settings.hidden and not relays.contacts:
        raise no_relay(joining=invite is not None)
    entry_nodes = [] if proxy else _reached_by_udp(contacts, found)
    endpoint = await MemberEndpoint.open(
        settings.listen,
        entry_nodes,
        identity.dh_secret,
        system_rng,
        proxy,
        mainline_entries(settings),
    )
    try:
        devices = await open_devices(settings.mic, settings.speaker, settings.mask)
        return Node(settings, endpoint, credentials, devices, goal, relays)
    except BaseException:
        await endpoint.close()
        raise


def mainline_entries(settings: Settings) -> EntryPoints | None:
    """Where BitTorrent's DHT is entered; None: it is not to be asked.

    Who hides never asks it: it would show our address to strangers. And from a socket of this
    machine alone the public one can not be reached.
    """
    if not settings.mainline or settings.hidden or not settings.allows("dht"):
        return None
    points = EntryPoints(settings.mainline)
    on_loopback = settings.listen is not None and scope_of(settings.listen[0]) is Scope.LOOPBACK
    return None if points.are_public and on_loopback else points


def _reached_by_udp(contacts: list[NodeContact], found: Found) -> list[NodeContact]:
    """Entry nodes of the DHT: those by the web alone are none."""
    known = [
        contact if contact.web is None else replace(contact, address=found[contact.web][0])
        for contact in contacts
        if contact.web is None or contact.web in found
    ]
    return [contact for contact in known if not is_nowhere(contact.address)]
