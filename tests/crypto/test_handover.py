"""The keyring of somebody who has just been let in."""

import math
import os

import pytest

from crypto.epoch import MAX_HEADS, Keyring
from crypto.errors import LocalError, RemoteError
from crypto.handover import keyring_from

MEMBER = b"\x0a" * 16
OTHER = b"\x0b" * 16
EPOCH = b"\x01" * 16
SECRET = b"\x02" * 32
PASS = b"\x03" * 32


def test_who_is_admitted_computes_the_same_keys_and_none_of_the_past() -> None:
    host = Keyring.create(os.urandom)
    earlier = host.base_key(MEMBER, 0)
    host.advance(25.0)
    guest = keyring_from(host.export(host.step), host.step, 25.0, OTHER)
    assert guest.base_key(MEMBER, 2) == host.base_key(MEMBER, 2)
    assert guest.frontier_tag == host.frontier_tag
    assert guest.pass_ == host.pass_
    with pytest.raises(RemoteError):
        guest.base_key(MEMBER, 1)
    assert earlier != guest.base_key(MEMBER, 2)
    with pytest.raises(LocalError):
        host.export(1)


def test_an_admission_that_arrives_late_is_caught_up_at_once() -> None:
    host = Keyring.create(os.urandom)
    guest = keyring_from(host.export(0), 0, 10.5, OTHER)
    host.advance(10.5)
    assert guest.step == 1
    assert guest.base_key(MEMBER, 1) == host.base_key(MEMBER, 1)


@pytest.mark.parametrize(
    ("heads", "step", "room_time_s"),
    [
        ([], 0, 0.0),
        ([(EPOCH, SECRET, PASS)] * 2, 0, 0.0),
        ([(bytes((n,)) * 16, SECRET, PASS) for n in range(MAX_HEADS + 1)], 0, 0.0),
        ([(EPOCH[:15], SECRET, PASS)], 0, 0.0),
        ([(EPOCH, SECRET + b"x", PASS)], 0, 0.0),
        ([(EPOCH, SECRET, b"short")], 0, 0.0),
        ([(EPOCH, SECRET, PASS)], -1, 0.0),
        ([(EPOCH, SECRET, PASS)], 2, 0.0),
        ([(EPOCH, SECRET, PASS)], 0, 1e9),
        ([(EPOCH, SECRET, PASS)], 0, math.nan),
        ([(EPOCH, SECRET, PASS)], 0, math.inf),
        ([(EPOCH, SECRET, PASS)], 2**32, 2.0**32 * 10),
    ],
)
def test_a_misshapen_admission_is_refused(
    heads: list[tuple[bytes, bytes, bytes]], step: int, room_time_s: float
) -> None:
    with pytest.raises(RemoteError):
        keyring_from(heads, step, room_time_s, OTHER)


def test_what_was_handed_over_is_on_trial() -> None:
    host = Keyring.create(os.urandom)
    (epoch,) = host.frontier.ids
    guest = keyring_from(host.export(0), 0, 0.0, OTHER)
    assert guest.trial.giver(epoch) == OTHER
    assert host.trial.giver(epoch) is None
