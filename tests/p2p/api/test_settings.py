import pytest

from p2p.api.settings import Settings, no_relay
from p2p.errors import UserError


def test_what_nobody_chose_works() -> None:
    Settings().check()


def test_without_a_relay_shield_ends_with_the_option_to_give() -> None:
    error = no_relay()
    assert (error.code, error.exit_code) == ("no_sound_relay", 3)
    assert "--mode open" in error.hint
    joining = no_relay(joining=True)
    assert "long invite" in joining.message
    assert "your address" in joining.hint


def test_who_chose_shield_hides() -> None:
    assert Settings(mode="shield").hidden
    assert not Settings(mode="open").hidden


@pytest.mark.parametrize(
    "settings",
    [Settings(mode="hidden"), Settings(only="pigeon"), Settings(mask="hat"), Settings(echo="loud")],
)
def test_an_unknown_value_is_refused(settings: Settings) -> None:
    with pytest.raises(UserError, match="bad_option"):
        settings.check()


def test_one_way_alone_shuts_the_others() -> None:
    assert Settings().allows("lan")
    assert Settings(only="dht").allows("dht")
    assert not Settings(only="dht").allows("lan")
