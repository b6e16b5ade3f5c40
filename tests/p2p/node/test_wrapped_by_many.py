"""A room in shares, of real nodes at a real relay: a new key reaches all, whoever fails."""

from collections import Counter

import pytest

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.node.session import Session
from p2p.rekey import shares
from p2p.rekey.shares import shares_of
from p2p.wire.messages import Wraps
from tests.p2p.node.inn import until

GUESTS = 7
TRIES = 24


@pytest.fixture(autouse=True)
def in_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three members a share, where it is 128 else."""
    monkeypatch.setattr(shares, "SHARE_MEMBERS", 3)


async def a_crowd(house: House) -> list[Person]:
    line = await house.relay()
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (line,), "mic": "silence"}
    host = await house.host("host", **ways)
    words = (await host.key()).words
    people = [host]
    for number in range(GUESTS):
        people.append(await house.guest(f"guest {number}", words, **ways))
        await people[-1].until(e.Joined)
    await until(lambda: all(len(s.peers.room.roster()) == GUESTS + 1 for s in sessions(people)))
    await until(lambda: all(len(present_to(person)) >= GUESTS for person in people))
    return people


def sessions(people: list[Person]) -> list[Session]:
    return [person.session for person in people]


def present_to(person: Person) -> set[bytes]:
    return person.session.peers.dispatch.relay_room.present


def counts(person: Person) -> Counter[str]:
    return person.session.peers.dispatch.group_key.counts


def handed_in(person: Person) -> Counter[str]:
    """Counts the wraps that a member hands to its relay from now on."""
    relayed, made = person.session.peers.dispatch.relay_room, Counter()
    send = relayed.send_wraps

    def counting(message: Wraps, *, reserve: bool = False) -> None:
        made["wraps"] += len(message.wraps)
        send(message, reserve=reserve)

    relayed.send_wraps = counting
    return made


def withholds(person: Person) -> None:
    """It wraps nothing for others, whoever asks."""
    person.session.peers.dispatch.relay_room.send_wraps = lambda *_, **__: None


def has_turned(people: list[Person], before: tuple[bytes, ...]) -> bool:
    frontiers = {one.secrets.keyring.frontier.ids for one in sessions(people)}
    return len(frontiers) == 1 and before not in frontiers


async def test_after_a_removal_the_key_reaches_all_others_by_several_hands() -> None:
    async with a_house() as house:
        people = await a_crowd(house)
        host, *guests = people
        before = host.session.secrets.keyring.frontier.ids
        made = [handed_in(person) for person in people]
        out = guests.pop(3)
        people.remove(out)
        host.node.do(c.Remove(host.number_of("guest 3"), new_key=True))
        await until(lambda: has_turned(people, before))
        (epoch,) = host.session.secrets.keyring.frontier.ids
        assert not out.session.secrets.keyring.knows(epoch)
        assert made[0]["wraps"] >= 1
        await until(lambda: all(counts(person)["wrapped"] == 1 for person in guests))


async def test_where_the_first_wrappers_do_nothing_others_are_asked_through_the_relay() -> None:
    async with a_house() as house:
        people = await a_crowd(house)
        host, *guests = people
        room = host.session.peers.room
        begun = room.write_epoch
        idle: list[Person] = []
        left_out: set[bytes] = set()

        def noting(*fields: object) -> object:
            """The first wrappers are known as soon as the record is there, and do nothing."""
            op = begun(*fields)
            found = shares_of(room.state.epochs[op.id], room, None)
            reached = {one for one, _ in found.receivers(room.me)}
            for one in guests:
                others = {other for other, _ in found.receivers(one.session.peers.room.me)}
                if others:
                    withholds(one)
                    idle.append(one)
                    left_out.update(others - reached)
            return op

        room.write_epoch = noting
        for _ in range(TRIES):  # in some, nobody is left out, or somebody else's question serves it
            before = host.session.secrets.keyring.frontier.ids
            had_asked = {one.session.peers.room.me: counts(one)["asked_wrap"] for one in guests}
            host.node.do(c.NewKey())
            await until(lambda old=before: has_turned(people, old))
            asked = {
                member.session.peers.room.me
                for member in guests
                if counts(member)["asked_wrap"] > had_asked[member.session.peers.room.me]
            }
            if left_out and left_out <= asked:
                break
            for one in idle:
                del one.session.peers.dispatch.relay_room.send_wraps
            idle.clear()
            left_out.clear()
        assert left_out
        assert left_out <= asked
