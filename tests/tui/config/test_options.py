import pytest

from crypto.dh import KeyPair
from p2p.dht.contact import NodeContact
from tui.config.options import ABOUT, BY_NAME, OPTIONS, RELAYS_MAX

LINE = str(NodeContact(("192.0.2.1", 4433), KeyPair(bytes(32)).public))
ROOM = "11ZG8-TSHBS-SJVES-CXT7M-NCX8H-4BBTV-JTM"


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("name", ["王小明"], "王小明"),
        ("name", ["two words"], "two words"),
        ("mode", ["open"], "open"),
        ("language", ["zh_CN"], "zh_CN"),
        ("ctl", ["yes"], True),
        ("ctl", ["Off"], False),
        ("relays", [LINE], (LINE,)),
        ("relays", [], ()),
        ("mic", ["USB Headset"], "USB Headset"),
    ],
)
def test_what_a_person_writes_becomes_a_value(name, words, value):
    assert BY_NAME[name].of_words(words) == value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("name", ["two", "words"]),
        ("name", ["a\nb"]),
        ("name", ["a\x1b]0;x\x07"]),
        ("name", ["x" * 201]),
        ("name", []),
        ("mode", ["hidden"]),
        ("language", ["klingon"]),
        ("ctl", ["perhaps"]),
        ("relays", ["192.0.2.1:4433"]),
        ("relays", [LINE[:-1] + "!"]),
        ("relays", [LINE] * (RELAYS_MAX + 1)),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_to_write(name, words):
    with pytest.raises(ValueError, match="write"):
        BY_NAME[name].of_words(words)


@pytest.mark.parametrize("name", ["name", "mic", "speaker"])
def test_a_room_key_is_never_taken(name):
    with pytest.raises(ValueError, match="room key"):
        BY_NAME[name].of_words([ROOM])
    with pytest.raises(ValueError, match="room key"):
        BY_NAME[name].of_toml(f"come in: {ROOM}")


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", 3), ("ctl", "yes"), ("ctl", 1), ("relays", LINE), ("relays", [1]), ("mode", [])],
)
def test_a_value_of_another_kind_in_the_file_is_refused(name, value):
    with pytest.raises(ValueError, match="write"):
        BY_NAME[name].of_toml(value)


def test_every_setting_is_told_and_holds_no_key_of_a_room():
    assert set(ABOUT) == {option.name for option in OPTIONS}
    assert not {"key", "words", "invite"} & set(ABOUT)
