"""A wire between a guest and a door on loopback that shows what passes, and keeps it."""

import asyncio

from crypto.contact import Contact
from crypto.invite import Invite, parse_key_text
from crypto.roomkey import RoomKey

Address = tuple[str, int]
KEPT_MAX = 4096


class Wire(asyncio.DatagramProtocol):
    """Passes datagrams on, both ways, between one door (or relay) and one guest.

    Attributes:
        to_door: What the guest sent, up to the first few thousand datagrams.
        from_door: What the door answered.
        door_dh: Its public key.
    """

    def __init__(self, door: Contact) -> None:
        self.to_door: list[bytes] = []
        self.from_door: list[bytes] = []
        self._door, self.door_dh = door, door.dh
        self._guest: Address | None = None

    @classmethod
    async def open(cls, door: Contact) -> "Wire":
        loop = asyncio.get_running_loop()
        transport, wire = await loop.create_datagram_endpoint(
            lambda: cls(door), local_addr=("127.0.0.1", 0)
        )
        wire.transport = transport
        return wire

    @classmethod
    async def to(cls, invite: str) -> "Wire":
        """Opens a wire to the first door that an invite names."""
        return await cls.open(next(c for c in parse_key_text(invite).contacts if c.kind == "door"))

    @property
    def address(self) -> Address:
        """The guest's end."""
        return self.transport.get_extra_info("sockname")[:2]

    def invite(self, key: RoomKey) -> str:
        """A long invite with this key that leads to the door along this wire."""
        return Invite(key, (Contact(self._door.dh, self.address),)).to_line()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if addr == self._door.address:
            kept, target = self.from_door, self._guest
        else:
            kept, target, self._guest = self.to_door, self._door.address, addr
        if len(kept) < KEPT_MAX:
            kept.append(data)
        if target is not None:
            self.transport.sendto(data, target)

    def close(self) -> None:
        self.transport.close()
