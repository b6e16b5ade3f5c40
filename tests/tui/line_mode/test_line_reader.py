import asyncio
import os

import pytest

from tui.line_mode.line_reader import MAX_LINE_BYTES, LineReader


async def read_all(fd):
    return [line async for line in LineReader(fd).lines()]


def pipe_with(data: bytes) -> int:
    read_end, write_end = os.pipe()
    os.write(write_end, data)
    os.close(write_end)
    return read_end


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"hand\nwho\n", ["hand", "who"]),
        (b"hand\r\nwho", ["hand", "who"]),
        (b"\n\nhand", ["", "", "hand"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"\xef\xbb\xbfkey\n", ["key"]),
    ],
)
async def test_a_pipe_is_read_line_by_line_until_its_end(data, lines):
    assert await read_all(pipe_with(data)) == lines


async def test_a_regular_file_is_read_too(tmp_path):
    path = tmp_path / "commands"
    path.write_bytes(b"hand\nwho\n")
    assert await read_all(os.open(path, os.O_RDONLY)) == ["hand", "who"]


async def test_a_closed_input_has_no_lines():
    read_end, write_end = os.pipe()
    os.close(read_end)
    os.close(write_end)
    assert await read_all(read_end) == []


async def test_the_first_line_leaves_the_rest_for_later():
    reader = LineReader(pipe_with(b"amber otter\nhand\nwho\n"))
    assert reader.first_line() == "amber otter"
    assert [line async for line in reader.lines()] == ["hand", "who"]


async def test_a_slow_consumer_holds_the_reader_back():
    reader = LineReader(pipe_with(b"x\n" * 3_000))
    seen = 0
    async for _ in reader.lines():
        seen += 1
    assert seen == 3_000


async def test_a_line_without_end_is_cut_and_does_not_fill_the_memory():
    read_end, write_end = os.pipe()

    def pour():
        for _ in range(64):
            os.write(write_end, b"x" * 4096)
        os.close(write_end)

    pouring = asyncio.get_running_loop().run_in_executor(None, pour)
    lines = await read_all(read_end)
    await pouring
    assert max(map(len, lines)) <= MAX_LINE_BYTES


async def test_the_loop_goes_on_while_nothing_is_typed():
    read_end, write_end = os.pipe()
    reader = LineReader(read_end).lines()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    os.write(write_end, b"hand\n")
    assert await waiting == "hand"
    os.close(write_end)
