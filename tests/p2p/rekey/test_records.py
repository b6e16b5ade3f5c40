"""Records of epochs, and wraps that come before them."""

from crypto.ids import EpochId
from p2p.rekey.records import EARLY_MAX, EARLY_WRAPS_MAX, Records

ONE, TWO = EpochId(b"1" * 16), EpochId(b"2" * 16)


def test_an_epoch_is_known_since_it_was_first_seen() -> None:
    records = Records()
    records.observe({ONE}, 5.0)
    records.observe({ONE, TWO}, 7.0)
    records.observe({ONE, TWO}, 9.0)
    assert records.known_s == {ONE: 5.0, TWO: 7.0}


def test_an_epoch_that_no_longer_counts_is_forgotten() -> None:
    records = Records()
    records.observe({ONE, TWO}, 5.0)
    records.observe({TWO}, 6.0)
    assert records.known_s == {TWO: 5.0}
    records.observe({ONE, TWO}, 7.0)
    assert records.known_s == {TWO: 5.0, ONE: 7.0}


def test_wraps_that_came_early_are_given_once_when_their_record_comes() -> None:
    records = Records()
    records.keep(TWO, (b"a",))
    records.keep(ONE, (b"b",))
    records.keep(TWO, (b"c",))
    assert records.observe(set(), 1.0) == []
    assert records.observe({TWO}, 2.0) == [(TWO, (b"a", b"c"))]
    assert records.observe({ONE, TWO}, 3.0) == [(ONE, (b"b",))]
    assert records.observe({ONE, TWO}, 4.0) == []


def test_of_the_wraps_of_one_epoch_the_newest_are_kept() -> None:
    records = Records()
    wraps = tuple(number.to_bytes(2, "big") for number in range(EARLY_WRAPS_MAX + 3))
    records.keep(ONE, wraps[:2])
    records.keep(ONE, wraps[2:])
    assert records.observe({ONE}, 1.0) == [(ONE, wraps[3:])]


def test_of_the_epochs_the_one_heard_of_longest_ago_gives_way() -> None:
    records = Records()
    epochs = [EpochId(bytes((number,)) * 16) for number in range(EARLY_MAX + 1)]
    for epoch in epochs[:-1]:
        records.keep(epoch, (b"a",))
    records.keep(epochs[0], (b"b",))
    records.keep(epochs[-1], (b"c",))
    kept = dict(records.observe(set(epochs), 1.0))
    assert kept.keys() == set(epochs) - {epochs[1]}
    assert kept[epochs[0]] == (b"a", b"b")
