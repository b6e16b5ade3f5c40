"""The roster, kept up from state to state, is that of each state."""

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.state.key_holders import KeyHolders


def test_whoever_comes_leaves_is_removed_or_turned_away_is_in_the_roster_or_not():
    people, holders = People(5), KeyHolders()
    steps = [
        lambda: people.write(1, kinds.Leave),
        lambda: people.remove(2),
        lambda: people.act(0, kinds.Let, people.ids[3], False),
        lambda: people.act(0, kinds.Let, people.ids[3], True),
        lambda: people.promote(0, 4, 2),
    ]
    sizes = []
    for step in (lambda: None, *steps):
        step()
        state = people.state()
        assert holders.look(state) == state.roster()
        sizes.append(len(state.roster()))
    assert sizes == [6, 5, 4, 3, 4, 4]
