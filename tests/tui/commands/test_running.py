import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.api import commands as ask
from p2p.errors import UserError
from tests.tui.scripted import member, room, run_room
from tui.commands.row import Question
from tui.commands.table import READERS, help_lines
from tui.line_mode.typed_commands import understand

VIEW = run_room("host")


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("remove 6", ask.Remove(6)),
        ("remove lau new key", ask.Remove(6, new_key=True)),
        ("remove  lau  NEW  key ", ask.Remove(6, new_key=True)),
        ("remove lau and invited", ask.Remove(6, branch=True)),
        ("remove 6 new key and invited", ask.Remove(6, new_key=True, branch=True)),
        ("promote lau co-host", ask.Promote(6, "co-host")),
        ("promote 6 Moderator", ask.Promote(6, "moderator")),
        ("promote kenji speaker", ask.Promote(4, "speaker")),
        ("promote kenji listener", ask.Promote(4, "speaker")),
        ("entry open", ask.SetEntry("open")),
        ("entry ASK", ask.SetEntry("ask")),
        ("entry invited", ask.SetEntry("invited")),
        ("profile hall", ask.SetProfile("hall")),
        ("profile table", ask.SetProfile("table")),
        ("new key", ask.NewKey()),
        ("speak anyway", ask.SpeakAnyway()),
        ("relay 192.0.2.1:9#key", ask.UseRelay("192.0.2.1:9#key")),
        ("relay 192.0.2.1:9 # key", ask.UseRelay("192.0.2.1:9#key")),
        ("relay", Question("relays")),
        ("drop relay 2", ask.DropRelay(2)),
        ("Drop Relay #2", ask.DropRelay(2)),
        ("drop relay 2 anyway", ask.DropRelay(2, anyway=True)),
        ("invite", ask.MakeInvite(1, 24.0)),
        ("invite 5", ask.MakeInvite(5, 24.0)),
        ("invite 0 1.5", ask.MakeInvite(0, 1.5)),
        ("words lau", ask.Compare(6)),
        ("words 6 same", ask.Confirm(6, same=True)),
        ("words lau differ", ask.Confirm(6, same=False)),
        ("let 14", ask.Let(14, on=True)),
        ("let #14", ask.Let(14, on=True)),
        ("deny 小李", ask.Let(15, on=False)),
    ],
)
def test_a_line_about_the_room_means_what_the_contract_says(line, meaning):
    assert understand(line, VIEW) == meaning


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("remove", "no_such_member"),
        ("remove new key", "no_such_member"),
        ("promote lau", "bad_command"),
        ("promote lau king", "bad_command"),
        ("promote moderator", "no_such_member"),
        ("drop", "bad_command"),
        ("drop relay", "bad_command"),
        ("drop relay one", "bad_command"),
        ("drop relay 2 please", "bad_command"),
        ("drop relay 2 anyway now", "bad_command"),
        ("entry", "bad_command"),
        ("entry closed", "bad_command"),
        ("profile", "bad_command"),
        ("new", "bad_command"),
        ("new door", "bad_command"),
        ("invite many", "bad_command"),
        ("invite -1", "bad_command"),
        ("invite 1.5", "bad_command"),
        ("invite 1 0", "bad_command"),
        ("invite 1 169", "bad_command"),
        ("invite 1 nan", "bad_command"),
        ("invite inf", "bad_command"),
        ("invite 1 2 3", "bad_command"),
        ("words", "no_such_member"),
        ("words same", "no_such_member"),
        ("let 6", "nobody_waits"),
        ("deny", "nobody_waits"),
        ("let lau", "nobody_waits"),
    ],
)
def test_what_cannot_be_meant_has_a_code(line, code):
    with pytest.raises(UserError) as caught:
        understand(line, VIEW)
    assert caught.value.code == code


def test_two_who_wait_under_one_name_need_a_number():
    from dataclasses import replace

    one = VIEW.waiting[1]
    view = replace(VIEW, waiting=(one, replace(one, n=16)))
    with pytest.raises(UserError) as caught:
        understand("let 小李", view)
    assert caught.value.code == "ambiguous_name"
    assert "15, 16" in caught.value.hint


def test_a_member_called_same_can_still_be_compared_with():
    assert understand("words same", room(member(3, "same"))) == ask.Compare(3)


def test_help_names_every_word_but_itself():
    text = " ".join(help_lines())
    assert [word for word in READERS if word not in text] == ["help"]


@given(st.sampled_from(sorted(READERS)), st.text(max_size=40))
def test_no_line_breaks_the_reader(word, rest):
    try:
        meant = understand(f"{word} {rest}", VIEW)
    except UserError:
        return
    assert meant is not None
