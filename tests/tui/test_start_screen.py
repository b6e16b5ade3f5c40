from textual import events
from textual.widgets import Input

from p2p.errors import UserError
from tests.tui.drawn import app_with, assert_looks_like, text_of
from tui.room.room_screen import RoomScreen
from tui.start.problem import ProblemScreen
from tui.start.start_screen import StartScreen


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
