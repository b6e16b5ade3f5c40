"""The two ways to begin: a room of one's own, or somebody else's."""

import time

from crypto.identity import Identity
from crypto.invite import Invite
from crypto.roomkey import Genesis, RoomKey
from p2p.api.settings import Settings, no_relay
from p2p.clock import unix_s
from p2p.dht.bootstrap import known_contacts
from p2p.node.endpoint import MemberEndpoint
from p2p.node.media.media import open_devices
from p2p.node.node import Node
from p2p.node.relays.trusted import trusted_relays
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng


async def create_room(settings: Settings) -> Node:
    """Makes a new room; ``run`` opens it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    identity = Identity.generate(system_rng)
    genesis = Genesis(1, identity.sign_key, identity.dh, "open", unix_s(), system_rng(32))
    r = system_rng(16)
    secrets = RoomSecrets(identity, RoomKey.create(genesis, r), system_rng)
    secrets.begin(genesis.encode(), r, time.monotonic())
    return await _open(settings, secrets, None)


async def join_room(settings: Settings, invite: Invite) -> Node:
    """Gets ready to enter a room; ``run`` enters it.

    Raises:
        UserError: A setting is no good, or the port is in use.
    """
    settings.check()
    secrets = RoomSecrets(Identity.generate(system_rng), invite.key, system_rng)
    return await _open(settings, secrets, invite)


async def _open(settings: Settings, secrets: RoomSecrets, invite: Invite | None) -> Node:
    contacts = known_contacts([*settings.relays, *settings.bootstrap])
    if settings.hidden and not trusted_relays(settings, contacts, invite):
        raise no_relay()
    net = await MemberEndpoint.open(
        settings.listen, contacts, secrets.identity.dh_secret, system_rng
    )
    try:
        devices = await open_devices(settings.mic, settings.speaker, settings.mask)
        return Node(settings, net, secrets, devices, invite)
    except BaseException:
        await net.close()
        raise
