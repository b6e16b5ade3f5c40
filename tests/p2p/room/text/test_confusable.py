"""Names that look alike are found whatever letters they are made of."""

import pytest

from p2p.room.text.confusable import Lookalikes, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("amina", "аmіna"),
        ("lau", "Lаu"),
        ("lau", "1au"),
        ("kenji", "kenjí"),
        ("王小明", "王 小明"),
        ("host", "ｈｏｓｔ"),
        ("omar", "0mar"),
        ("modern", "rnodern"),
        ("sofia", "Σofia".replace("Σ", "ѕ")),
    ],
)
def test_alike(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"), [("amina", "amira"), ("王小明", "王小名"), ("lau", "laura")]
)
def test_not_alike(one, other):
    assert skeleton(one) != skeleton(other)


def imitations(members: list[tuple[int, bytes, str]]) -> dict[bytes, bytes]:
    alike = Lookalikes()
    for one in members:
        alike.come(*one)
    imitated = {one[1]: alike.imitated(*one) for one in members}
    return {member: other for member, other in imitated.items() if other is not None}


def test_the_junior_imitates_the_senior_and_equals_each_other():
    host, one, two = b"h", b"1", b"2"
    assert imitations([(0, host, "lau"), (4, one, "lаu")]) == {one: host}
    assert imitations([(4, two, "lau"), (4, one, "lаu")]) == {one: two, two: one}
    assert imitations([(4, two, "lau"), (4, one, "lаu"), (0, host, "LAU")]) == {
        one: host,
        two: host,
    }
    assert imitations([(4, two, "lau"), (4, one, "amina")]) == {}
