import dataclasses

import pytest

from p2p.api.settings import Settings
from p2p.errors import UserError
from tui import backend
from tui.backend import RealBackend


class Opened:
    """In place of ``p2p.node``: shows with what it was called."""

    @staticmethod
    async def create_room(settings):
        return settings, None

    @staticmethod
    async def join_room(settings, invite):
        return settings, invite


async def test_every_wish_reaches_the_settings_of_the_node(monkeypatch):
    monkeypatch.setattr(backend, "import_module", lambda name: Opened)
    asked = Settings("lau", "tea", ("::1", 1), ("a:1#k",), "open", "silence", "null", "dht", 2.5)
    for settings, invite in (
        await RealBackend().create(asked),
        await RealBackend().join(asked, "invite"),
    ):
        assert dataclasses.asdict(settings) == dataclasses.asdict(asked)
        assert invite in (None, "invite")


def test_a_text_without_a_key_is_an_error_for_a_person():
    with pytest.raises(UserError) as caught:
        RealBackend().parse_key("hello there")
    assert caught.value.exit_code == 4
