import os

import pytest

from p2p.errors import UserError
from tui.line_mode.line_reader import LineReader
from tui.start.key_source import MAX_KEY_FILE_BYTES, key_text


def source(typed=None, key_file=None, text=b"", *, may_ask=True):
    read_end, write_end = os.pipe()
    os.write(write_end, text)
    os.close(write_end)
    said = []
    found = key_text(typed, key_file, LineReader(read_end), said.append, may_ask=may_ask)
    return found, said


def test_a_key_on_the_command_line_is_taken_with_two_lines_of_warning():
    found, said = source("amber otter")
    assert found == "amber otter"
    assert len(said) == 2


def test_a_dash_reads_the_first_line_and_says_nothing():
    assert source("-", text=b"amber otter\nhand\n") == ("amber otter", [])


def test_without_a_key_there_is_a_prompt_or_a_screen():
    found, said = source(text=b"amber\n")
    assert (found, said) == ("amber", ["room key or words > "])
    assert source(may_ask=False) == (None, [])


@pytest.mark.parametrize("text", [b"", b"\n", b"   \n"])
def test_an_empty_line_is_no_key(text):
    with pytest.raises(UserError) as caught:
        source("-", text=text)
    assert (caught.value.code, caught.value.exit_code) == ("no_key", 4)


def test_a_key_file_is_read_but_never_more_than_a_bounded_part(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(b"amber \xff" + b"x" * 2 * MAX_KEY_FILE_BYTES)
    found, _ = source(key_file=str(path))
    assert found.startswith("amber \ufffd")
    assert len(found) <= MAX_KEY_FILE_BYTES


def test_a_key_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UserError) as caught:
        source(key_file=str(tmp_path / "none"))
    assert caught.value.exit_code == 2
