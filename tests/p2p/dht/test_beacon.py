import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from crypto.roomkey import RoomKey
from p2p.dht.beacon import (
    BEACON_BYTES,
    BeaconKeys,
    Doorkeeper,
    Question,
    open_answer,
    open_question,
    seal_answer,
    seal_question,
)

KEY = RoomKey(bytes(range(16)))
KEYS = BeaconKeys.of(KEY)
DOOR = bytes(range(32))
NUMBER = bytes(16)


def _question(asker="192.168.1.5", port=4000, number=NUMBER) -> bytes:
    return seal_question(KEYS, Question(port, number, asker), os.urandom)


def test_a_question_and_its_answer_are_equally_long_and_lead_to_the_door():
    keeper = Doorkeeper(KEY, DOOR, os.urandom)
    data = _question()
    answer, where = keeper.hear(data, ("192.168.1.5", 55555), 0.0)
    assert len(data) == len(answer) == BEACON_BYTES == 168
    assert where == ("192.168.1.5", 4000)
    door = open_answer(KEYS, answer, NUMBER, ("192.168.1.9", 7777))
    assert (door.dh, door.address, door.kind) == (DOOR, ("192.168.1.9", 7777), "door")


def test_another_room_listens_elsewhere_and_can_not_read_the_question():
    other = RoomKey(bytes(16))
    assert BeaconKeys.of(other).group != KEYS.group
    with pytest.raises(RemoteError):
        open_question(BeaconKeys.of(other), _question())


def test_group_and_port_are_in_their_ranges_for_many_rooms():
    for number in range(500):
        group, port = BeaconKeys.of(RoomKey(number.to_bytes(16, "big"))).group
        assert group.startswith("239.255.")
        assert 20_000 <= port < 60_000


def test_a_question_heard_twice_or_recorded_on_another_net_gets_silence():
    keeper = Doorkeeper(KEY, DOOR, os.urandom)
    data = _question()
    keeper.hear(data, ("192.168.1.5", 1), 0.0)
    for source in ("192.168.1.5", "10.0.0.5", "224.0.0.1", "nowhere"):
        with pytest.raises(RemoteError):
            keeper.hear(data if source == "192.168.1.5" else _question(), (source, 1), 1.0)


def test_an_asker_who_does_not_know_its_address_is_answered_where_it_is():
    keeper = Doorkeeper(KEY, DOOR, os.urandom)
    assert keeper.hear(_question(asker=None), ("10.1.1.1", 9), 0.0)[1] == ("10.1.1.1", 4000)


def test_a_door_answers_twenty_questions_a_second_and_remembers_a_bounded_number():
    keeper = Doorkeeper(KEY, DOOR, os.urandom)
    answered = 0
    for _ in range(100):
        try:
            keeper.hear(_question(), ("192.168.1.5", 1), 0.5)
            answered += 1
        except RemoteError:
            pass
    assert answered == 20
    for turn in range(1100):
        keeper.hear(_question(), ("192.168.1.5", 1), 1.0 + turn)
    assert len(keeper._seen) == 1024


def test_answers_to_other_questions_and_of_other_kinds_are_refused():
    answer = seal_answer(KEYS, NUMBER, DOOR, os.urandom)
    source = ("192.168.1.9", 7777)
    for data, number in (
        (answer, b"x" * 16),
        (b"\xe1" + answer[1:], NUMBER),
        (answer[:-1], NUMBER),
        (answer[:-1] + b"?", NUMBER),
        (b"", NUMBER),
    ):
        with pytest.raises(RemoteError):
            open_answer(KEYS, data, number, source)


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data):
    with pytest.raises(RemoteError):
        open_question(KEYS, data)
    with pytest.raises(RemoteError):
        open_answer(KEYS, data, NUMBER, ("192.168.1.9", 1))


def _plain(plain: bytes) -> bytes:
    from p2p.dht.beacon import _encrypt

    return bytes(24) + _encrypt(plain.ljust(128, b"\0"), None, bytes(24), KEYS.ask)


@pytest.mark.parametrize(
    "plain",
    [
        b"\x02" + b"\x10\x00" + bytes(16) + bytes(16),
        b"\x01" + b"\x00\x00" + bytes(16) + bytes(16),
        b"\x01" + b"\x10\x00" + bytes(16) + b"\x0a\0\0\1" + b"\1" * 12,
        b"\x01" + b"\x10\x00" + bytes(16) + bytes(16) + b"more",
    ],
    ids=["version", "port", "family", "filling"],
)
def test_a_sealed_question_that_breaks_the_format_is_refused(plain):
    with pytest.raises(RemoteError):
        open_question(KEYS, _plain(plain))
