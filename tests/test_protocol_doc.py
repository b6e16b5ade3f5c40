"""What docs/protocol.md says is what the code does, as far as a table or a value can say it."""

import importlib
import pathlib
import re

import msgspec
import pytest

from audio.codec.framer import HALL, PROFILES, TABLE
from crypto.frame import OVERHEAD_BYTES
from docs.protocol_example import PAGE, example, page
from p2p.dht import messages as dht_messages
from p2p.link.rtp import HEADER_BYTES
from p2p.room.ops import kinds
from p2p.wire import messages, offers, relay_messages
from p2p.wire.hop import HOP_BYTES

DOC = (pathlib.Path(__file__).parents[1] / "docs/protocol.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the one table whose first line is ``heading``."""
    table = DOC.split(heading + "\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def fields(struct: type[msgspec.Struct], skip: int = 0) -> str:
    return ", ".join(struct.__struct_fields__[skip:])


def tagged(union: object) -> list[list[str]]:
    return [
        [str(kind.__struct_config__.tag), kind.__name__, fields(kind)] for kind in union.__args__
    ]


def test_the_example_is_what_the_code_computes():
    assert PAGE.read_text(encoding="utf-8") == page(example())


def test_the_example_repeats_itself():
    assert example() == example()


def test_every_message_of_the_data_channel_is_in_the_table():
    assert rows("| tag | message | fields |") == tagged(messages.Message)


def test_every_message_with_relays_is_in_the_table():
    assert rows("| tag | relay message | fields |") == tagged(relay_messages.RelayMessage)


def test_every_message_of_the_dht_is_in_the_table():
    expected = sorted(tagged(dht_messages.Request) + tagged(dht_messages.Answer))
    assert rows("| type | message | fields |") == expected


def test_every_kind_of_operation_is_in_the_table():
    common = len(kinds.Body.__struct_fields__)
    expected = [
        [str(number), kind.__name__, fields(kind, common)] for number, kind in kinds.KINDS.items()
    ]
    assert rows("| kind | name | own fields |") == expected


def test_every_greeting_is_in_the_table():
    expected = [[name, fields(getattr(offers, name))] for name, _ in rows("| body | fields |")]
    assert rows("| body | fields |") == expected
    assert len(expected) == 7


LIMITS = rows("| what | value | in the code |")


@pytest.mark.parametrize(("what", "value", "where"), LIMITS, ids=[row[2] for row in LIMITS])
def test_a_limit_is_that_of_the_code(what, value, where):
    module, name = where.rsplit(".", 1)
    assert int(value) == getattr(importlib.import_module(module), name)


def test_every_label_of_a_derived_key_is_one_the_code_uses():
    code = "".join(
        path.read_text(encoding="utf-8")
        for part in ("crypto", "p2p")
        for path in (pathlib.Path(__file__).parents[1] / part).rglob("*.py")
    )
    labels = re.findall(r'HKDF\([^"()]*(?:\([^)]*\))?[^"()]*"([a-z0-9-]+/?)"', DOC)
    assert len(labels) >= 12
    assert [label for label in labels if f'b"{label}' not in code] == []


def test_the_one_size_of_media_datagrams_of_each_profile_is_right():
    gcm_tag_bytes = 16  # RFC 7714
    around = HEADER_BYTES + HOP_BYTES + OVERHEAD_BYTES + gcm_tag_bytes
    table, hall = around + TABLE.payload_bytes, around + HALL.payload_bytes
    sentence = f"`table` every media datagram has {table} bytes, of profile `hall` {hall}"
    assert sentence in " ".join(DOC.split())
    assert tuple(profile.name for profile in PROFILES.values()) == kinds.PROFILES
