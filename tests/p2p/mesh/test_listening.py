import pytest

from p2p.mesh.line_load import Load
from p2p.mesh.listening import LEVELS, Listening

FULL = Load(0.2, 0.07, stands=True, loss=0.0, carried_bps=200_000.0, round_trip_s=0.2)
FREE = FULL._replace(queue_s=0.0, stands=False)


def test_who_has_a_good_line_asks_for_everything():
    listening = Listening(0.0)
    for second in range(60):
        listening.look(FREE, 349_000.0, float(second))
    assert (listening.level, listening.is_narrow) == (LEVELS[0], False)


@pytest.mark.parametrize(
    ("speakers", "carried_bps", "level"),
    [(2, 200_000.0, 1), (3, 200_000.0, 2), (3, 110_000.0, 2), (1, 64_000.0, 2)],
)
def test_first_copies_are_left_out(speakers, carried_bps, level):
    listening = Listening(0.0)
    listening.look(FULL._replace(carried_bps=carried_bps), speakers * 116_400.0, 1.0)
    assert listening.level == LEVELS[level]
    assert listening.is_narrow
    assert not listening.loudest_only


def test_where_that_is_too_much_still_the_loudest_comes_first():
    listening = Listening(0.0)
    listening.look(FULL._replace(carried_bps=60_000.0), 349_000.0, 1.0)
    assert listening.level == LEVELS[2]
    listening.look(FULL._replace(carried_bps=60_000.0), 118_000.0, 3.0)
    assert listening.level == LEVELS[3]
    assert listening.loudest_only


def test_what_is_sent_at_a_lower_level_is_known_to_be_a_portion():
    listening = Listening(0.0)
    listening.look(FULL, 232_800.0, 1.0)
    assert listening.level == LEVELS[1]
    for tenth in range(100):
        listening.look(FREE, 116_400.0, 3.0 + 0.1 * tenth)
    assert listening.level == LEVELS[0]
    listening.look(FULL, 232_800.0, 13.5)
    assert listening.level == LEVELS[1]


def test_while_nothing_is_known_nothing_changes():
    listening = Listening(0.0)
    listening.look(FULL, 232_800.0, 1.0)
    for second in range(2, 60):
        listening.look(None, 0.0, float(second))
    assert listening.level == LEVELS[1]
