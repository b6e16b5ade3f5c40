import pytest

from p2p.relay.home import agreed

HERE, ELSEWHERE, THIRD = ("203.0.114.7", 4433), ("203.0.114.8", 4433), ("203.0.114.7", 4434)


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ([HERE], HERE),
        ([HERE, ELSEWHERE, HERE], HERE),
        ([HERE, ELSEWHERE], None),
        ([HERE, ELSEWHERE, THIRD], None),
        ([("192.168.1.9", 4433)] * 3, None),
        ([], None),
    ],
)
def test_where_a_home_is_more_than_half_of_who_is_asked_have_to_say(told, believed) -> None:
    assert agreed(told) == believed
