import pytest

from tui.room.hold import HELD_S, Hold


@pytest.mark.parametrize(
    ("opens", "for_s", "lost", "closes"),
    [
        (True, HELD_S + 0.01, False, True),
        (True, 60.0, False, True),
        (True, 0.1, False, False),
        (False, 60.0, False, False),
        (True, 0.1, True, True),
        (False, 0.1, True, False),
    ],
)
def test_a_microphone_that_was_held_open_closes_with_the_key(opens, for_s, lost, closes):
    hold = Hold()
    hold.pressed(10.0, opens=opens)
    assert hold.let_go(10.0 + for_s, lost=lost) is closes
    assert hold.let_go(99.0, lost=True) is False


def test_a_release_without_a_press_is_nothing():
    assert Hold().let_go(5.0, lost=False) is False
