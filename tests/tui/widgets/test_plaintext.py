import pytest
from textual.app import App, ComposeResult

from tests.tui.drawn import text_of
from tui.widgets.plaintext import PlainText


class Page(App[None]):
    CSS = "PlainText { width: 20; height: auto; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield PlainText(self._text)
        yield PlainText("below")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "amina 将能做你能做的一切，包括请出别人。",
            ["amina 将能做你能做的", "一切，包括请出别人。"],
        ),
        ("上锁。 新人都进不来，不管有什么钥匙。", ["上锁。 新人都进不", "来，不管有什么钥匙。"]),
        ("一行\n  两格之后", ["一行", "  两格之后"]),
        ("a name in English that is longer", ["a name in English", "that is longer"]),
    ],
)
async def test_a_paragraph_is_filled_whatever_its_script_and_takes_no_more_room(text, lines):
    app = Page(text)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert text_of(app).splitlines()[: len(lines) + 1] == [*lines, "below"]
        app.query_one(PlainText).update("短")
        await pilot.pause()
        assert text_of(app).splitlines()[:2] == ["短", "below"]
