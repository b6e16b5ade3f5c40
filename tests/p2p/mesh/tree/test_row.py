import pytest

from p2p.mesh.tree.row import DELAY_MAX_MS, DEPTH_MAX, Row

ME, A, B = (bytes((n,)) * 32 for n in range(3))
MANY = tuple(bytes((n,)) * 32 for n in range(10, 11 + DEPTH_MAX))


def test_a_row_is_as_deep_as_it_has_nodes_above() -> None:
    assert Row(A).depth == 0
    assert Row(A, (B,)).depth == 1


def test_a_place_is_for_one_that_carries_or_for_a_listener() -> None:
    row = Row(A, leaf=False, carrier=True)
    assert row.has_place(carries=True)
    assert not row.has_place(carries=False)


def test_a_row_that_can_be_true_is_sane() -> None:
    assert Row(A, (B,), DELAY_MAX_MS).is_sane(ME)
    assert Row(A, MANY[:DEPTH_MAX]).is_sane(ME)


@pytest.mark.parametrize(
    "row",
    [
        Row(ME),
        Row(A, (ME,)),
        Row(A, (A,)),
        Row(A, (B, B)),
        Row(A, MANY),
        Row(A, (), -1),
        Row(A, (), DELAY_MAX_MS + 1),
    ],
)
def test_a_row_below_us_or_that_nobody_can_have_is_not(row: Row) -> None:
    assert not row.is_sane(ME)
