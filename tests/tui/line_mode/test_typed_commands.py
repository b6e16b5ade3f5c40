import pytest

from p2p.api import commands as ask
from p2p.errors import UserError
from tests.tui.scripted import full_room, member, room
from tui.commands.row import Question
from tui.commands.table import help_lines
from tui.line_mode.typed_commands import understand

VIEW = full_room("host")


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("mic on", ask.SetMic(True)),
        ("Mic OFF", ask.SetMic(False)),
        ("  MIC off ", ask.SetMic(False)),
        ("hand", ask.RaiseHand()),
        ("lower", ask.LowerHand()),
        ("no", ask.Decline()),
        ("audience", ask.GoToAudience()),
        ("accept 1", ask.AcceptHand(6)),
        ("accept 3", ask.AcceptHand(8)),
        ("accept 8", ask.AcceptHand(8)),
        ("accept lau", ask.AcceptHand(6)),
        ("accept #3", ask.AcceptHand(3)),
        ("mute 2", ask.Mute(2)),
        ("mute all", ask.MuteAll()),
        ("mute All", ask.MuteAll()),
        ("mute 王小明", ask.Mute(1)),
        ("down KENJI", ask.MoveDown(4)),
        ("remove guest-3", ask.Remove(12)),
        ("lock", ask.SetLock(True)),
        ("unlock", ask.SetLock(False)),
        ("key", ask.ShowKey()),
        ("stats", ask.AskStats()),
        ("leave", ask.Leave()),
        ("who", Question("who")),
        ("hands", Question("hands")),
        ("help", Question("help")),
        ("", None),
        ("   ", None),
    ],
)
def test_a_line_means_what_the_contract_says(line, meaning):
    assert understand(line, VIEW) == meaning


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("mic", "bad_command"),
        ("mic up", "bad_command"),
        ("hand up", "bad_command"),
        ("shout", "unknown_command"),
        ("mute 99", "no_such_member"),
        ("mute", "no_such_member"),
        ("accept nobody", "no_such_member"),
        ("accept 4", "no_hand"),
        ("accept 12", "no_hand"),
    ],
)
def test_what_cannot_be_done_has_a_code(line, code):
    with pytest.raises(UserError) as caught:
        understand(line, VIEW)
    assert caught.value.code == code
    assert caught.value.message


def test_a_name_that_two_people_have_needs_a_number():
    view = room(member(1, "lau"), member(2, "lau"), member(3, "Lau", state="left"))
    with pytest.raises(UserError) as caught:
        understand("mute lau", view)
    assert caught.value.code == "ambiguous_name"
    assert "1, 2" in caught.value.hint
    assert understand("mute 2", view) == ask.Mute(2)


def test_a_name_that_is_a_number_can_still_be_said():
    assert understand("mute 2024", room(member(1, "2024"))) == ask.Mute(1)


def test_help_names_every_command():
    text = " ".join(help_lines())
    for word in [
        "mic",
        "hand",
        "lower",
        "no",
        "audience",
        "who",
        "hands",
        "accept",
        "mute",
        "down",
        "remove",
        "lock",
        "unlock",
    ]:
        assert word in text


def test_an_endless_line_is_only_an_unknown_command():
    with pytest.raises(UserError):
        understand("x" * 100_000, VIEW)
