"""Doors under a seal, bound to the place where they lie."""

import os

import pytest

from crypto.contact import Contact
from crypto.errors import LocalError, RemoteError
from crypto.sealed_doors import MAX_DOORS, VALUE_BYTES, open_doors, seal_doors

KEY, PLACE = b"k" * 32, b"p" * 20


def doors(count):
    return tuple(Contact(bytes([n]) * 32, (f"203.0.113.{n + 1}", 4433)) for n in range(count))


@pytest.mark.parametrize("count", [1, MAX_DOORS])
def test_one_door_and_twelve_have_the_same_size_and_come_out_as_they_were(count):
    value = seal_doors(KEY, PLACE, doors(count), os.urandom)
    assert len(value) == VALUE_BYTES == 872
    assert open_doors(KEY, PLACE, value) == doors(count)


def test_elsewhere_or_by_another_key_nobody_can_open_them():
    value = seal_doors(KEY, PLACE, doors(1), os.urandom)
    for key, place in ((KEY, b"q" * 20), (b"l" * 32, PLACE)):
        with pytest.raises(RemoteError):
            open_doors(key, place, value)
    with pytest.raises(RemoteError):
        open_doors(KEY, PLACE, value[:-1])


@pytest.mark.parametrize("some", [(), doors(MAX_DOORS + 1), doors(1) * 2])
def test_no_door_too_many_or_the_same_one_twice_are_not_sealed(some):
    with pytest.raises(LocalError):
        seal_doors(KEY, PLACE, some, os.urandom)
