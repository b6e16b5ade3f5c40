"""A running screen as text, and the golden pictures it is compared with.

Set TEAHOUSE_GOLDEN=1 to write the pictures anew; read the difference before you keep it.
"""

import os
from pathlib import Path

from textual.app import App

from p2p.api.settings import Settings
from tests.tui.scripted import ScriptedBackend, ScriptedNode
from tui.app import TeahouseApp

PICTURES = Path(__file__).parent / "screens"


def text_of(app: App[object]) -> str:
    """The characters of the topmost screen, without trailing spaces."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def assert_looks_like(app: App[object], picture: str) -> None:
    path = PICTURES / f"{picture}.txt"
    drawn = text_of(app)
    if os.environ.get("TEAHOUSE_GOLDEN"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


def app_with(
    node: ScriptedNode | None = None, *, notifies: bool = False, **settings: object
) -> TeahouseApp:
    """The app about to enter the scripted room; without ``node``, at the start screen."""
    backend = ScriptedBackend((lambda: node) if node else ScriptedNode)
    asked = Settings(name="amina", **settings)  # type: ignore[arg-type]
    opening = (lambda settings: backend.join(settings, None)) if node else None
    return TeahouseApp(
        backend, asked, opening, meter_hz=0, notifies=notifies, clock_text=lambda: "10:31"
    )
