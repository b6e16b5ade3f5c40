"""That a console elsewhere is left alone; what Windows tells is tried in tests/windows."""

import sys

import pytest

from p2p.console import on_console_end

told: list[str] = []


@pytest.mark.skipif(sys.platform == "win32", reason="of other systems, which send signals")
def test_elsewhere_nothing_is_told_and_nothing_is_taken_back() -> None:
    on_console_end(lambda: told.append("stop"))()
    assert told == []
