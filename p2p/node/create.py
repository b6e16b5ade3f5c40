"""The two ways to begin: a room of one's own, or somebody else's."""

from crypto.dh import KeyPair
from crypto.identity import Identity
from crypto.invite import Invite
from crypto.roomkey import Genesis, RoomKey
from p2p.api.settings import Settings, no_relay
from p2p.clock import unix_s
from p2p.dht.bootstrap import known_contacts
from p2p.node.endpoint import MemberEndpoint
from p2p.node.media.devices import open_devices
from p2p.node.node import Node
from p2p.node.relays.trusted import trusted_relays
from p2p.node.secrets import Credentials, Origin
from p2p.rng import system_rng


async def create_room(settings: Settings) -> Node:
    """Makes a new room; ``run`` opens it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    identity = Identity.generate(system_rng)
    genesis = Genesis(1, identity.sign_key, identity.dh, "open", unix_s(), system_rng(32))
    origin = Origin(genesis.encode(), system_rng(16))
    return await _open(settings, identity, RoomKey.create(genesis, origin.r), origin)


async def join_room(settings: Settings, invite: Invite) -> Node:
    """Gets ready to enter a room; ``run`` enters it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    return await _open(settings, Identity.generate(system_rng), invite.key, invite)


async def _open(
    settings: Settings, identity: Identity, key: RoomKey, goal: Invite | Origin
) -> Node:
    credentials = Credentials(identity, key, KeyPair.generate(system_rng))
    contacts = known_contacts(settings.bootstrap, relays=settings.relays)
    invite = goal if isinstance(goal, Invite) else None
    if settings.hidden and not trusted_relays(settings, contacts, invite):
        raise no_relay(joining=invite is not None)
    endpoint = await MemberEndpoint.open(settings.listen, contacts, identity.dh_secret, system_rng)
    try:
        devices = await open_devices(settings.mic, settings.speaker, settings.mask)
        return Node(settings, endpoint, credentials, devices, goal)
    except BaseException:
        await endpoint.close()
        raise
