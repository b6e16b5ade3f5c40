import pytest

from p2p.relay.units import rate_of, said_bytes, said_time, time_of


@pytest.mark.parametrize(
    ("text", "rate"),
    [("2MB/s", 2e6), ("64 kB/s", 64e3), ("1.5gb/s", 1.5e9), ("500B/s", 500.0), (" 1TB/s ", 1e12)],
)
def test_a_rate_is_read_as_people_write_it(text: str, rate: float) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "2", "2MB", "0MB/s", "-1MB/s", "2Mbit/s", "1e9B/s", "½MB/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2MB/s"):
        rate_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("60s", 60), ("15min", 900), ("2m", 120), ("1h", 3600), ("0", 0)],
)
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert time_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1s", "soon", "1w"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1h"):
        time_of(text)


def test_amounts_are_said_with_two_digits() -> None:
    said = [said_bytes(n) for n in (0, 999, 1000, 64e3, 999_600, 5.184e12, 1e15)]
    assert said == ["0 B", "999 B", "1.0 kB", "64 kB", "1.0 MB", "5.2 TB", "1000.0 TB"]


def test_times_are_said_in_their_largest_whole_unit() -> None:
    assert [said_time(s) for s in (90, 60, 3600, 5400, 86_400)] == [
        "90 s",
        "1 min",
        "1 h",
        "90 min",
        "1 d",
    ]
