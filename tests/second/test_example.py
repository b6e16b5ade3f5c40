"""The second client agrees with every value of docs/protocol-example.md that it needs."""

import re
from pathlib import Path

import pytest

from tests.second import beacon, dht, frames, kit, ops, question, veil
from tests.second.invite import DOOR, Contact, Invite
from tests.second.record import Slot
from tests.second.records import unpack
from tests.second.relay_line import RelayLine
from tests.second.words import RoomKey

TEXT = (Path(__file__).parents[2] / "docs/protocol-example.md").read_text("utf-8")


def random(first: int, last: int) -> bytes:
    return bytes(range(first, last + 1))


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    block = re.split(r"^```$", TEXT, flags=re.MULTILINE)[1]
    values: dict[str, str] = {}
    name = ""
    for line in block.strip("\n").splitlines():
        if line[:18].strip():
            name = line[:18].strip()
        text = line[18:].strip()
        values[name] = values.get(name, "") + (" " if name == "words" else "") + text
    return values


@pytest.fixture
def key(example: dict[str, str]) -> RoomKey:
    return RoomKey.of_words(example["words"])


def test_the_words_give_the_key_and_the_genesis_belongs_to_it(example, key) -> None:
    assert key.s.hex() == example["S"]
    assert key.psk.hex() == example["psk"]
    assert key.is_of(bytes.fromhex(example["genesis"]), bytes.fromhex(example["r"]))
    commit = unpack(bytes.fromhex(example["genesis"]))[5]
    assert commit == kit.blake(random(0x40, 0x5F), 256, b"teahouse/members")
    *words, last = example["words"].split(" ")
    wrong = "adult" if last != "adult" else "angle"
    with pytest.raises(ValueError, match="not a room key"):
        RoomKey.of_words(" ".join([*words, wrong]))


def test_a_relay_is_read_from_its_line(example) -> None:
    found = RelayLine.parse(example["node line"])
    assert found.address == ("192.0.2.1", 4433)
    assert found.dh.hex() == example["relay dh"]
    with pytest.raises(ValueError, match="mistyped"):
        RelayLine.parse(example["node line"].replace("4433", "4434"))


def test_the_card_and_the_tag_at_a_relay(example, key) -> None:
    relay, door = bytes.fromhex(example["relay dh"]), bytes.fromhex(example["host dh"])
    assert key.relay_tag(relay).hex() == example["relay tag"]
    assert key.card(relay, random(0x44, 0x5B), door).hex() == example["card"]
    assert key.door_of(relay, bytes.fromhex(example["card"])) == door


def test_the_long_invite(example, key) -> None:
    invite = Invite.parse(example["invite"].replace(" ", ""))
    door = Contact(DOOR, bytes.fromhex(example["host dh"]), ("192.0.2.1", 4433))
    assert invite == Invite(key, [door], b"")


def test_the_record_of_the_doors(example, key) -> None:
    slot = Slot(key, int(example["hour"]), 0)
    assert slot.seed.hex() == example["slot 0 seed"]
    assert slot.signer.hex() == example["slot 0 signer"]
    assert slot.target.hex() == example["slot 0 target"]
    created_s, dh = 1_800_000_000, bytes.fromhex(example["host dh"])
    door = [DOOR, dh, bytes((192, 0, 2, 1)) + (4433).to_bytes(2, "big")]
    item = slot.item(created_s, created_s + 7200, [door], random(0x2C, 0x43))
    assert kit.blake(item, 128).hex() == example["item, hash"]
    assert slot.doors(item) == [Contact(DOOR, dh, ("192.0.2.1", 4433))]


def test_a_datagram_of_the_dht(example) -> None:
    relay = bytes.fromhex(example["relay dh"])
    nonce = bytes.fromhex(example["ping, sealed"])[:24]
    ping = dht.sealed(random(0x0C, 0x2B), relay, nonce, [1, bytes(8), False])
    assert ping.hex() == example["ping, sealed"]


def test_the_beacon(example, key) -> None:
    lan_key = kit.hkdf(key.s, b"lan")
    assert "{}:{}".format(*beacon.place(lan_key)) == example["lan group"]
    nonce = bytes.fromhex(example["beacon"])[:24]
    asked = beacon.question(lan_key, nonce, 4433, bytes(16), bytes((192, 0, 2, 1)))
    assert asked.hex() == example["beacon"]


def test_the_veil(example) -> None:
    relays = veil.Veil(bytes.fromhex(example["relay dh"]))
    assert relays.mask(bytes.fromhex(example["sound"])).hex() == example["sound, covered"]
    assert relays.lift(bytes.fromhex(example["other, covered"])).hex() == example["other"]
    assert relays.lift(relays.cover(b"covered")) == b"covered"
    assert veil.Veil(bytes(32)).lift(relays.cover(b"covered")) == b""


def test_a_knock(example, key) -> None:
    door = bytes.fromhex(example["host dh"])
    asked = question.Question(
        question.KNOCK,
        key.psk,
        random(0x90, 0xAF),
        door,
        bytes.fromhex(example["knock payload"]),
        random(0xB0, 0xCF),
    )
    assert asked.data[:49].hex() == example["knock, front 49"]
    assert kit.blake(asked.data, 128).hex() == example["knock, hash"]


def test_a_join(example) -> None:
    me = ops.Keys(random(0, 0x1F), random(0x20, 0x3F))
    writer = ops.Writer(me, bytes.fromhex(example["room id"]))
    assert me.member.hex() == example["host id"]
    join = writer.join("Ming", bytes(32))
    assert join.hex() == example["join op"]
    assert ops.op_id(join).hex() == example["join op id"]


def test_the_keys_of_an_epoch_and_a_frame(example) -> None:
    epoch, secret = random(0xD0, 0xDF), random(0xE0, 0xFF)
    host = bytes.fromhex(example["host id"])
    keys = frames.GroupKeys()
    keys.put(epoch, 0, secret, bytes.fromhex(example["pass"]))
    keys.turn((epoch,))
    assert kit.hkdf(secret, b"pass").hex() == example["pass"]
    assert kit.sign_public(bytes.fromhex(example["pass"])).hex() == example["pass public"]
    assert f"{keys.tag():05x}" == example["frontier tag"]
    assert keys.room_key(0).hex() == example["room key, step 0"]
    assert keys.base_key(0, host).hex() == example["base key, step 0"]
    assert keys.secret(epoch, 1).hex() == example["secret, step 1"]
    frame = keys.seal(1, 0, host, 1 << 24, bytes(196), random(0, 11))
    assert frame[1:5].hex() == example["kid"]
    assert frame[:9].hex() == example["frame, front 9"]
    assert kit.blake(frame, 128).hex() == example["frame, hash"]
    assert keys.open(frame, 0, {1: host}) == bytes(196)


def test_the_ssrc(example) -> None:
    assert kit.blake(b"AAAAAAAA:BBBBBBBB", 32, b"teahouse-ssrc").hex() == example["ssrc"]
