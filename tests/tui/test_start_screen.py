import pytest
from textual import events
from textual.widgets import Input

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.invite import Invite
from crypto.roomkey import RoomKey
from crypto.words import to_line, to_words
from p2p.errors import UserError
from tests.tui.drawn import app_with, assert_looks_like, text_of
from tui.i18n import use_language
from tui.room.room_screen import RoomScreen
from tui.start.problem import ProblemScreen
from tui.start.start_screen import StartScreen
from tui.start.typed_words import completed, progress

AN_INVITE = Invite(RoomKey(bytes(16)), (Contact(DhKey(b"d" * 32), ("192.0.2.1", 9)),)).to_line()


async def test_the_start_screen_looks_as_drawn():
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert_looks_like(app, "start-80x24")


async def test_a_whole_pasted_message_is_taken_and_enter_joins():
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.screen.focused.post_message(events.Paste("Hello!\n amber otter\nviolin  maple\n"))
        await pilot.pause()
        assert app.screen.query_one("#key", Input).value == "Hello! amber otter violin maple"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, RoomScreen)
        assert app._backend.settings.name == "amina"


async def test_a_bad_key_is_explained_beside_the_field():
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"vioiln", "enter")
        await pilot.pause()
        assert "Word 7 is not in the list." in text_of(app)
        assert "Did you mean violin?" in text_of(app)


async def test_no_key_is_no_reason_to_search():
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "There is no room key yet." in text_of(app)


async def test_a_room_can_be_created_with_a_topic():
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "tab", *"poems", "enter")
        await pilot.pause()
        assert app._backend.settings.topic == "poems"


async def test_a_room_that_is_not_there_leads_back_to_the_start():
    app = app_with()
    app._backend.failure = UserError("no_room", "No one is here.", "Check the words.", 5)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"violin", "enter")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, ProblemScreen)
        assert "No one is here." in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, StartScreen)


async def test_a_fault_of_our_own_ends_without_a_traceback():
    app = app_with()
    app._backend.failure = ValueError("secret")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"violin", "enter")
        await pilot.pause()
        await pilot.pause()
    assert isinstance(app.failure, ValueError)


async def test_escape_ends_it():
    app = app_with()
    async with app.run_test() as pilot:
        await pilot.press("escape")
        await pilot.pause()
    assert app.return_code == 0


@pytest.mark.parametrize(("language", "says"), [("en", "1 of 15 words"), ("zh_CN", "1/15 个词")])
async def test_tab_makes_a_word_whole_and_it_is_said_how_many_are_right(language, says):
    use_language(language)
    try:
        app = app_with()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            field = app.screen.query_one("#key", Input)
            await pilot.press(*"vio")
            await pilot.pause()
            assert "violin" in text_of(app)
            assert says not in text_of(app)
            await pilot.press("tab")
            await pilot.pause()
            assert field.value == "violin "
            assert says in text_of(app)
            await pilot.press(*"am", "tab")
            assert field.value == "violin am"
            assert app.screen.focused is field
            await pilot.press("backspace", "backspace", "tab")
            assert app.screen.focused is not field
    finally:
        use_language("en")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ""),
        ("TEAHOUSE:7K3QM0XW4P9TZRB2", ""),
        ("48213 90571", ""),
        (to_words(RoomKey(bytes(16))), "15 of 15 words"),
        (to_words(RoomKey(bytes(range(16))), "zh-Hans"), "15 of 15 words"),
        (to_words(RoomKey(bytes(16))), "15 of 15 words   the key is whole"),
        (to_line(RoomKey(bytes(16))), "the key is whole"),
        (to_line(RoomKey(bytes(16)))[:-1], ""),
        (f"here you are: {AN_INVITE} see you later", "the invite is whole"),
        (f"{AN_INVITE[:-3]} ", ""),
        ("violin vioiln ", "1 of 15 words"),
        ("violin act", "2 of 15 words"),
    ],
)
def test_words_are_counted_and_a_whole_key_or_invite_is_named(text, says):
    assert progress(text).startswith(says)
    assert bool(progress(text)) == bool(says)


def test_a_word_that_is_whole_and_begins_another_is_taken_as_it_is():
    assert completed("violin act") == "violin act "
    assert completed("Violin Acti") == "Violin action "
    assert completed("violin am") is None
    assert completed("qq") is None
    assert completed("violin ") is None
