"""What a member has before it is in any room, and keeps until it has left."""

from dataclasses import dataclass

from crypto.contact import Contact
from p2p.api.settings import Settings
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.media.media import Sound
from p2p.node.member_numbers import MemberNumbers
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.secrets import Credentials


@dataclass(frozen=True, slots=True)
class Equipment:
    """See the module.

    Attributes:
        settings: What the person chose.
        endpoint: Socket, DHT and inbox.
        credentials: Our keys and the room's.
        work: Where everything of ours runs.
        relay_links: Our links to relays.
        relays: Relays that the person trusts, the nearest first.
        sound: The pipeline.
        numbers: Numbers of members.
    """

    settings: Settings
    endpoint: MemberEndpoint
    credentials: Credentials
    work: Work
    relay_links: RelayLinks
    relays: tuple[Contact, ...]
    sound: Sound
    numbers: MemberNumbers
