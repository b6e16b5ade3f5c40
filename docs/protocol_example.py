"""Computes the worked example beside ``docs/protocol.md``.

``python -m docs.protocol_example`` writes it into ``docs/protocol-example.md``;
``tests/test_protocol_doc.py`` compares the two. Its random bytes are 00 01 02 … in the order in
which they are asked for.
"""

from collections.abc import Callable
from hashlib import blake2b
from itertools import count
from pathlib import Path

from audio.codec.framer import PAYLOAD_BYTES
from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from crypto.genesis import Genesis, commit_members_secret
from crypto.head import room_key
from crypto.identity import Identity
from crypto.ids import DhKey
from crypto.invite import Contact, Invite
from crypto.kid import pack_kid
from crypto.knock import KNOCK, Caller
from crypto.mainline_record import mainline_slot, seal_mainline
from crypto.record import seal_record, slots
from crypto.relaypass import pass_public
from crypto.roomkey import RoomKey
from crypto.veil import Veil
from crypto.words import to_digits, to_line, to_words
from p2p.dht.beacon import BeaconKeys, Question, seal_question
from p2p.dht.contact import NodeContact, node_id
from p2p.dht.mainline.krpc import Put, question
from p2p.dht.messages import Ping, encode
from p2p.dht.seal import Sealer
from p2p.link.rtp import ssrc_of
from p2p.room.ops.kinds import Join
from p2p.room.ops.op import Pen
from p2p.wire.card import seal_card

CREATED_S = 1_800_000_000
HOUR = CREATED_S // 3600
ADDRESS = ("192.0.2.1", 4433)

PAGE = Path(__file__).parent / "protocol-example.md"
HEAD = """# One example for every key and seal

Written by `python -m docs.protocol_example`; a test compares it with the code. All values but
words, line, digits, invite and addresses are hexadecimal; "hash" is BLAKE2b-128 of the whole.

Random bytes, in hexadecimal from first to last: host's Ed25519 seed 00-1f, its dh secret 20-3f,
members' secret 40-5f, r 60-6f; relay's secret 70-8f; caller's dh secret 90-af and ephemeral
secret b0-cf; epoch id d0-df and secret e0-ff; filler of the frame 00-0b; the asking DHT node's
secret 0c-2b; nonces of the item 2c-43 and card 44-5b; others stand in front of what they seal.

The room was made at Unix time 1800000000, the first second of hour 500000. The frame holds 196
zeros, sealed by the host in slot 1 at room time 0. The SSRC is that of sender AAAAAAAA and
receiver BBBBBBBB. Item and invite name the host as a door at 192.0.2.1:4433; the beacon asks from
there. tx and number are zeros. The item is that of slot 0; its seq is the time of creation, its
expiry two hours later. The mainline item of slot 0 has the same door and seq; its put has an id of
20 zeros, the token "token" and the tx "0000". The veil is that of the relay.

"""

Example = dict[str, str]


def counting() -> Callable[[int], bytes]:
    """Make a source of bytes that counts from 00 to ff and begins again."""
    numbers = count()
    return lambda size: bytes(next(numbers) & 0xFF for _ in range(size))


def example() -> Example:
    """Compute every value of the example, in the order in which it is printed."""
    rng = counting()
    host = Identity.generate(rng)
    genesis = Genesis(2, host.sign_key, host.dh, "open", CREATED_S, commit_members_secret(rng(32)))
    r = rng(16)
    key = RoomKey.create(genesis, r)
    relay_secret = rng(32)
    values = _room(host, genesis, r, key)
    values |= _derived(key, KeyPair(relay_secret).public)
    values |= _knock(key, host, rng)
    values |= _join(host, genesis)
    values |= _sound(host, rng)
    values |= _network(key, host, relay_secret, rng)
    values |= _veil(KeyPair(relay_secret).public, rng)
    return values


def _room(host: Identity, genesis: Genesis, r: bytes, key: RoomKey) -> Example:
    door = Contact(host.dh, ADDRESS, "door")
    return {
        "host sign": host.sign_key.hex(),
        "host dh": host.dh.hex(),
        "host id": host.member_id.hex(),
        "genesis": genesis.encode().hex(),
        "room id": genesis.room_id.hex(),
        "r": r.hex(),
        "S": key.secret.hex(),
        "words": to_words(key),
        "line": to_line(key),
        "digits": to_digits(key),
        "invite": Invite(key, (door,)).to_line(),
    }


def _derived(key: RoomKey, relay_dh: bytes) -> Example:
    slot = slots(key, HOUR)[0]
    return {
        "psk": key.psk().hex(),
        "hour": str(HOUR),
        "record key": key.record_key(HOUR).hex(),
        "slot 0 seed": key.slot_seed(HOUR, 0).hex(),
        "slot 0 signer": slot.signer.hex(),
        "slot 0 target": slot.target.hex(),
        "mainline key": key.mainline_key(HOUR).hex(),
        "mainline 0 seed": key.mainline_seed(HOUR, 0).hex(),
        "mainline 0 target": mainline_slot(key, HOUR, 0).target.hex(),
        "mainline 4 target": mainline_slot(key, HOUR, 4).target.hex(),
        "lan key": key.lan_key().hex(),
        "lan group": "{}:{}".format(*BeaconKeys.of(key).group),
        "relay dh": relay_dh.hex(),
        "relay tag": key.relay_tag(relay_dh).hex(),
    }


def _knock(key: RoomKey, host: Identity, rng: Callable[[int], bytes]) -> Example:
    secret = rng(32)
    caller = Caller(secret, host.dh, key.psk(), KNOCK, b"open the door", rng)
    return {
        "caller secret": secret.hex(),
        "knock payload": b"open the door".hex(),
        "knock, front 49": caller.datagram[:49].hex(),
        "knock, hash": _hash(caller.datagram),
    }


def _join(host: Identity, genesis: Genesis) -> Example:
    op = Pen(host, genesis.room_id).write(Join, host.sign_key, host.dh, bytes(32), "Ming")
    return {"join op": op.data.hex(), "join op id": op.id.hex()}


def _sound(host: Identity, rng: Callable[[int], bytes]) -> Example:
    keyring = Keyring.create(rng)
    ((epoch_id, secret, _),) = keyring.export(0)
    values = {
        "epoch id": epoch_id.hex(),
        "epoch secret": secret.hex(),
        "pass": bytes(keyring.pass_).hex(),
        "pass public": pass_public(keyring.pass_).hex(),
        "frontier tag": f"{keyring.frontier_tag:05x}",
        "room key, step 0": bytes(room_key([bytearray(secret)], 0)).hex(),
        "base key, step 0": bytes(keyring.base_key(host.member_id, 0)).hex(),
        "kid": f"{pack_kid(1, keyring.frontier_tag, 0):08x}",
    }
    frame = FrameSealer(keyring, 1, host.member_id, rng).seal(bytes(PAYLOAD_BYTES), 0.0)
    values |= {"frame, front 9": frame[:9].hex(), "frame, hash": _hash(frame)}
    keyring.advance(10.0)
    values["secret, step 1"] = keyring.export(1)[0][1].hex()
    values["ssrc"] = f"{ssrc_of('AAAAAAAA', 'BBBBBBBB'):08x}"
    return values


def _network(
    key: RoomKey, host: Identity, relay_secret: bytes, rng: Callable[[int], bytes]
) -> Example:
    relay = Sealer(relay_secret, rng)
    asker = Sealer(rng(32), rng)
    door = Contact(host.dh, ADDRESS, "door")
    item = seal_record(key, HOUR, 0, (door,), CREATED_S, CREATED_S + 7200, rng)
    keys = BeaconKeys.of(key)
    card = seal_card(key, relay.public, host.dh, rng)
    values = {
        "node line": str(NodeContact(ADDRESS, relay.public)),
        "node id": node_id(relay.public).hex(),
        "asker dh": asker.public.hex(),
        "ping": encode(Ping(bytes(8), False)).hex(),
        "ping, sealed": asker.seal(encode(Ping(bytes(8), False)), relay.public).hex(),
        "item, hash": _hash(item.encode()),
        "beacon": seal_question(keys, Question(4433, bytes(16), ADDRESS[0]), rng).hex(),
        "card": card.hex(),
    }
    put = Put(seal_mainline(key, HOUR, 0, (door,), CREATED_S, rng), b"token")
    datagram = question(put, b"0000", bytes(20))
    return values | {
        "mainline nonce": put.item.value[:24].hex(),
        "mainline v, hash": _hash(put.item.value),
        "mainline sig": put.item.signature.hex(),
        "put, hash": _hash(datagram),
    }


def _veil(relay_dh: DhKey, rng: Callable[[int], bytes]) -> Example:
    veil, sound = Veil(relay_dh), bytes(range(0x80, 0x9D))
    return {
        "sound": sound.hex(),
        "sound, covered": veil.mask(sound).hex(),
        "other": b"covered".hex(),
        "other, covered": veil.cover(b"covered", rng, first=True).hex(),
    }


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def page(values: Example, width: int = 98) -> str:
    """Write the page: a name, and its value in as many lines as it needs."""
    lines = []
    for name, value in values.items():
        start, room = f"{name:<17} ", width - 18
        while value:
            cut = len(value) if len(value) <= room else value.rfind(" ", 0, room + 1) + 1 or room
            lines.append((start + value[:cut]).rstrip())
            start, value = " " * 18, value[cut:]
    return HEAD + "```\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(example()), encoding="utf-8")
