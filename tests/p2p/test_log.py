"""The log: no address, key or name comes out, whoever wrote the line."""

import io
import logging

import pytest

from p2p.log import PACKAGES, start_log
from p2p.room.text.names import DisplayName
from p2p.wire.offers import Endpoint

SECRETS = [
    "192.0.2.77",
    "2001:db8::77",
    "deadbeefdeadbeef",
    "\\xde\\xad",
    "amina",
    "AAAAA",
]


@pytest.fixture
def log():
    out = io.StringIO()
    root = logging.getLogger()
    level = root.level
    handler = start_log("debug", out)
    yield logging.getLogger("p2p.test"), out
    root.removeHandler(handler)
    root.setLevel(level)
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.NOTSET)


def log_failure(logger: logging.Logger, address: tuple[str, int], message: str) -> None:
    try:
        raise ConnectionError(message)
    except ConnectionError:
        logger.exception("could not link %s", address, stack_info=True)


def written(out: io.StringIO) -> str:
    text = out.getvalue()
    for secret in SECRETS:
        assert secret not in text
    return text.strip()


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (("192.0.2.77", 4433), "[address]"),
        (("2001:db8::77", 4433, 0, 0), "[address]"),
        (b"\xde\xad\xbe\xef", "[bytes]"),
        (bytearray(b"\xde\xad"), "[bytes]"),
        (memoryview(b"\xde\xad"), "[bytes]"),
        (DisplayName.clean("amina"), "[name]"),
        (Endpoint.of(("192.0.2.77", 4433)), "<Endpoint>"),
        ([("192.0.2.77", 4433), 7], "['[address]', 7]"),
        ({"deadbeefdeadbeef": b"\xde\xad"}, "{'[key]': '[bytes]'}"),
        ([{b"\xde\xad": ("192.0.2.77", 4433)}], "[{'[bytes]': '[address]'}]"),
        (frozenset([b"\xde\xad"]), "['[bytes]']"),
        (OSError(111, "Connect call failed ('192.0.2.77', 4433)"), "[address]"),
        (None, "None"),
        (17.5, "17.5"),
    ],
)
def test_a_value_is_replaced_by_its_type(log, value, label):
    logger, out = log
    if isinstance(value, OSError):
        value = OSError("no route to 192.0.2.77:4433")
    logger.warning("it is %s", value)
    assert label in written(out)


@pytest.mark.parametrize(
    "text",
    [
        "from 192.0.2.77:4433 to [2001:db8::77]:4433",
        "peer 2001:db8::77%eth0 gone",
        "scope of ::ffff:192.0.2.77",
        "key deadbeefdeadbeefdeadbeefdeadbeef",
        "invite TEAHOUSE:AAAAAAAA2345",
        "node CAAAAA2345CAAAAA2345CAAAAA2345CAAAAA2345CAAAAA2345QQ",
        "line AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF-G7G",
        "got b'\\xde\\xad' and bytearray(b\"\\xde\\xad\")",
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_any_text(log, text):
    logger, out = log
    logger.warning(text)
    assert "[" in written(out)


def test_fifty_digits_are_a_key(log):
    logger, out = log
    logger.warning("12345 " * 10)
    assert "12345" not in written(out)


@pytest.mark.parametrize(
    "text",
    [
        "aiortc 1.16.0 at 12:30:45 took 1.5 s",
        "std::vector, 3:1 and so on: good",
        "RTCDtlsTransportFingerprintMismatch",
    ],
)
def test_ordinary_text_stays(log, text):
    logger, out = log
    logger.warning(text)
    assert written(out).endswith(text)


def test_a_traceback_tells_where_but_not_who(log):
    logger, out = log
    address = ("192.0.2.77", 4433)
    log_failure(logger, address, f"refused by {address}")
    text = written(out)
    assert "ConnectionError: refused by " in text
    assert "test_log.py" in text


def test_named_values_are_scrubbed_too(log):
    logger, out = log
    logger.warning("%(who)s came", {"who": DisplayName.clean("amina")})
    assert written(out).endswith("[name] came")


def test_a_line_that_does_not_fit_its_values_does_not_print_them(log):
    logger, out = log
    logger.warning("%d members", "192.0.2.77")
    assert "does not fit" in written(out)


def test_foreign_libraries_are_heard_from_warnings_on(log):
    _, out = log
    logging.getLogger("aioice.ice").info("Connection to 192.0.2.77 (4433)")
    assert out.getvalue() == ""
    logging.getLogger("aioice.ice").warning("Could not bind to 192.0.2.77")
    assert written(out).endswith("Could not bind to [address]")
