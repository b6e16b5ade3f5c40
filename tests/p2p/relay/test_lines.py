from types import SimpleNamespace

from p2p.relay.lines import Lines


def line():
    return SimpleNamespace(link=object())


def test_a_number_is_given_once_and_never_again():
    lines, one, other = Lines(), line(), line()
    assert lines.add(one) == 1
    assert lines.next_number == 2
    lines.drop(1)
    lines.drop(1)
    assert lines.get(1) is None
    assert lines.add(other) == 2
    assert (len(lines), lines.get(2), lines.links) == (1, other, {2: other.link})


def test_lines_may_go_while_all_are_looked_at():
    lines = Lines()
    for _ in range(3):
        lines.add(line())
    for number, _ in lines:
        lines.drop(number)
    assert (len(lines), lines.links) == (0, {})
