"""The way from the screen to the terminal, which may be slow, stopped or gone."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver


def patient_driver() -> "type[Driver] | None":
    """Return the driver that never waits for the terminal; None for Textual's own, on Windows."""
    if sys.platform == "win32":
        return None
    from tui.terminal.driver import PatientDriver

    return PatientDriver
