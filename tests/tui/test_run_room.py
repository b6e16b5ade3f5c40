"""What moderators see and do: menus of a person and of the room, the door, words, the way out."""

import dataclasses

import pytest

from crypto.invite import parse_key_text
from p2p.api import commands as ask
from p2p.api import events as told
from p2p.api.settings import no_relay
from p2p.api.view import RelayView
from p2p.errors import UserError
from tests.tui.drawn import app_with, assert_looks_like, text_of
from tests.tui.scripted import PERSONAL, ScriptedNode, full_room, member, room, run_room
from tui.i18n import use_language
from tui.invite.invite_screen import InviteScreen
from tui.invite.new_invite import NewInviteScreen
from tui.room.outside import OutsideScreen
from tui.room.person_screen import PersonScreen
from tui.room.question import QuestionScreen
from tui.room.room_menu import RoomMenuScreen
from tui.room.room_screen import RoomScreen
from tui.room.successor import SuccessorScreen
from tui.room.words_screen import WordsScreen
from tui.start.no_relay import NoRelayScreen


async def settle(pilot):
    await pilot.pause()
    await pilot.pause()


def words_of(app):
    return " ".join(text_of(app).split())


class Seat:
    """A person at the screen of ``node``."""

    def __init__(self, node, size=(80, 24), **settings):
        self.node = node
        self.app = app_with(node, **settings)
        self._running = self.app.run_test(size=size)

    async def __aenter__(self):
        self._pilot = await self._running.__aenter__()
        await settle(self._pilot)
        return self

    async def __aexit__(self, *error):
        await self._running.__aexit__(*error)

    async def press(self, *keys):
        await self._pilot.press(*keys)
        await settle(self._pilot)

    async def tell(self, event):
        self.node.tell(event)
        await settle(self._pilot)

    @property
    def screen(self):
        return self.app.screen

    @property
    def asked(self):
        return self.node.asked

    def noted(self, words):
        return any(words in note.message for note in self.app._notifications)

    def reads(self, words):
        return words in words_of(self.app)


def last_host(*others):
    return ScriptedNode(room(member(1, "amina", "host", me=True, path="self"), *others))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_room_with_all_ranks_looks_as_drawn(size):
    async with Seat(ScriptedNode(run_room("host")), size) as seat:
        assert_looks_like(seat.app, f"run-room-{size[0]}x{size[1]}")


@pytest.mark.parametrize(
    ("keys", "picture"),
    [
        (("tab", "enter"), "person"),
        (("tab", "enter", "x"), "remove"),
        (("r",), "room-menu"),
        (("w",), "outside"),
        (("down", "enter", "g"), "words"),
        (("r", "v"), "new-invite"),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_menus_look_as_drawn(keys, picture, size):
    async with Seat(ScriptedNode(run_room("host")), size) as seat:
        await seat.press(*keys)
        assert_looks_like(seat.app, f"{picture}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("keys", [("tab", "enter", "x"), ("r",), ("w",), ("r", "v"), ("r", "o")])
@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 20)])
async def test_no_size_breaks_a_menu(keys, size):
    from rich.cells import cell_len

    async with Seat(ScriptedNode(run_room("host")), size) as seat:
        await seat.press(*keys)
        assert max(cell_len(line) for line in text_of(seat.app).splitlines()) <= size[0]


@pytest.mark.parametrize(
    ("key", "commands"),
    [
        ("y", [ask.Remove(6)]),
        ("f7", [ask.Remove(6, new_key=True)]),
        ("b", [ask.Remove(6, new_key=True, branch=True)]),
        ("l", [ask.SetLock(True), ask.Remove(6, new_key=True)]),
        ("n", []),
        ("escape", []),
    ],
)
async def test_a_person_is_removed_in_the_way_that_was_read(key, commands):
    async with Seat(ScriptedNode(run_room("host", entry="open"))) as seat:
        await seat.press("tab", "enter", "f9")
        assert seat.reads("With the same room key lau can come back")
        await seat.press(key)
        assert seat.asked == commands


@pytest.mark.parametrize(
    ("key", "role", "words"),
    [
        ("c", "co-host", "once you have left nobody can"),
        ("o", "moderator", "accept hands, mute, move down and remove"),
    ],
)
async def test_a_promotion_is_asked_for_once_more(key, role, words):
    async with Seat(ScriptedNode(run_room("host"))) as seat:
        await seat.press("tab", "enter", key)
        assert isinstance(seat.screen, QuestionScreen)
        assert seat.reads(words)
        await seat.press("n")
        assert isinstance(seat.screen, PersonScreen)
        await seat.press(key, "y")
        assert seat.asked == [ask.Promote(6, role)]
        assert isinstance(seat.screen, RoomScreen)


async def test_powers_are_taken_back_by_the_same_menu():
    async with Seat(ScriptedNode(run_room("host"))) as seat:
        await seat.press("down", "down", "enter", "b", "y")
        assert seat.asked == [ask.Promote(3, "speaker")]


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("l", ask.SetLock(True)),
        ("f5", ask.SetLock(True)),
        ("1", ask.SetEntry("open")),
        ("f8", ask.SetEntry("invited")),
        ("k", ask.NewKey()),
        ("p", ask.SetProfile("hall")),
    ],
)
async def test_the_room_menu_changes_what_it_says(key, command):
    async with Seat(ScriptedNode(run_room("moderator"))) as seat:
        await seat.press("r", key)
        assert seat.asked == [command]
        assert isinstance(seat.screen, RoomScreen)


async def test_whose_voice_is_held_back_finds_in_the_room_menu_how_to_speak_anyway():
    held = dataclasses.replace(run_room("listener"), held="removed")
    async with Seat(ScriptedNode(held)) as seat:
        await seat.press("r")
        assert seat.reads("Speak anyway: who was removed may hear you.")
        await seat.press("s")
        assert seat.asked == [ask.SpeakAnyway()]


async def test_a_listener_finds_in_the_room_menu_how_it_is_run_and_invites():
    async with Seat(ScriptedNode(run_room("listener"))) as seat:
        await seat.press("f12")
        assert isinstance(seat.screen, RoomMenuScreen)
        assert seat.reads("whoever comes waits until a moderator says yes")
        assert seat.reads("key: 13 members")
        await seat.press("l", "k", "1", "w", "o")
        assert seat.asked == []
        await seat.press("v")
        assert isinstance(seat.screen, NewInviteScreen)


async def test_a_moderator_hands_its_place_on():
    async with Seat(ScriptedNode(run_room("moderator"))) as seat:
        await seat.press("r", "o")
        assert isinstance(seat.screen, SuccessorScreen)


async def test_a_change_of_the_room_stands_in_the_log_with_its_author():
    async with Seat(ScriptedNode(run_room("listener"))) as seat:
        await seat.tell(told.SettingChanged("lock", "on", 4))
        await seat.tell(told.RoomKeyChanged("timer", 13))
        assert seat.reads("the room is locked: nobody new comes in (by kenji)")
        assert seat.reads("new key for 13 members")


async def test_who_waits_outside_is_announced_and_let_in_or_not():
    async with Seat(ScriptedNode(run_room("host"))) as seat:
        await seat.tell(told.Waiting(14, "ab", "sofiа", True))
        assert seat.noted("sofiа waits outside. W: let in or not")
        await seat.press("w")
        assert isinstance(seat.screen, OutsideScreen)
        assert seat.reads("! looks like sofia")
        await seat.press("n")
        assert seat.asked == [ask.Let(14, on=False)]
        assert seat.reads("小李 comes in, as a listener")
        await seat.press("y")
        assert seat.asked[1:] == [ask.Let(15, on=True)]
        assert seat.reads("Nobody waits.")
        await seat.press("l", "d", "y", "escape")
        assert len(seat.asked) == 2
        assert seat.reads("小李")


async def test_a_listener_lets_nobody_in():
    async with Seat(ScriptedNode(run_room("listener"))) as seat:
        await seat.tell(told.Waiting(14, "ab", "sofiа", True))
        assert not seat.noted("W: let in or not")
        await seat.press("w")
        assert isinstance(seat.screen, RoomScreen)
        assert seat.noted("Only a moderator can let somebody in.")


async def test_safety_words_are_read_compared_and_leave_a_mark():
    async with Seat(ScriptedNode(full_room())) as seat:
        await seat.press("enter", "f8")
        assert isinstance(seat.screen, WordsScreen)
        assert seat.reads("K7QD3M = river lamp tea")
        assert seat.reads("Did you hear the same from 王小明?")
        assert seat.reads("It does not mean that the person is honest")
        await seat.press("s")
        assert seat.asked == [ask.Compare(1), ask.Confirm(1, same=True)]
        assert seat.reads("✓ 王小明 is verified")
        await seat.press("escape")
        assert "王小明          ✓" in text_of(seat.app)


async def test_words_that_differ_are_a_warning_and_can_be_compared_again():
    async with Seat(ScriptedNode(full_room())) as seat:
        await seat.press("enter", "g", "d")
        assert seat.reads("someone is between you")
        await seat.press("s")
        assert seat.asked == [ask.Compare(1), ask.Confirm(1, same=False)]
        await seat.press("r")
        assert seat.asked[2:] == [ask.Compare(1)]
        assert seat.reads("K7QD3M = river lamp tea")


async def test_whoever_does_not_answer_is_said_not_to():
    node = ScriptedNode(full_room())
    do = node.do
    node.do = lambda wish: node.asked.append(wish) if isinstance(wish, ask.Compare) else do(wish)
    async with Seat(node) as seat:
        await seat.press("enter", "g")
        assert seat.reads("The words come as soon as 王小明 chooses you, too")
        await seat.press("s")
        assert seat.asked == [ask.Compare(1)]
        await seat.tell(told.Words(6, "AAAAAA", ("a", "b", "c"), "ready"))
        assert not seat.reads("AAAAAA =")
        await seat.tell(told.Words(1, "", (), "failed"))
        assert seat.reads("王小明 did not answer within 2 minutes")


async def test_who_is_asked_for_words_is_told_and_asks_too_by_choosing_the_other():
    async with Seat(ScriptedNode(full_room())) as seat:
        await seat.tell(told.Words(1, "", (), "asked"))
        assert isinstance(seat.screen, RoomScreen)
        assert seat.noted("王小明 wants to compare safety words: Enter on 王小明, then G.")
        await seat.press("enter", "g")
        assert seat.asked == [ask.Compare(1)]
        await seat.tell(told.Words(1, "", (), "failed"))
        await seat.tell(told.Words(1, "", (), "asked"))
        assert seat.reads("王小明 wants to compare again.")


async def test_a_comparison_at_its_words_opens_no_screen_by_itself():
    async with Seat(ScriptedNode(full_room())) as seat:
        await seat.tell(told.Words(1, "M2XA7Q", ("tea", "cloud", "lamp"), "ready"))
        assert isinstance(seat.screen, RoomScreen)
        assert seat.noted("王小明 wants to compare safety words: Enter on 王小明, then G.")
        await seat.press("enter", "g")
        assert seat.reads("M2XA7Q = tea cloud lamp")
        assert seat.asked == []


async def test_an_invite_is_for_as_many_and_as_long_as_was_typed():
    async with Seat(ScriptedNode(run_room("listener")), (120, 40)) as seat:
        await seat.press("r", "v")
        assert seat.reads("A personal invite for 24 h lets in 1 person.")
        await seat.press("backspace", "x")
        assert seat.reads("Two numbers, please.")
        await seat.press("enter")
        assert seat.asked == []
        await seat.press("backspace", "5", "enter")
        assert seat.asked == [ask.MakeInvite(5, 24.0)]
        assert isinstance(seat.screen, InviteScreen)
        assert seat.reads("lets in 5 people.")
        assert PERSONAL in "".join(text_of(seat.app).split())
        assert "▀" in text_of(seat.app)
        assert not seat.reads("amber")
        await seat.press("f8")
        assert "TEAHOUSE:" not in text_of(seat.app)


async def test_an_invite_for_too_long_is_refused_while_it_is_typed():
    async with Seat(ScriptedNode(run_room("listener"))) as seat:
        await seat.press("r", "v", "tab", "0", "enter")
        assert seat.reads("up to 168 hours")
        assert seat.asked == []
        await seat.press("escape")
        assert isinstance(seat.screen, RoomScreen)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("open", "who has it can come in"),
        ("ask", "who has it waits outside"),
        ("invited", "not enough now"),
    ],
)
async def test_the_key_is_shown_with_what_it_opens_now(entry, words):
    async with Seat(ScriptedNode(run_room("host", entry=entry))) as seat:
        await seat.press("i")
        assert seat.reads(words)


async def test_the_last_moderator_names_a_successor_and_leaves():
    node = last_host(member(2, "lau"), member(3, "kenji", "speaker", verified=True))
    async with Seat(node) as seat:
        await seat.press("q")
        assert isinstance(seat.screen, SuccessorScreen)
        assert seat.reads("You are the last moderator: 2 people stay without one.")
        assert_looks_like(seat.app, "successor-80x24")
        await seat.press("enter")
        assert seat.reads("Hand the room on to kenji?")
        await seat.press("n", "down", "enter", "y")
    assert node.asked == [ask.HandOn(2), ask.Leave()]
    assert seat.app.return_code == 0


@pytest.mark.parametrize(("key", "asked"), [("y", [ask.Leave()]), ("n", []), ("q", [])])
async def test_the_last_moderator_may_leave_without_a_successor_or_stay(key, asked):
    node = last_host(member(2, "lau"))
    async with Seat(node) as seat:
        await seat.press("q", key)
    assert node.asked == asked


async def test_a_last_moderator_gives_its_own_place_away():
    node = ScriptedNode(room(member(1, "amina", "moderator", me=True), member(2, "lau")))
    async with Seat(node) as seat:
        await seat.press("q", "enter")
        assert seat.reads("Your place goes to lau")
        await seat.press("y")
    assert node.asked == [ask.HandOn(2), ask.Leave()]


async def test_who_is_alone_can_name_no_successor():
    node = ScriptedNode(room(member(1, "amina", "moderator", me=True)))
    async with Seat(node) as seat:
        await seat.press("r", "o")
        assert seat.reads("You can name no successor")


async def test_a_host_hands_the_room_on_and_stays():
    node = last_host(member(2, "lau"))
    async with Seat(node) as seat:
        await seat.press("r", "o", "y")
        assert isinstance(seat.screen, SuccessorScreen)
        await seat.press("enter", "y")
        assert node.asked == [ask.HandOn(2)]
        assert isinstance(seat.screen, RoomScreen)
        assert seat.reads("co-host")


async def test_ctrl_q_tells_the_last_moderator_once_what_is_lost_and_then_leaves():
    node = last_host(member(2, "lau"))
    async with Seat(node) as seat:
        await seat.press("ctrl+q")
        assert seat.noted("Ctrl+Q again leaves at once.")
        assert node.asked == []
        await seat.press("ctrl+q")
    assert node.asked == [ask.Leave()]


async def test_a_room_without_moderators_says_what_no_longer_works():
    node = ScriptedNode(full_room())
    async with Seat(node) as seat:
        node.now = dataclasses.replace(node.now, no_moderator=True)
        await seat.tell(told.ModeratorsChanged(here=False))
        assert seat.reads("Nobody can moderate now: sound goes on")
        assert seat.reads("Nobody who can moderate is here. Sound goes on")
        await seat.press("r")
        assert seat.reads("no new speakers, removals, keys")


async def test_whoever_waits_outside_is_told_so_until_let_in():
    node = ScriptedNode(opening=[told.Notice("waiting_outside", "")])
    async with Seat(node) as seat:
        assert seat.reads("You wait outside: a moderator has to let you in. Esc: give up")
        await seat.tell(node.joined())
        assert isinstance(seat.screen, RoomScreen)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("denied", "a moderator did not let you in"),
        ("expired", "this invite has expired"),
        ("removed", "a moderator has removed you from the room"),
    ],
)
async def test_a_door_that_stays_shut_ends_with_a_sentence_and_exit_code_6(why, words):
    node = ScriptedNode(opening=[told.Notice("waiting_outside", ""), told.Left(why, {}, 6)])
    node._ended.set()
    async with Seat(node) as seat:
        assert seat.reads(words)
        await seat.press("escape")
    assert seat.app.failure.exit_code == 6


def refusing(backend_node, message="Shield mode needs a relay that carries sound."):
    """An app whose rooms open only in open mode, or with a relay."""
    app = app_with(backend_node, mode="shield")
    opening = app._opening

    async def open_it(settings):
        if settings.mode == "shield" and settings.relays != ("192.0.2.7:4433#KEY",):
            raise UserError("no_sound_relay", message, "Name one.", 3)
        return await opening(settings)

    app._opening = open_it
    return app


async def test_without_a_relay_a_person_may_name_one():
    app = refusing(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, NoRelayScreen)
        assert_looks_like(app, "no-relay-80x24")
        await pilot.press(*"nonsense", "enter")
        await settle(pilot)
        assert isinstance(app.screen, NoRelayScreen)
        await pilot.press(*"192.0.2.7:4433", "number_sign", *"KEY")
        app._settings = dataclasses.replace(app._settings, relays=())
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, RoomScreen)
        assert app._settings.mode == "shield"


async def test_whoever_joins_by_words_without_a_relay_is_asked_for_the_invite_and_goes_on_with_it():
    node = ScriptedNode()
    app = app_with(node, mode="shield")
    invites = []

    async def join(settings, invite):
        invites.append(invite)
        if invite == "words":
            raise no_relay(joining=True)
        return node

    app._backend.join = join
    app._opening = lambda settings: join(settings, "words")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert_looks_like(app, "no-relay-joining-80x24")
        app.screen.query_one("#relay").value = "see you: TEAHOUSE:7K3QM violin"
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, RoomScreen)
        assert app._settings.mode == "shield"
    assert invites == ["words", "see you: TEAHOUSE:7K3QM violin"]


async def test_without_a_relay_a_person_may_choose_to_be_seen():
    app = refusing(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "tab", "enter")
        await settle(pilot)
        assert isinstance(app.screen, RoomScreen)
        assert app._settings.mode == "open"


@pytest.mark.parametrize("keys", [("escape",), ("tab", "tab", "tab", "enter")])
async def test_giving_up_ends_with_exit_code_3_and_shows_no_address(keys):
    node = ScriptedNode()
    app = refusing(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, NoRelayScreen)
        await pilot.press(*keys)
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
    assert app.failure.exit_code == 3
    assert node.asked == []


async def test_the_start_screen_offers_to_hide_the_address():
    app = app_with(None, mode="shield")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert_looks_like(app, "start-shield-80x24")
        await pilot.press("tab", "tab", "tab", "space")
        await settle(pilot)
        assert "People in the room can see this computer's internet address." in text_of(app)
        await pilot.press("tab", "tab", "enter")
        await settle(pilot)
        assert app._settings.mode == "open"


async def test_one_more_relay_is_named_from_the_menu_of_the_room():
    node = ScriptedNode(full_room("listener"))
    async with Seat(node) as seat:
        await seat.press("r", "a")
        assert seat.reads("The relay's operator sees your address")
        await seat.press(*"192.0.2.1:9#k ey", "enter")
        assert node.asked == [ask.UseRelay("192.0.2.1:9#key")]


async def test_a_relay_that_the_host_named_stands_in_the_field_already():
    node = ScriptedNode(full_room("listener"))
    async with Seat(node) as seat:
        await seat.tell(told.RelayChanged("192.0.2.1:9", "named", line="192.0.2.1:9#key"))
        await seat.press("r", "a", "enter")
        assert node.asked == [ask.UseRelay("192.0.2.1:9#key")]


async def test_a_relay_is_dropped_from_the_same_place_after_one_more_question():
    relays = (
        RelayView(1, "192.0.2.1:9", used=True, up=True, named=True),
        RelayView(2, "192.0.2.2:9", used=False, up=False, named=True),
    )
    node = ScriptedNode(run_room("host", mode="shield", relays=relays))
    async with Seat(node) as seat:
        await seat.press("r", "a")
        assert seat.reads("relay 2: 192.0.2.2:9 (not used by you, the room names it)")
        await seat.press("tab", "enter")
        assert seat.reads("No other relay answers you: nobody hears you")
        await seat.press("n")
        assert node.asked == []
        await seat.press("enter", "y")
        assert node.asked == [ask.DropRelay(1, anyway=True)]


async def test_where_few_people_are_the_log_has_their_rows():
    few = ScriptedNode(room(member(1, "amina", "host", me=True, rank=0, on_stage=True)))
    async with Seat(few) as seat:
        assert seat.screen.query_one("#log-below").size.height == 9
    async with Seat(ScriptedNode(full_room())) as seat:
        assert seat.screen.query_one("#log-below").size.height == 3


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_pops_up_leaves_the_microphone_and_the_keys_to_be_seen(size):
    node = ScriptedNode(full_room("listener"))
    app = app_with(node)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        app.notify("Something has failed.", markup=False)
        await pilot.pause(0.5)
        await settle(pilot)
        lines = text_of(app).splitlines()
    assert any("Something has failed." in line for line in lines)
    assert lines[-3].startswith(" mic off")
    assert lines[-3].rstrip().endswith("H raises your hand")
    assert lines[-2].rstrip().endswith("Anyone here may be recording.")
    assert lines[-1].startswith(" Space mic")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_arrows_and_enter_do_what_a_letter_of_the_room_menu_does(language):
    use_language(language)
    try:
        async with Seat(ScriptedNode(run_room("host"))) as seat:
            await seat.press("r", "down", "down", "down", "enter")
            assert seat.asked == [ask.SetLock(True)]
            await seat.press("r", "up", "enter")
            assert seat.asked[1:] == [ask.MuteAll()]
            await seat.press("r", "enter")
            assert isinstance(seat.screen, RoomScreen)
            assert len(seat.asked) == 2
    finally:
        use_language("en")


async def test_arrows_and_enter_do_what_a_letter_of_a_person_s_menu_does():
    node = ScriptedNode(full_room("listener"))
    async with Seat(node) as seat:
        await seat.press("enter", "down", "down", "down", "enter")
        assert isinstance(seat.screen, PersonScreen)
        (softer,) = seat.asked
        assert softer == ask.SetVolume(1, -3.0)
        assert len(seat.screen.query(".pointed")) == 1, "what stays can be done again at once"
        await seat.press("enter", "up", "enter")
        assert seat.asked[1:] == [ask.SetVolume(1, -6.0), softer]
        await seat.press("escape", "enter", "enter")
        assert isinstance(seat.screen, RoomScreen)


async def test_who_pasted_a_damaged_invite_reads_that_and_not_only_that_a_relay_is_missing():
    notes = ["The invite is damaged: its contacts are lost, the key in it is good."]
    app = app_with(None, mode="shield")
    damaged = "TEAHOUSE:1AFYGYJR5Q02QVESSB86DW79HRTC9D84MJA8S60E442MC6DY1SQNKARYKRV8MS2QF6Q57R"

    async def refused(settings, invite):
        raise UserError("no_sound_relay", "m", "h", 3, joining=True)

    app._backend.parse_key = parse_key_text
    app._backend.join = refused
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.screen.query_one("#key").value = damaged
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, NoRelayScreen)
        assert notes[0] in words_of(app)
