import pytest

from audio.codec.framer import HALL, PROFILES, SLIM, TABLE, THIN, Framer, unpack
from p2p.relay.portion import WHOLE, Portion
from p2p.wire.hop import CARRIES_ALL, carries_all


def frame(counter: int, slot: int = 1, profile: int = 0) -> bytes:
    head = bytes((0x80 | profile, 0xBB, slot << 2, 0, 0, 0))
    return head + counter.to_bytes(4, "big") + bytes(200)


def taken(portion: Portion, profile: int = 0, slot: int = 1) -> list[int]:
    return [n for n in range(12) if portion.takes(frame(n, slot, profile))]


def test_the_whole_is_everything():
    assert taken(WHOLE) == list(range(12))


def test_a_portion_takes_one_in_so_many():
    assert taken(Portion(2, 0, 2)) == [0, 2, 4, 6, 8, 10]
    assert taken(Portion(3, 0, 3)) == [0, 3, 6, 9]


def test_of_a_profile_with_fewer_copies_more_is_taken():
    assert taken(Portion(3, 0, 3), profile=2) == [0, 2, 4, 6, 8, 10]
    assert taken(Portion(3, 0, 3), profile=3) == list(range(12))
    assert carries_all(frame(0, profile=9)) == 1


def test_the_loudest_comes_before_the_others():
    portion = Portion(3, 5, 6)
    assert taken(portion, slot=5) == [0, 3, 6, 9]
    assert taken(portion, slot=2) == taken(portion, profile=3, slot=2) == [0, 6]


@pytest.mark.parametrize("profile", [TABLE, HALL, SLIM, THIN])
def test_one_payload_in_so_many_holds_every_frame_with_its_copies(profile):
    every = CARRIES_ALL[profile.code - 1]
    framer, payloads = Framer(profile=profile), []
    for _ in range(180):
        payload = framer.pack(bytes(profile.frame_bytes), bytes(40))
        payloads += [] if payload is None else [payload]
    held: set[int] = set()
    for payload in payloads[::every]:
        packet = unpack(payload)
        held |= {*packet.numbers, *(seq for seq, _ in packet.copies)}
    assert held >= set(range(180 - every * profile.frames))
    assert len(CARRIES_ALL) == len(PROFILES)
