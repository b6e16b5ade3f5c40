"""Key ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import LocalError, RemoteError
from crypto.kid import MAX_SLOT, pack_kid, split_kid


@given(st.integers(1, MAX_SLOT), st.integers(0, 2**18 - 1), st.integers(0, 2**32))
def test_what_goes_in_comes_out_and_takes_four_bytes(slot: int, tag: int, step: int) -> None:
    kid = pack_kid(slot, tag, step)
    assert split_kid(kid) == (slot, tag, step % 256)
    assert 2**24 <= kid < 2**32


def test_the_layout_is_slot_then_tag_then_step() -> None:
    assert pack_kid(1, 0, 0) == 1 << 26
    assert pack_kid(63, 2**18 - 1, 255) == 2**32 - 1
    assert pack_kid(1, 1, 256) == (1 << 26) + (1 << 8)


@pytest.mark.parametrize(("slot", "tag"), [(0, 0), (64, 0), (-1, 0), (1, -1), (1, 2**18)])
def test_values_out_of_range_are_our_own_fault(slot: int, tag: int) -> None:
    with pytest.raises(LocalError):
        pack_kid(slot, tag, 0)


@pytest.mark.parametrize("kid", [0, 2**26 - 1, 2**32, 2**64 - 1])
def test_foreign_key_ids_out_of_range_are_refused(kid: int) -> None:
    with pytest.raises(RemoteError):
        split_kid(kid)
