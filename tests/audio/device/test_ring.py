import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio.device.ring import Ring


def _count_up(start: int, count: int) -> np.ndarray:
    return ((np.arange(start, start + count)) % 30_000).astype(np.int16)


def _read(ring: Ring, count: int) -> tuple[int, list[int]]:
    out = np.full(count, -1, np.int16)
    return ring.read_into(out), out.tolist()


def test_what_was_written_is_read_in_order():
    ring = Ring(100)
    ring.write(_count_up(0, 60))
    assert ring.level == 60
    assert _read(ring, 40) == (40, list(range(40)))
    assert ring.level == 20


def test_missing_samples_are_silence_and_counted():
    ring = Ring(100)
    ring.write(_count_up(1, 3))
    assert _read(ring, 5) == (3, [1, 2, 3, 0, 0])
    assert ring.missed_samples == 2
    assert ring.largest_read == 5


def test_beyond_the_cap_the_oldest_are_skipped_and_counted():
    ring = Ring(100)
    for start in range(0, 250, 50):
        ring.write(_count_up(start, 50))
    assert ring.level == 100
    assert _read(ring, 10) == (10, list(range(150, 160)))
    assert ring.dropped_samples == 150


def test_a_write_larger_than_the_cap_keeps_its_newest_samples():
    ring = Ring(10)
    ring.write(_count_up(0, 1000))
    assert _read(ring, 10) == (10, list(range(990, 1000)))


def test_clear_forgets_what_stands_in_it():
    ring = Ring(100)
    ring.write(_count_up(0, 60))
    ring.clear()
    assert ring.level == 0
    ring.write(_count_up(60, 1))
    assert _read(ring, 1) == (1, [60])


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 70)), max_size=60),
    st.integers(1, 40),
)
def test_it_behaves_like_a_list_that_keeps_its_newest(steps: list[tuple[bool, int]], cap: int):
    ring, model, written = Ring(cap), [], 0
    for is_write, count in steps:
        if is_write:
            ring.write(_count_up(written, count))
            model = (model + _count_up(written, count).tolist())[-cap:]
            written += count
        else:
            expected = model[:count]
            model = model[count:]
            assert _read(ring, count) == (
                len(expected),
                expected + [0] * (count - len(expected)),
            )
        assert ring.level == len(model)


def test_two_threads_never_see_a_sample_twice_or_out_of_order():
    ring = Ring(480)
    total, seen = 200_000, []
    done = threading.Event()

    def write() -> None:
        # Wide samples would wrap: numbers of blocks are enough to see order.
        for block in range(total // 480):
            ring.write(np.full(480, block % 30_000, np.int16))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set() or ring.level:
        out = np.zeros(480, np.int16)
        count = ring.read_into(out)
        seen.extend(np.unique(out[:count]).tolist())
    thread.join()
    assert seen == sorted(seen)
    assert seen[-1] == total // 480 - 1
