from pathlib import Path

import pytest

from crypto.errors import RemoteError, UserError
from p2p.dht import bootstrap
from p2p.dht.bootstrap import known_contacts, list_path, parse_list, read_list
from p2p.dht.contact import NodeContact
from p2p.wire.addresses import NOWHERE
from p2p.wire.web_place import WebPlace

KEY = bytes(range(32))
LINE = str(NodeContact(("203.0.113.7", 4433), KEY))
OTHER = str(NodeContact(("2001:db8::7", 4433), KEY[::-1]))


def test_a_contact_reads_back_what_it_prints():
    for line in (LINE, OTHER):
        assert str(NodeContact.parse(line)) == line
        assert NodeContact.parse(line.upper()) == NodeContact.parse(f"  {line}\n")
    assert OTHER.startswith("[2001:db8::7]:4433#")


def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address():
    text = "[::ffff:203.0.113.7]:4433#" + LINE.split("#")[1]
    assert NodeContact.parse(text) == NodeContact.parse(LINE)


OLD_KEY = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
"""The same key as base 32 writes it: lines of older programs end here."""


@pytest.mark.parametrize(
    "text",
    [
        f"203.0.113.7:4433#{OLD_KEY}",
        LINE.replace(":", "\uff1a").replace("#", "\uff03").replace(".", "\u3002"),
        LINE.replace("o", "0").replace("b", "8"),
        LINE[:30] + "\u200b\n  " + LINE[30:],
    ],
    ids=["without a checksum", "full-width signs", "digits for letters", "broken in two"],
)
def test_a_line_is_read_however_it_was_written(text):
    assert NodeContact.parse(text) == NodeContact(("203.0.113.7", 4433), KEY)


def test_one_wrong_character_anywhere_is_noticed():
    for place, right in enumerate(LINE):
        for wrong in "a7":
            if right.isalnum() and right != wrong:
                with pytest.raises(RemoteError):
                    NodeContact.parse(LINE[:place] + wrong + LINE[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "203.0.113.7:4433",
        "203.0.113.7#" + "a" * 52,
        "2001:db8::7:4433#" + "a" * 52,
        "[fe80::1%eth0]:4433#" + "a" * 52,
        "relay..example.org:4433#" + "a" * 52,
        "wss://relay.example.org/a b?c#" + "a" * 52,
        "0.0.0.0:4433#" + "a" * 52,
        "239.1.1.1:4433#" + "a" * 52,
        "203.0.113.7:0#" + "a" * 52,
        "203.0.113.7:65536#" + "a" * 52,
        "203.0.113.7:-1#" + "a" * 52,
        "203.0.113.7:٤٤٣٣#" + "a" * 52,
        "203.0.113.7:4433#" + "a" * 51,
        "203.0.113.7:4433#" + "1" * 52,
        "203.0.113.7:4433#" + "b" * 52,
        "203.0.113.7:4433#" + "é" * 52,
    ],
)
def test_a_malformed_contact_is_refused_without_being_repeated(text):
    with pytest.raises(RemoteError) as caught:
        NodeContact.parse(text)
    assert "203.0" not in str(caught.value)


@pytest.mark.parametrize(
    "place", ["relay.example.org:443", "wss://relay.example.org/Tea", "wss://203.0.113.7/"]
)
def test_a_relay_may_have_a_name_which_its_line_keeps(place):
    line = str(NodeContact((NOWHERE, 443), KEY, WebPlace.parse(place)))
    assert line.startswith(f"{place}#")
    found = NodeContact.parse(line)
    assert (str(found), found.address) == (line, (NOWHERE, 443))
    with pytest.raises(RemoteError, match="checksum"):
        NodeContact.parse(line.replace("relay.", "re1ay.").replace("203", "204"))


def test_good_lines_among_bad_ones_count_and_the_bad_ones_are_named():
    mistakes = []
    text = f"\ufeff# header\r\n\r\n{LINE}  # Vienna\r\nrubbish\r\n{OTHER}\r\n{LINE}\r\n"
    contacts = parse_list(text, mistakes.append)
    assert [str(each) for each in contacts] == [LINE, OTHER]
    assert mistakes == ["bootstrap_nodes.txt, line 4: no #key after the address"]


def test_a_huge_or_unreadable_or_binary_list_is_bounded(tmp_path):
    path = tmp_path / "list"
    many = (str(NodeContact(("203.0.113.7", 4433), n.to_bytes(32, "big"))) for n in range(9000))
    path.write_text("\n".join(many))
    assert len(read_list(path)) == bootstrap.MAX_CONTACTS
    path.write_bytes(bytes(range(256)) * 1000)
    assert read_list(path) == []
    mistakes = []
    assert read_list(tmp_path / "missing", mistakes.append) == []
    assert mistakes == ["bootstrap_nodes.txt can not be read"]
    path.write_text("")
    assert read_list(path) == []


def test_the_list_that_ships_explains_itself_and_invents_no_nodes():
    path = list_path()
    assert path is not None
    assert path.read_text().startswith("#")
    mistakes = []
    assert read_list(path, mistakes.append) == []
    assert mistakes == []


def test_given_nodes_come_first_and_a_bad_one_is_the_users_mistake(tmp_path, monkeypatch):
    listed = tmp_path / "list"
    listed.write_text(f"{LINE}\n{OTHER}\n")
    monkeypatch.setattr(bootstrap, "list_path", lambda: listed)
    assert [str(each) for each in known_contacts([OTHER])] == [OTHER, LINE]
    with pytest.raises(UserError) as caught:
        known_contacts(["nonsense"])
    assert (caught.value.code, caught.value.exit_code) == ("bad_bootstrap", 2)
    with pytest.raises(UserError) as caught:
        known_contacts([], relays=["nonsense"])
    assert (caught.value.code, caught.value.exit_code) == ("bad_relay", 2)
    assert "entry node" not in caught.value.message


def test_a_missing_list_is_no_mistake(monkeypatch):
    monkeypatch.setattr(bootstrap, "_HERE", Path("/nonexistent/a/b/c"))
    assert list_path() is None
    assert known_contacts([]) == []
