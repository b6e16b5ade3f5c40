import pytest

from tests.tui.drawn import app_with, text_of
from tests.tui.scripted import ScriptedNode, full_room, member, room
from tui.room.find_screen import FindScreen, matching
from tui.room.person_screen import PersonScreen
from tui.room.room_screen import RoomScreen
from tui.widgets.people import PeopleList

MANY = room(
    member(1, "amina", "host", me=True, path="self"),
    *(member(n, f"guest-{n:04}") for n in range(2, 1001)),
    member(1001, "ئايگۈل"),
    member(1002, "left-over", state="left"),
)


async def settle(pilot):
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("KENJI", [4]),
        ("ｋｅｎ", [4]),
        ("小", [1]),
        ("ئاي", [2]),
        ("guest", [8, 12]),
        ("7", [7, 8]),
        ("#7", [7]),
        (" lau ", [6]),
        ("nobody", []),
    ],
)
def test_a_part_of_a_name_in_any_form_or_a_number_finds_a_person(typed, found):
    assert [one.n for one in matching(typed, full_room())] == found


def test_nothing_typed_means_everybody_who_is_here_or_away():
    assert len(matching("", MANY)) == 1001


async def test_a_person_is_found_by_typing_and_its_menu_opens():
    app = app_with(ScriptedNode(MANY))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await settle(pilot)
        assert isinstance(app.screen, FindScreen)
        assert app.screen.query_one("#found", PeopleList).virtual_size.height == 1001
        await pilot.press(*"st-07")
        await settle(pilot)
        assert app.screen.query_one("#found", PeopleList).virtual_size.height == 100
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, PersonScreen)
        assert "guest-0702" in text_of(app)


async def test_letters_that_are_keys_elsewhere_are_only_typed_here():
    node = ScriptedNode(full_room("host"))
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash", "h", "q", "m", "space", "enter")
        await settle(pilot)
        assert isinstance(app.screen, FindScreen)
        assert "Nobody here is called so." in text_of(app)
        assert node.asked == []
        await pilot.press("escape")
        assert isinstance(app.screen, RoomScreen)


async def test_of_a_thousand_people_only_the_lines_that_are_seen_are_painted(monkeypatch):
    painted = []
    render = PeopleList.render_line

    def counted(self, y):
        painted.append(self.id)
        return render(self, y)

    monkeypatch.setattr(PeopleList, "render_line", counted)
    app = app_with(ScriptedNode(MANY))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await settle(pilot)
        painted.clear()
        await pilot.press("7")
        await settle(pilot)
    assert 0 < painted.count("found") <= 3 * 10
