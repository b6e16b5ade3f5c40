import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crypto.invite import parse_key_text
from crypto.roomkey import RoomKey
from crypto.words import to_digits, to_line, to_words
from p2p.errors import UserError
from tui.line_mode.line_reader import LineReader
from tui.start.key_source import MAX_KEY_FILE_BYTES, key_text

KEY = RoomKey(bytes(range(16)))
WORDS = to_words(KEY).split()


def known(text):
    if text == "amber otter":
        return text
    return parse_key_text(text)


def source(typed=None, key_file=None, text=b"", *, may_ask=True):
    read_end, write_end = os.pipe()
    os.write(write_end, text)
    os.close(write_end)
    said = []
    found = key_text(typed, key_file, LineReader(read_end), said.append, known, may_ask=may_ask)
    return found, said


def test_a_key_on_the_command_line_is_taken_with_two_lines_of_warning():
    found, said = source("amber otter")
    assert found == "amber otter"
    assert len(said) == 2


def test_a_dash_reads_the_first_line_and_says_nothing():
    assert source("-", text=b"amber otter\nhand\n") == ("amber otter", [])


def test_without_a_key_there_is_a_prompt_or_a_screen():
    found, said = source(text=b"amber otter\n")
    assert (found, said) == ("amber otter", ["room key or words > "])
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


THREE_LINES = "\n".join(" ".join(WORDS[place : place + 5]) for place in (0, 5, 10))
LONG_INVITE = "TEAHOUSE:" + to_line(KEY).replace("-", "")


@pytest.mark.parametrize(
    "text",
    [
        THREE_LINES,
        "\n".join(WORDS),
        to_digits(KEY)[:30] + "\n" + to_digits(KEY)[30:],
        "Hi Amina, install teahouse as the page says, start it and then paste the words that "
        "stand here below:\n" + THREE_LINES,
    ],
)
def test_a_key_in_several_lines_of_a_pipe_is_read_until_it_is_whole(text):
    read_end, write_end = os.pipe()
    os.write(write_end, f"{text}\nhand\n".encode())
    reader = LineReader(read_end)
    found = key_text("-", None, reader, lambda _: None, known, may_ask=True)
    assert parse_key_text(found).key == KEY
    assert reader.first_line() == "hand"
    os.close(write_end)


def test_a_wrong_key_in_an_open_pipe_ends_the_reading():
    read_end, write_end = os.pipe()
    os.write(write_end, b" ".join([b"amber"] * 15) + b"\n")
    found = key_text("-", None, LineReader(read_end), lambda _: None, known, may_ask=True)
    assert found == " ".join(["amber"] * 15)
    os.close(write_end)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        (THREE_LINES, True),
        (f"{THREE_LINES}\nSee you there!\nrm -rf nothing", True),
        (f"{WORDS[0]} {' '.join(['amber'] * 14)}\n{THREE_LINES.replace(WORDS[1], '')}", False),
    ],
)
def test_what_is_pasted_at_the_prompt_is_never_left_for_the_shell(text, good):
    import tty

    master, slave = os.openpty()
    tty.setcbreak(slave)

    def paste():
        for line in text.splitlines():  # a slow line
            os.write(master, f"{line}\n".encode())
            time.sleep(0.05)

    pasting = threading.Thread(target=paste)
    pasting.start()
    found = key_text(None, None, LineReader(slave), lambda _: None, known, may_ask=True)
    pasting.join()
    if good:
        assert parse_key_text(found).key == KEY
    assert not select.select([slave], [], [], 0.2)[0], os.read(slave, 1000)
    os.close(master)
    os.close(slave)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_person_who_types_word_by_word_is_asked_to_go_on_and_ends_with_an_empty_line():
    import tty

    master, slave = os.openpty()
    tty.setcbreak(slave)
    said = []

    def say(line):
        said.append(line)
        if len(said) == 2:
            os.write(master, b"\n")

    os.write(master, f"{WORDS[0]} {WORDS[1]}\n".encode())
    found = key_text(None, None, LineReader(slave), say, known, may_ask=True)
    assert found == f"{WORDS[0]} {WORDS[1]}"
    assert said == [
        "room key or words > ",
        "2 of 15 words   not complete yet; go on, or end with an empty line > ",
    ]
    os.close(master)
    os.close(slave)


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_the_shell_after_the_program_gets_no_word_of_the_key():
    """The program in a real terminal, with a reader behind it as a shell would be."""
    master, slave = os.openpty()
    root = Path(__file__).parents[3]
    join = f"{sys.executable} -m tui join --plain --mode open --only lan --listen 127.0.0.1:0"
    shell = subprocess.Popen(
        ["/bin/sh", "-c", f'{join}; echo END; while read line; do echo "SHELL $line"; done'],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=root,
        start_new_session=True,
    )
    os.close(slave)
    seen = b""
    pasted = False
    end_s = time.monotonic() + 30.0
    while b"END" not in seen and time.monotonic() < end_s:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 4096)
        if b"room key or words > " in seen and not pasted:
            os.write(master, f"{THREE_LINES}\n".encode())
            pasted = True
    assert b"END" in seen, seen
    time.sleep(0.3)
    os.write(master, b"\n")
    if select.select([master], [], [], 1.0)[0]:
        seen += os.read(master, 4096)
    shell.kill()
    shell.wait()
    os.close(master)
    assert not any(word.encode() in seen.partition(b"END")[2] for word in WORDS), seen
    assert b"is not in the list" not in seen
    assert b"here are 5" not in seen
