"""Who was removed and holds the key that we would speak under."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from p2p.rekey.exposure import Exposure

OLD, NEW, OTHER = b"o" * 16, b"n" * 16, b"t" * 16
OUT, ALSO = b"x" * 16, b"y" * 16


def seen(shut_out: dict[bytes, set[bytes]], removed: set[bytes], sealing: bytes = OLD) -> Exposure:
    exposure = Exposure()
    frozen = {epoch: frozenset(members) for epoch, members in shut_out.items()}
    exposure.observe(frozen, frozenset(removed), [sealing])
    return exposure


def test_who_was_removed_without_a_new_key_exposes_nothing() -> None:
    assert not seen({OLD: set()}, {OUT}).exposes([OLD])


def test_who_was_removed_with_a_new_key_still_has_the_one_before() -> None:
    exposure = seen({NEW: {OUT}}, {OUT})
    assert exposure.exposes([OLD])
    assert not exposure.exposes([NEW])
    assert not exposure.exposes([OLD, NEW]), "the key is made of both"


def test_an_epoch_whose_author_did_not_know_of_the_removal_is_as_bad_as_the_one_before() -> None:
    exposure = seen({NEW: {OUT}, OTHER: set()}, {OUT})
    assert exposure.exposes([OTHER])
    assert exposure.exposes([OLD, OTHER])


def test_each_of_several_must_lack_something() -> None:
    exposure = seen({NEW: {OUT}, OTHER: {ALSO}}, {OUT, ALSO})
    assert exposure.exposes([NEW])
    assert not exposure.exposes([NEW, OTHER])


def test_a_removal_that_came_to_nothing_is_over() -> None:
    exposure = seen({NEW: {OUT}}, {OUT})
    exposure.observe({NEW: frozenset()}, frozenset(), [OLD])
    assert not exposure.exposes([OLD])


def test_what_shut_somebody_out_is_remembered_when_it_is_no_head_any_more() -> None:
    exposure = seen({NEW: {OUT}}, {OUT})
    exposure.observe({OLD: frozenset()}, frozenset({OUT}), [NEW])
    assert exposure.exposes([OLD])
    assert not exposure.exposes([NEW]), "what we turned to before"


EPOCHS = [OLD, NEW, OTHER]
MEMBERS = st.frozensets(st.sampled_from([OUT, ALSO]))


@given(st.dictionaries(st.sampled_from(EPOCHS), MEMBERS), MEMBERS)
def test_all_heads_together_never_expose_and_fewer_never_expose_less(
    shut_out: dict[bytes, frozenset[bytes]], removed: frozenset[bytes]
) -> None:
    exposure = Exposure()
    exposure.observe(shut_out, removed, [])
    assert not exposure.exposes(list(shut_out))
    for one, other in itertools.combinations(EPOCHS, 2):
        assert exposure.exposes([one]) >= exposure.exposes([one, other])
