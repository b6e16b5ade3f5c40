"""What doors say, held against each other, on a virtual clock."""

from crypto.dh import KeyPair
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.roomkey import Genesis, RoomKey
from p2p.node.joining.answers import CHECKED_S, OTHERS_S, SILENT_S, Answer, Answers
from p2p.node.secrets import Credentials, Origin, RoomSecrets
from p2p.rekey.commit import first_epoch, next_epoch
from p2p.rekey.fresh_words import FreshWords
from p2p.rekey.room_time import RoomTime
from p2p.rng import system_rng
from p2p.room.commands import Remove
from p2p.room.room import Room

DOORS = {name: name.encode() * 32 for name in "hbcde"}


class House:
    """A host, its room, and doors that know it as it was at some moment."""

    def __init__(self) -> None:
        self.host = Identity.generate(system_rng)
        genesis = Genesis(2, self.host.sign_key, self.host.dh, "open", 0, bytes(32))
        self.genesis, self.key = genesis.encode(), RoomKey.create(genesis, bytes(16))
        self.room = Room(self.host, self.genesis, "host", now=0.0)
        self.keyring = first_epoch(self.room, system_rng)
        self.people = {name: Identity.generate(system_rng) for name in "bcde"}
        for name, identity in self.people.items():
            self.room.admit(Room(identity, self.genesis, name, now=0.0).join_op)
        self.people["h"] = self.host
        self.newcomer = Credentials(
            Identity.generate(system_rng), self.key, KeyPair.generate(system_rng)
        )

    def remove(self, name: str) -> None:
        self.room.do(Remove(self.people[name].member_id), 0.0)

    def new_key(self) -> None:
        parents = [self.room.state.epochs[head] for head in self.room.state.heads]
        epoch_id, _ = next_epoch(self.room, self.keyring, parents, "asked", system_rng)
        self.keyring.set_heads([epoch_id])

    def answer(self, name: str, *, fresh: bool = True) -> Answer:
        """What this member's door says now, with the host's word on it."""
        room = Room(self.newcomer.identity, self.genesis, "new", now=0.0)
        for op in self.room.ops():
            room.receive(op, None, 0.0)
        keyring = keyring_from(self.keyring.export(0), 0, 0.0, bytes(16))
        origin = Origin(self.genesis, bytes(16))
        secrets = RoomSecrets(self.newcomer, origin, bytes(32), keyring, RoomTime(0.0), system_rng)
        member = self.people[name].member_id
        word = FreshWords(self.room, self.host, 0.0).word(0.0) if fresh else None
        return Answer(member, room, secrets, "relay", None, word)


def knocked(*names: str, reached: str = "") -> Answers:
    answers = Answers()
    for name in names:
        answers.knock(DOORS[name])
    for name in reached:
        answers.reached(DOORS[name])
    return answers


def says(answers: Answers, name: str, answer: Answer, now: float) -> None:
    answers.reached(DOORS[name])
    answers.take(answer, now)
    answers.ended(DOORS[name])


def test_the_only_door_is_gone_by_at_once() -> None:
    answers = knocked("h")
    assert answers.chosen(0.0) == []
    answer = House().answer("h")
    says(answers, "h", answer, 1.0)
    assert answers.chosen(1.0) == [answer]


def test_one_that_was_reached_is_waited_for_a_second_and_one_only_named_a_moment() -> None:
    for reached, wait_s in (("", SILENT_S), ("c", OTHERS_S)):
        answers = knocked("b", "c", reached=reached)
        answer = House().answer("b")
        says(answers, "b", answer, 5.0)
        assert answers.chosen(5.0 + 0.9 * wait_s) == []
        assert answers.chosen(5.0 + 1.01 * wait_s) == [answer]


def test_three_that_agree_are_enough_and_all_of_them_stay() -> None:
    house, answers = House(), knocked(*"bcde", reached="bcde")
    for name in "bc":
        says(answers, name, house.answer(name), 0.0)
    answers.take(house.answer("c"), 0.0)  # by another way: still two
    assert answers.chosen(0.0) == []
    says(answers, "d", house.answer("d"), 0.0)
    assert len(answers.chosen(0.0)) == 4


def test_a_door_of_somebody_removed_is_not_gone_by_if_anybody_tells() -> None:
    house, answers = House(), knocked("b", "c", "d", reached="bcd")
    before = house.answer("b")
    house.remove("b")
    says(answers, "b", before, 0.0)
    after = house.answer("c")
    says(answers, "c", after, 0.5)
    assert answers.chosen(0.6) == []  # one more may know better
    assert answers.chosen(OTHERS_S) == [after]


def test_of_two_members_the_one_with_the_newest_key_counts_whoever_came_first() -> None:
    house = House()
    old = house.answer("b")
    house.new_key()
    new = house.answer("c")
    for first, second in ((old, new), (new, old)):
        answers = knocked("b", "c")
        says(answers, "b", first, 0.0)
        says(answers, "c", second, 0.0)
        assert answers.chosen(0.0) == [new]


def test_a_newcomer_that_hears_nobody_but_a_removed_one_goes_by_it_and_knows_no_better() -> None:
    house, answers = House(), knocked("b", "c", reached="bc")
    alone = house.answer("b")
    house.remove("b")
    says(answers, "b", alone, 0.0)
    answers.ended(DOORS["c"])
    assert answers.chosen(0.0) == [alone]


def test_what_every_door_knows_the_chosen_one_knows_too() -> None:
    house, answers = House(), knocked("h", "c")
    before = house.answer("h")
    house.remove("d")
    says(answers, "h", before, 0.0)
    says(answers, "c", house.answer("c"), 0.0)
    [first, _] = answers.chosen(0.0)
    assert first is before
    assert first.room.state.removed == {house.people["d"].member_id}


def test_a_door_that_ended_once_is_not_waited_for_again() -> None:
    answers = knocked("b", "c")
    answers.ended(DOORS["c"])
    answers.knock(DOORS["c"])
    answers.reached(DOORS["c"])
    answer = House().answer("b")
    says(answers, "b", answer, 0.0)
    assert answers.chosen(0.0) == [answer]


def test_a_door_that_shows_no_moderators_word_is_passed_over_while_another_may_come() -> None:
    house, answers = House(), knocked("b", "c")
    says(answers, "b", house.answer("b", fresh=False), 0.0)
    assert answers.chosen(CHECKED_S - 0.1) == []
    good = house.answer("c")
    says(answers, "c", good, CHECKED_S - 0.1)
    assert answers.chosen(CHECKED_S - 0.1) == [good]


def test_where_no_door_shows_a_word_the_first_has_to_do_after_a_while() -> None:
    house, answers = House(), knocked("b")
    only = house.answer("b", fresh=False)
    says(answers, "b", only, 0.0)
    assert answers.chosen(CHECKED_S - 0.1) == []
    assert answers.chosen(CHECKED_S) == [only]
