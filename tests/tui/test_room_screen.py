import dataclasses
from functools import partial

import pytest
from textual import events

from audio.capture.mask import LABELS, MaskMode
from p2p.api import commands as ask
from p2p.api import events as told
from p2p.errors import UserError
from tests.tui.drawn import app_with, assert_looks_like, text_of
from tests.tui.scripted import KEY, ScriptedNode, full_room, member, room
from tui.i18n import use_language
from tui.invite.invite_screen import InviteScreen, in_characters
from tui.room import room_screen
from tui.room.person_screen import PersonScreen
from tui.room.presenter import audience_row
from tui.room.question import QuestionScreen
from tui.room.room_screen import RoomScreen
from tui.widgets.plaintext import PlainText


async def entered(pilot):
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20), (60, 15), (40, 10)])
async def test_the_room_looks_as_drawn(size):
    app = app_with(ScriptedNode())
    async with app.run_test(size=size) as pilot:
        await entered(pilot)
        assert_looks_like(app, f"room-{size[0]}x{size[1]}")


async def test_the_room_of_a_moderator_in_chinese_looks_as_drawn():
    use_language("zh_CN")
    try:
        app = app_with(ScriptedNode(full_room("host")))
        async with app.run_test(size=(80, 24)) as pilot:
            await entered(pilot)
            assert_looks_like(app, "room-host-zh-80x24")
    finally:
        use_language("en")


@pytest.mark.parametrize("size", [(20, 5), (30, 8), (200, 60), (70, 24), (110, 16)])
async def test_no_size_breaks_the_room_and_no_line_is_too_wide(size):
    from rich.cells import cell_len

    app = app_with(ScriptedNode())
    async with app.run_test(size=size) as pilot:
        await entered(pilot)
        assert max(cell_len(line) for line in text_of(app).splitlines()) <= size[0]


async def test_the_meters_stand_in_one_column_whatever_the_names_are():
    from rich.cells import cell_len

    app = app_with(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        rows = [line for line in text_of(app).splitlines() if "▮" in line or "····" in line]
        columns = {
            cell_len(line[: min(i for i, c in enumerate(line) if c in "▮·")]) for line in rows
        }
        assert len(rows) == 3
        assert len(columns) == 1


@pytest.mark.parametrize(
    ("language", "says"), [("en", "› No hand is up."), ("zh_CN", "› 没有人举手。")]
)
async def test_tab_does_not_lose_the_cursor_on_an_empty_list(language, says):
    use_language(language)
    try:
        app = app_with(ScriptedNode(room(member(1, "amina", "host", me=True))))
        async with app.run_test(size=(80, 24)) as pilot:
            await entered(pilot)
            assert says not in text_of(app)
            await pilot.press("tab")
            await entered(pilot)
            assert says in text_of(app)
            await pilot.press("tab")
            await entered(pilot)
            assert says not in text_of(app)
    finally:
        use_language("en")


async def test_in_a_narrow_window_tab_shows_the_other_side():
    app = app_with(ScriptedNode())
    async with app.run_test(size=(60, 20)) as pilot:
        await entered(pilot)
        assert "On stage" in text_of(app)
        await pilot.press("tab")
        await pilot.pause()
        assert "On stage" not in text_of(app)
        assert "Hands" in text_of(app)
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert "On stage" in text_of(app)


@pytest.mark.parametrize("key", ["space", "f2"])
async def test_a_speaker_enters_muted_and_toggles_the_microphone(key):
    node = ScriptedNode(full_room("speaker"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        assert "mic off   speaker" in text_of(app)
        assert node.asked == []
        await pilot.press(key)
        await entered(pilot)
        assert "MIC ON" in text_of(app)
        await pilot.press(key)
        assert node.asked == [ask.SetMic(True), ask.SetMic(False)]


async def test_space_of_a_listener_asks_nothing_of_the_node():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test() as pilot:
        await entered(pilot)
        await pilot.press("space")
        assert node.asked == []


@pytest.mark.parametrize("key", ["h", "f3"])
async def test_the_hand_goes_up_and_down(key):
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press(key)
        await entered(pilot)
        assert "hand up, place 4" in text_of(app)
        await pilot.press(key)
        assert node.asked == [ask.RaiseHand(), ask.LowerHand()]


@pytest.mark.parametrize("mask", [MaskMode.DISGUISE, MaskMode.TYPED])
@pytest.mark.parametrize("size", [(80, 24), (40, 20)])
async def test_what_a_mask_can_do_is_read_in_full_before_the_microphone_opens(mask, size):
    node = ScriptedNode(full_room("speaker"))
    app = app_with(node)
    async with app.run_test(size=size) as pilot:
        await entered(pilot)
        node.tell(told.Notice("mask", LABELS[mask]))
        await entered(pilot)
        shown = " ".join(word for line in text_of(app).splitlines() for word in line.split())
        words = LABELS[mask].split()
        assert all(word in shown for word in words[-6:]), "the end is there too"
        await pilot.press("f2")
        assert node.asked == []
        await pilot.press("space")
        await pilot.press("f2")
        assert node.asked == [ask.SetMic(True)]


async def test_one_key_makes_others_heard_sooner_and_takes_it_back():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("f")
        await entered(pilot)
        assert "delay: low" in text_of(app)
        await pilot.press("f")
        assert node.asked == [ask.SetLowDelay(True), ask.SetLowDelay(False)]


async def test_one_key_says_headphones_and_takes_it_back():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("e")
        await entered(pilot)
        assert "echo cancellation: off" in text_of(app)
        await pilot.press("e")
        assert node.asked == [ask.SetEcho("off"), ask.SetEcho("auto")]


async def test_an_invitation_is_shown_and_space_confirms_it_and_n_declines():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        node.change(5, invited=True)
        node.tell(told.MicChanged(False, "granted"))
        await entered(pilot)
        assert "You are invited to speak   60 s" in text_of(app)
        await pilot.press("space", "n")
        assert node.asked == [ask.SetMic(True), ask.Decline()]


async def test_accept_takes_the_first_hand_or_the_chosen_one():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("a")
        await pilot.press("tab", "down", "down", "f5")
        assert node.asked == [ask.AcceptHand(6), ask.AcceptHand(8)]


async def test_a_listener_cannot_accept():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test() as pilot:
        await entered(pilot)
        await pilot.press("a")
        assert node.asked == []


async def test_the_menu_of_a_person_says_what_changes_and_removing_asks_once_more():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, PersonScreen)
        assert "Mute: nobody hears ئايگۈل any more." in text_of(app)
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, QuestionScreen)
        assert "can come back under a new name" in " ".join(text_of(app).split())
        await pilot.press("n")
        await pilot.pause()
        assert node.asked == []
        await pilot.press("x", "y")
        await pilot.pause()
        assert isinstance(app.screen, RoomScreen)
        await pilot.press("enter", "m", "enter", "d")
        assert node.asked == [ask.Remove(2), ask.Mute(2), ask.MoveDown(2)]


async def test_a_listener_finds_no_power_in_the_menu():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("enter", "x", "m", "d", "a")
        assert node.asked == []


async def test_a_listener_leaves_without_a_question():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test() as pilot:
        await entered(pilot)
        await pilot.press("q")
        await entered(pilot)
    assert node.asked == [ask.Leave()]
    assert app.return_code == 0


async def test_a_speaker_is_asked_before_leaving():
    node = ScriptedNode(full_room("speaker"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, QuestionScreen)
        await pilot.press("escape")
        assert node.asked == []
        await pilot.press("f10", "f5")
        await entered(pilot)
    assert node.asked == [ask.Leave()]


async def test_the_last_moderator_is_told_so():
    people = (member(1, "amina", "host", me=True, path="self"), member(2, "lau"))
    app = app_with(ScriptedNode(room(*people)))
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("q")
        await pilot.pause()
        assert "You are the last moderator: 1 person stays" in text_of(app)


async def test_ctrl_q_leaves_at_once_from_anywhere():
    node = ScriptedNode(full_room("speaker"))
    app = app_with(node)
    async with app.run_test() as pilot:
        await entered(pilot)
        await pilot.press("f1", "ctrl+q")
        await entered(pilot)
    assert node.asked == [ask.Leave()]


async def test_the_invite_screen_shows_every_form_and_hides_them():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert isinstance(app.screen, InviteScreen)
        assert_looks_like(app, "invite-80x24")
        squeezed = "".join(text_of(app).split())
        for form in (KEY.line, KEY.digits, KEY.invite, "15dance"):
            assert form.replace(" ", "") in squeezed.replace("█", "") or form == KEY.digits
        await pilot.press("f8")
        await pilot.pause()
        assert "amber" not in text_of(app)
        assert "7K3QM" not in text_of(app)
        assert "▀" not in text_of(app)
        await pilot.press("l", "escape")
        await pilot.pause()
        assert node.asked == [ask.ShowKey(), ask.SetLock(True)]
        assert isinstance(app.screen, RoomScreen)


async def test_in_shield_the_long_invite_comes_first_and_the_code_is_the_invite():
    view = dataclasses.replace(full_room("host"), mode="shield", ways_in=("relay", "invite"))
    app = app_with(ScriptedNode(view))
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert_looks_like(app, "invite-shield-80x24")
        text = text_of(app)
        assert text.index("TEAHOUSE:") < text.index("amber")
        assert "the key alone" not in text
        assert "join --relay LINE" in text
        await pilot.press("c")
        await entered(pilot)
        assert text_of(app).count("▀▀▀▀▀▀▀") >= 3  # the three corners of a code
        assert_looks_like(app, "invite-code-80x24")
        await pilot.press("escape")
        await entered(pilot)
        await pilot.resize_terminal(120, 40)
        await entered(pilot)
        assert "(the QR code)" in text_of(app)


@pytest.mark.parametrize(
    ("language", "characters"),
    [("zh_CN", "的 一 是 在"), ("zh_TW", "的 一 是 在"), ("en", "")],
)
def test_readers_of_chinese_see_the_key_in_characters_too(language, characters):
    use_language(language)
    try:
        assert in_characters("abandon ability able about") == characters
        assert in_characters("abandon teahouse") == ""
    finally:
        use_language("en")


@pytest.mark.parametrize(
    ("mode", "says"),
    [("shield", "good for nothing until a relay in it answers"), ("open", "names no place to ask")],
)
async def test_an_invite_by_which_nobody_can_come_in_now_is_said_to_be_so(mode, says):
    app = app_with(ScriptedNode(dataclasses.replace(full_room("host"), mode=mode, ways_in=())))
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert says in text_of(app)
        assert "starts `teahouse join`" in text_of(app)


@pytest.mark.parametrize(
    ("ways", "need"),
    [
        (("lan", "mainline", "invite"), "enough from anywhere, for who joins in open mode"),
        (("lan", "mainline_soon", "invite"), "enough on this network only"),
        (("lan",), "enough on this network only"),
    ],
)
async def test_the_invite_screen_says_how_far_the_words_alone_lead(ways, need):
    node = ScriptedNode(dataclasses.replace(full_room("host"), mode="open", ways_in=ways))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        drawn = text_of(app)
        assert need in drawn
        assert ("no relay is known" in drawn) is (ways == ("lan",))


async def test_the_invite_screen_says_that_a_home_which_is_reached_could_be_a_relay():
    ways = ("dht", "home", "invite")
    node = ScriptedNode(dataclasses.replace(full_room("host"), mode="open", ways_in=ways))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert "teahouse relay --home" in text_of(app)


async def test_a_relay_that_is_silent_is_named_on_the_invite_screen():
    problem = "No relay answers: nobody can come in, and nobody hears anybody."
    view = dataclasses.replace(
        full_room("host"), mode="shield", ways_in=("invite",), problem=problem
    )
    app = app_with(ScriptedNode(view))
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert problem in text_of(app)
        assert "entry node" not in text_of(app)


async def test_whoever_creates_a_room_sees_its_key_first():
    node = ScriptedNode(full_room("host"), opening=[])
    node.tell(node.joined("self"))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await entered(pilot)
        assert isinstance(app.screen, InviteScreen)
        assert_looks_like(app, "invite-120x40")


async def test_the_help_page_looks_as_drawn():
    app = app_with(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("f1")
        await pilot.pause()
        assert_looks_like(app, "help-80x24")


async def test_markup_in_names_topics_and_errors_is_only_text():
    evil = "[@click=app.quit]x[/]"
    view = room(
        member(1, evil[:16], "host", me=True, path="self"), member(2, "[red]a[/]"), topic=evil
    )
    node = ScriptedNode(view)
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        node.tell(told.ErrorRaised("x", evil, "[b]"))
        await entered(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert evil[:16] in text_of(app)
        await pilot.click(offset=(4, 3))
        assert app.is_running


async def test_unchanged_rows_are_not_painted_again():
    from tui.widgets.people import PeopleList

    app = app_with(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        stage = app.screen.query_one("#stage", PeopleList)
        painted = []
        stage.refresh_line = painted.append  # type: ignore[method-assign]
        app.screen.draw()
        assert painted == []
        app._node.change(2, level_dbfs=-33.9)
        app.screen.draw()
        assert painted == []
        app._node.change(2, level_dbfs=-10.0)
        app.screen.draw()
        assert painted == [1]


async def test_seven_hundred_listeners_stay_one_list():
    people = [member(1, "amina", "host", me=True, path="self")]
    people += [member(n, f"guest-{n}") for n in range(2, 702)]
    node = ScriptedNode(room(*people))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        assert "Audience 700" in text_of(app)
        await pilot.press("tab", "tab", "end")
        await pilot.pause()
        assert "guest-701" in text_of(app)
        assert len(app.screen.query("*")) < 40


async def test_textual_offers_no_commands_of_its_own():
    app = app_with(ScriptedNode())
    async with app.run_test() as pilot:
        await entered(pilot)
        assert list(app.get_system_commands(app.screen)) == []
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, RoomScreen)


async def test_being_removed_ends_with_a_sentence_and_exit_code_6():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        node.tell(told.Left("removed", {}, exit_code=6))
        node._ended.set()
        await entered(pilot)
        assert "a moderator has removed you from the room" in text_of(app)
        await pilot.press("escape")
        await entered(pilot)
    assert app.failure.exit_code == 6


async def test_the_picture_in_the_readme_is_what_the_screen_shows():
    node = ScriptedNode(full_room("speaker"))
    node.now = dataclasses.replace(node.now, mic_on=True, mic_level_dbfs=-24.0)
    node.tell(told.MemberChanged(4, "4", "kenji", "listener", "here"))
    node.tell(told.MemberChanged(4, "4", "kenji", "speaker", "here"))
    node.tell(told.HandChanged(6, 1))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(4):
            await pilot.pause()
        assert "hand: lau is first in the queue" in text_of(app)
        assert_looks_like(app, "picture")


async def test_a_lock_and_a_topic_stand_in_the_log_but_ways_in_do_not():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        node.tell(told.Notice("no_entry_node", "Nobody outside"))
        node.tell(told.Notice("topic", "poems"))
        await entered(pilot)
        assert "topic: poems" in text_of(app)
        assert "Nobody outside" not in text_of(app)


async def test_an_invitation_that_was_taken_back_is_not_shown_any_more():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        node.change(5, invited=True)
        node.tell(told.MicChanged(False, "granted"))
        await entered(pilot)
        node.change(5, invited=False)
        node.tell(told.MicChanged(False, "lapsed"))
        await entered(pilot)
        assert "H raises your hand" in text_of(app)
        assert "the invitation to speak has lapsed" in text_of(app)


async def test_a_speaker_may_go_back_to_the_audience_by_h_or_by_the_menu():
    node = ScriptedNode(full_room("speaker"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("h", "y")
        await pilot.press("end", "enter", "d")
        await pilot.pause()
    assert node.asked == [ask.GoToAudience(), ask.GoToAudience()]


async def test_a_click_on_a_person_opens_the_menu():
    app = app_with(ScriptedNode())
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.click(offset=(6, 5))
        await pilot.pause()
        assert isinstance(app.screen, PersonScreen)
        assert "dolma" in text_of(app)


async def test_somebody_who_has_just_left_has_an_empty_menu():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        view = node.now
        node.now = dataclasses.replace(view, members=tuple(m for m in view.members if m.n != 1))
        await pilot.press("enter")
        await pilot.pause()
        assert "not in the room any more" in text_of(app)
        await pilot.press("escape")
        await entered(pilot)
        assert "王小明" not in text_of(app)


async def test_a_node_that_fails_later_is_told_on_the_screen():
    node = ScriptedNode()

    async def fail():
        raise UserError("port_in_use", "The port is in use.", "Choose another.", 3)

    node.run = fail
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await entered(pilot)
        assert "The port is in use." in text_of(app)
        await pilot.press("enter")
        await entered(pilot)
    assert app.failure.exit_code == 3


async def test_a_fault_while_drawing_shows_no_local_variables():
    node = ScriptedNode()
    app = app_with(node)

    def broken():
        secret = "amber otter"
        raise ValueError("drawing" if secret else "")

    async def draw_with_a_fault():
        async with app.run_test(size=(80, 24)) as pilot:
            await entered(pilot)
            node.view = broken
            app.screen.call_later(app.screen.draw)
            await entered(pilot)

    with pytest.raises(ValueError, match="drawing"):
        await draw_with_a_fault()
    assert isinstance(app.failure, ValueError)
    assert not app._exit_renderables


async def test_a_twice_in_a_moment_accepts_one_hand():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await pilot.press("a", "a")
        await entered(pilot)
        assert node.asked == [ask.AcceptHand(6)]


@pytest.mark.parametrize("key", ["H", "ｈ", "р", "Р", "ا"])
async def test_a_key_does_the_same_in_capitals_and_under_another_layout(key):
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press(key)
        await entered(pilot)
    assert node.asked[:1] == [ask.RaiseHand()]


async def test_the_wide_space_of_an_input_method_opens_the_microphone():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        app._driver.send_message(events.Key("ideographic_space", "\u3000"))
        await entered(pilot)
    assert node.asked[:1] == [ask.SetMic(True)]


async def test_what_was_said_before_we_were_in_the_room_stands_in_its_log():
    node = ScriptedNode(opening=[told.ErrorRaised("no_microphone", "no microphone was found")])
    node.tell(node.joined())
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        await entered(pilot)
        assert "error: no microphone was" in text_of(app)


async def test_a_muted_speaker_raises_its_hand_with_h_and_is_not_asked_to_leave_the_stage():
    view = full_room("speaker")
    muted = tuple(dataclasses.replace(one, muted=True) if one.me else one for one in view.members)
    node = ScriptedNode(dataclasses.replace(view, members=muted))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        assert "H raises your hand" in text_of(app)
        await pilot.press("h")
        await entered(pilot)
        assert isinstance(app.screen, RoomScreen)
        assert any("stand in the audience then" in one.message for one in app._notifications)
    assert node.asked[:1] == [ask.RaiseHand()]


async def test_meters_move_only_while_somebody_is_heard(monkeypatch):
    moved = []
    draw_moving = RoomScreen.draw_moving
    monkeypatch.setattr(
        RoomScreen, "draw_moving", lambda self: (moved.append(1), draw_moving(self))
    )
    people = [member(1, "amina", "host", me=True, path="self"), member(2, "bek", "speaker")]
    node = ScriptedNode(room(*people))
    app = app_with(node)
    app._new_room = partial(app._new_room, meter_hz=20.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.pause(0.5)
        assert moved == []
        node.change(2, level_dbfs=-20.0, speaking=True)
        node.tell(told.SpeakingChanged(2, True))
        await pilot.pause(0.5)
        assert len(moved) >= 3
        node.change(2, level_dbfs=-96.0, speaking=False)
        node.tell(told.SpeakingChanged(2, False))
        await pilot.pause(0.2)
        moved.clear()
        await pilot.pause(0.5)
        assert moved == []


async def test_a_room_behind_the_invite_is_not_drawn_and_catches_up():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        assert isinstance(app.screen, InviteScreen)
        behind = app.screen_stack[-2]
        drawn = []
        behind._draw_slow = drawn.append  # type: ignore[method-assign]
        behind.draw()
        assert drawn == []
        await pilot.press("escape")
        await entered(pilot)
        assert drawn


async def test_an_invite_that_says_the_same_is_not_painted_again():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("i")
        await entered(pilot)
        painted = []
        for widget in app.screen.query(PlainText):
            widget.refresh = lambda *_, **__: painted.append(1)  # type: ignore[method-assign]
        app.screen._fill_ways()
        assert painted == []


async def test_of_a_thousand_listeners_those_in_sight_are_drawn(monkeypatch):
    drawn: list[int] = []

    def counted(one, width):
        drawn.append(one.n)
        return audience_row(one, width)

    monkeypatch.setattr(room_screen, "audience_row", counted)
    crowd = (member(n, f"m{n}", "listener", me=n == 1) for n in range(1, 1001))
    node = ScriptedNode(room(*crowd))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(pilot)
        assert "Audience 1000" in text_of(app)
        assert "m1 " in text_of(app)
        assert 0 < len({*drawn}) <= 40
        node.change(3, name="renamed")
        app.screen.draw()
        await entered(pilot)
        assert "renamed" in text_of(app)
