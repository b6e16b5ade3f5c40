import os
import threading

from tui.line_mode import line_writer as linewriter
from tui.line_mode.line_writer import LineWriter


def test_lines_come_out_in_order():
    read_end, write_end = os.pipe()
    writer = LineWriter(write_end)
    for n in range(100):
        writer.write(f"line {n} 茶")
    writer.close()
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as file:
        assert file.read().splitlines() == [f"line {n} 茶" for n in range(100)]


def test_what_the_encoding_cannot_hold_becomes_a_question_mark():
    read_end, write_end = os.pipe()
    writer = LineWriter(write_end, encoding="ascii")
    writer.write("茶 tea")
    writer.close()
    assert os.read(read_end, 100) == b"? tea\n"


def test_a_reader_that_is_gone_is_reported_once():
    read_end, write_end = os.pipe()
    os.close(read_end)
    told = threading.Event()
    writer = LineWriter(write_end, on_closed=told.set)
    writer.write("anybody?")
    assert told.wait(5)
    writer.write("no")
    writer.close(0.1)


def test_a_reader_that_sleeps_never_holds_up_the_writer(monkeypatch):
    monkeypatch.setattr(linewriter, "MAX_WAITING_LINES", 50)
    _, write_end = os.pipe()
    writer = LineWriter(write_end)
    for _ in range(200):
        writer.write("x" * 4096)
    assert writer.dropped > 100
    writer.close(0.1)


def test_a_terminal_that_another_program_made_non_blocking_is_waited_for():
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    writer = LineWriter(write_end)
    for _ in range(40):
        writer.write("x" * 4095)
    got = 0
    while got < 40 * 4096:
        got += len(os.read(read_end, 65_536))
    writer.close()
    assert writer.dropped == 0
