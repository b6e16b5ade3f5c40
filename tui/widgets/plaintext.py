"""Text that is drawn as it is."""

from textual.widgets import Static


class PlainText(Static):
    """A ``Static`` that never reads markup: names and topics may be in it."""

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(text, markup=False, id=id, classes=classes)
