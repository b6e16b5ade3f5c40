"""A room key as a QR code in half blocks: two rows of modules in one row of text."""

import segno

_QUIET_MODULES = 2
_HALVES = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}


def qr_lines(text: str) -> list[str]:
    """Return ``text`` as a QR code of the lowest error level, dark modules as blocks.

    Draw it dark on light. Upper-case text gives a smaller code than mixed case.
    The quiet border is two modules, which phones read from a screen.
    """
    code = segno.make_qr(text, error="l", boost_error=False)
    rows = [tuple(row) for row in code.matrix_iter(border=_QUIET_MODULES)]
    if len(rows) % 2:
        rows.append((0,) * len(rows[0]))
    return [
        "".join(_HALVES[bool(top), bool(bottom)] for top, bottom in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]


def largest_that_fits(texts: list[str], width: int, height: int) -> tuple[int, list[str]] | None:
    """Return which of ``texts`` is the first whose code fits, and the code; None if none."""
    for place, text in enumerate(texts):
        lines = qr_lines(text)
        if len(lines) <= height and len(lines[0]) <= width:
            return place, lines
    return None
