"""What docs/protocol.md says is what the code does, as far as a table or a value can say it."""

import importlib
import pathlib
import re

import msgspec
import pytest
from msgspec import inspect

from audio.codec.framer import PROFILES
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


class Types:
    """The types of fields as the document writes them."""

    def __init__(self) -> None:
        lines = rows("| type | fields of it |")
        cells = [(cells[0], name) for *cells, names in lines for name in names.split(", ")]
        self.told = {name: type_ for type_, name in cells}
        assert len(cells) == len(self.told), "a field stands twice"
        self.used: set[str] = set()

    def of(self, record: str, field: str) -> str:
        name = f"{record}.{field}" if f"{record}.{field}" in self.told else field
        self.used.add(name)
        return self.told[name]


def number(value: int) -> str:
    power = (value + 1).bit_length() - 1
    return f"2^{power} - 1" if value == 2**power - 1 and power > 16 else str(value)


def size(least: int | None, most: int | None) -> str:
    return str(most) if least == most else f"{least or 0} to {most}"


def written(type_: inspect.Type) -> str:
    """A type in the document's words."""
    match type_:
        case inspect.BoolType():
            return "true or false"
        case inspect.BytesType(min_length=least, max_length=most):
            return f"{size(least, most)} bytes"
        case inspect.IntType(ge=least, le=most):
            return str(least) if least == most else f"{least} to {number(most)}"
        case inspect.EnumType(cls=cls):
            return f"0 to {max(cls)}"
        case inspect.LiteralType(values=values):
            return "text: " + ", ".join(values)
        case inspect.StrType(max_length=None):
            return "text, 1 to 24 of a-z and _"
        case inspect.StrType(min_length=least, max_length=most):
            return f"text, {size(least, most)} characters"
        case inspect.StructType(cls=cls) if cls in (
            offers.LinkOffer,
            offers.Endpoint,
            messages.Fresh,
        ):
            return cls.__name__
        case inspect.StructType(fields=fields_):
            return "`[" + ", ".join(one.name for one in fields_) + "]`"
        case inspect.UnionType(types=(first, inspect.NoneType())):
            return written(first) + " or nil"
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            return f"list, {size(least, most)} of {written(item)}"
    raise AssertionError(type_)


def records() -> list[tuple[str, type[msgspec.Struct]]]:
    """All of them that travel, with the names of the document."""
    said = [*messages.Message.__args__, *relay_messages.RelayMessage.__args__]
    found = [(each.__name__, each) for each in said]
    found += [(f"op {each.__name__}", each) for each in kinds.KINDS.values()]
    found += [(name, getattr(offers, name)) for name, _ in rows("| body | fields |")]
    asked = (*dht_messages.Request.__args__, *dht_messages.Answer.__args__, dht_messages.Peer)
    inside = (messages.HeadSecret, messages.NearMember, kinds.HandRef, kinds.StageEntry)
    others = (*asked, *inside, kinds.Parent, kinds.Carrier)
    return found + [(each.__name__, each) for each in others]


def test_every_field_has_the_type_that_the_document_says():
    types = Types()
    for name, record in records():
        for field in inspect.type_info(record).fields:
            assert types.of(name, field.name) == written(field.type), f"{name}.{field.name}"
    assert types.used == set(types.told)


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


def test_every_context_of_a_signature_is_one_the_code_uses_and_none_is_missing():
    line = DOC.split("Every signature is Ed25519 over", 1)[1].split(". Signatures and keys", 1)[0]
    named = set(re.findall(r'"([a-z]+)"', line.split("with\ncontext", 1)[1]))
    root = pathlib.Path(__file__).parents[1]
    files = (path for part in ("crypto", "p2p") for path in (root / part).rglob("*.py"))
    given = [
        re.findall(r'b"([a-z]+)"', line)
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"_?\w*CONTEXTS? *[=:]", line)
    ]
    assert named == {context for contexts in given for context in contexts}


def test_the_one_size_of_media_datagrams_of_each_profile_is_right():
    gcm_tag_bytes = 16  # RFC 7714
    around = HEADER_BYTES + HOP_BYTES + OVERHEAD_BYTES + gcm_tag_bytes
    table, hall, slim, thin = (around + each.payload_bytes for each in PROFILES.values())
    sentence = f"`table` every media datagram has {table} bytes, of `hall` {hall}, of `slim` {slim}"
    assert f"{sentence}, of `thin` {thin}." in " ".join(DOC.split())
    assert tuple(PROFILES)[:2] == kinds.PROFILES
