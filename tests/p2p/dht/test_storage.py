import hashlib

import pytest

from crypto.errors import RemoteError
from crypto.item import MAX_SEQ_AHEAD_S
from crypto.record import Item
from p2p.dht.storage import PER_TARGET, ItemStorage, Outcome, check_item

NOON_S = 1_800_000_000
HERE = ("11.0.0.1", 4000)


def _item(seed: int = 1, seq: int = 1, life_s: int = 3600, value: bytes = b"tea") -> Item:
    return Item.create(hashlib.sha256(b"%d" % seed).digest(), seq, NOON_S + life_s, value)


def _storage(**options) -> ItemStorage:
    return ItemStorage(bytes(20), b"s" * 32, **options)


def test_an_item_is_kept_until_it_expires():
    storage, item = _storage(), _item()
    assert storage.offer(item, HERE, NOON_S) is Outcome.KEPT
    assert storage.get(item.target, NOON_S + 3599) == item
    assert list(storage) == [(item.target, item)]
    assert storage.get(item.target, NOON_S + 3600) is None
    assert len(storage) == 0
    assert storage
    assert storage.get(bytes(20), NOON_S) is None


def test_a_sequence_only_grows():
    storage = _storage()
    assert storage.offer(_item(seq=5), HERE, NOON_S) is Outcome.KEPT
    assert storage.offer(_item(seq=5), HERE, NOON_S) is Outcome.KEPT
    assert storage.offer(_item(seq=5, value=b"other"), HERE, NOON_S) is Outcome.OLDER
    assert storage.offer(_item(seq=4), HERE, NOON_S) is Outcome.OLDER
    assert storage.offer(_item(seq=6), HERE, NOON_S) is Outcome.KEPT
    assert storage.get(_item().target, NOON_S).seq == 6
    assert len(storage) == 1


def test_a_sequence_number_that_nobody_could_outdo_is_refused():
    storage = _storage()
    for seq in (2**63 - 1, NOON_S + MAX_SEQ_AHEAD_S + 1):
        assert storage.offer(_item(seq=seq), HERE, NOON_S) is Outcome.BAD
    assert storage.offer(_item(seq=NOON_S + MAX_SEQ_AHEAD_S), HERE, NOON_S) is Outcome.KEPT


def test_one_net_does_not_overwrite_what_another_has_written():
    storage, honest, forged = _storage(), _item(value=b"honest"), _item(seq=9, value=b"forged")
    assert storage.offer(honest, HERE, NOON_S) is Outcome.KEPT
    assert storage.offer(forged, ("12.0.0.1", 1), NOON_S) is Outcome.KEPT
    assert (
        storage.offer(_item(seq=0), ("11.0.0.200", 7), NOON_S) is Outcome.OLDER
    )  # of the same net
    given = [storage.get(honest.target, NOON_S) for _ in range(4)]
    assert given == [honest, forged] * 2
    assert storage.all(honest.target, NOON_S) == [honest, forged]


def test_which_nets_have_a_turn_is_decided_by_no_writer():
    """Of many writers eight are kept; at another node it is eight others."""
    shares = []
    for secret in (b"1" * 32, b"2" * 32, b"3" * 32):
        storage = ItemStorage(bytes(20), secret)
        for net in range(40):
            outcome = storage.offer(_item(seq=net), (f"11.0.{net}.1", 1), NOON_S)
            assert outcome in (Outcome.KEPT, Outcome.FULL)
        kept = frozenset(item.seq for item in storage.all(_item().target, NOON_S))
        assert len(storage) == len(kept) == PER_TARGET
        for net in reversed(range(40)):  # again, in another order: the same have it
            storage.offer(_item(seq=net), (f"11.0.{net}.1", 1), NOON_S)
        assert frozenset(item.seq for item in storage.all(_item().target, NOON_S)) == kept
        shares.append(kept)
    assert len(set(shares)) == 3


def test_forged_expired_and_eternal_items_are_refused():
    storage, item = _storage(), _item()
    forged = Item(item.signer, 2, item.expires_s, item.value, item.signature)
    assert storage.offer(forged, HERE, NOON_S) is Outcome.BAD
    assert storage.offer(_item(life_s=0), HERE, NOON_S) is Outcome.EXPIRED
    assert storage.offer(_item(life_s=-1), HERE, NOON_S) is Outcome.EXPIRED
    assert storage.offer(_item(life_s=4 * 3600 + 1), HERE, NOON_S) is Outcome.BAD
    assert len(storage) == 0


def test_an_item_of_another_target_is_refused():
    check_item(_item(), _item().target, NOON_S)
    with pytest.raises(RemoteError):
        check_item(_item(), bytes(20), NOON_S)


def test_one_source_fills_its_share_and_no_more():
    storage = _storage(max_per_source=10)
    kept = [storage.offer(_item(n), ("11.0.0.9", n), NOON_S) for n in range(30)]
    assert kept.count(Outcome.KEPT) == 10
    assert kept[10:] == [Outcome.FULL] * 20
    assert storage.offer(_item(99), ("12.0.0.1", 1), NOON_S) is Outcome.KEPT


def test_expired_items_of_a_source_make_room_for_new_ones():
    storage = _storage(max_per_source=10)
    for number in range(10):
        storage.offer(_item(number, life_s=10), HERE, NOON_S)
    assert storage.offer(_item(99), HERE, NOON_S + 20) is Outcome.KEPT
    assert len(storage) == 1


def test_a_full_storage_gives_up_the_farthest_item_of_who_has_most():
    storage = _storage(max_items=20, max_per_source=20)
    for number in range(19):
        storage.offer(_item(number), ("11.0.0.1", 1), NOON_S)
    storage.offer(_item(50), ("12.0.0.1", 1), NOON_S)
    heavy = [_item(number).target for number in range(19)]
    assert storage.offer(_item(51), ("13.0.0.1", 1), NOON_S) is Outcome.KEPT
    assert len(storage) == 20
    assert storage.get(max(heavy), NOON_S) is None
    assert storage.get(_item(50).target, NOON_S) is not None


def test_who_has_most_can_only_replace_its_own_farther_items():
    storage = _storage(max_items=20, max_per_source=100)
    for number in range(20):
        storage.offer(_item(number), ("11.0.0.1", 1), NOON_S)
    outcomes = {storage.offer(_item(number), ("11.0.0.1", 1), NOON_S) for number in range(20, 60)}
    assert outcomes == {Outcome.FULL, Outcome.KEPT}
    targets = sorted(_item(number).target for number in range(60))
    assert sorted(target for target, _ in storage) == targets[:20]


def test_a_full_storage_drops_what_has_expired_first():
    storage = _storage(max_items=5)
    for number in range(5):
        storage.offer(_item(number, life_s=10), (f"11.0.{number}.1", 1), NOON_S)
    assert storage.offer(_item(9), ("12.0.0.1", 1), NOON_S + 11) is Outcome.KEPT
    assert len(storage) == 1
    storage.expire(NOON_S + 9999)
    assert len(storage) == 0


@pytest.mark.slow
def test_ten_thousand_stores_leave_five_thousand_items():
    storage = ItemStorage(bytes(20), bytes(32))
    for number in range(0, 10_000, 8):
        item = _item(number)
        for copy in range(8):
            # The signature is checked elsewhere; here only the count matters.
            alike = _Fake(hashlib.sha1(item.target + bytes([copy])).digest(), NOON_S + 60)
            storage.offer(alike, (f"11.{number // 8 % 250}.{copy}.1", 1), NOON_S)
    assert len(storage) == 5000


class _Fake:
    seq = 1

    def __init__(self, target: bytes, expires_s: int) -> None:
        self.target, self.expires_s = target, expires_s

    def check_time(self, unix_s: int) -> None:
        pass

    def check_seq(self, unix_s: int) -> None:
        pass

    def verify(self) -> None:
        pass
