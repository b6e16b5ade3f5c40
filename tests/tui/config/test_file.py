import os
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import UserError
from tui.config.file import MAX_BYTES, as_toml, changed, path_of, read, write
from tui.config.options import BY_NAME


def refusal(path):
    with pytest.raises(UserError) as refused:
        read(path)
    assert refused.value.code == "bad_config"
    assert refused.value.exit_code == 2
    return refused.value


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config.toml"


def test_without_a_file_nothing_was_chosen(path):
    assert read(path) == {}
    assert not path.exists()


def test_a_file_by_hand_is_read(path):
    path.write_text('# mine\nname = "王小明"\nctl = true\nrelays = [\n]\n', encoding="utf-8")
    assert read(path) == {"name": "王小明", "ctl": True, "relays": ()}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "a"\nnmae = "b"\n', 2),
        ("\n\n[room]\nname = 3\n", 3),
        ('mode = "open"\nname = 7\n', 2),
        ('# c\nmode = "sideways"\n', 2),
    ],
)
def test_a_line_without_meaning_is_named_by_its_number(path, text, line):
    path.write_text(text)
    refused = refusal(path)
    assert refused.values["line"] == line
    assert f"Line {line}" in refused.message


def test_a_word_that_is_nearly_right_is_proposed(path):
    path.write_text('nmae = "a"\n')
    assert refusal(path).hint == "Did you mean name?"


def test_what_is_no_toml_is_named_by_line_and_column(path):
    path.write_text('name = "a"\nmode open\n')
    assert "line 2" in refusal(path).message


def test_lists_in_lists_without_end_are_refused(path):
    path.write_text(f"relays = {'[' * 30_000}\n")
    assert "nests lists too deep" in refusal(path).message


def test_a_file_that_is_too_long_or_no_text_or_no_file_is_refused(path, tmp_path):
    path.write_text("#" * (MAX_BYTES + 1))
    assert "64 kB" in refusal(path).message
    path.write_bytes(b'name = "\xff\xfe"\n')
    assert "UTF-8" in refusal(path).message
    refusal(tmp_path)
    if hasattr(os, "mkfifo"):
        path.unlink()
        os.mkfifo(path)
        assert "no file" in refusal(path).message


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Unix")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_does_not_count(path, mode):
    path.write_text('name = "a"\n')
    path.chmod(mode)
    assert "others may write" in refusal(path).message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives files away")
def test_a_file_of_somebody_else_does_not_count(path):
    path.write_text('name = "a"\n')
    os.chown(path, 65534, 65534)
    assert "others may write" in refusal(path).message


@pytest.mark.skipif(sys.platform == "win32", reason="links of Unix")
def test_a_link_is_followed_to_what_counts_and_stays_a_link(path, tmp_path):
    kept = tmp_path / "dotfiles" / "teahouse.toml"
    kept.parent.mkdir()
    kept.write_text('name = "a"\n')
    path.symlink_to(kept)
    assert read(path) == {"name": "a"}
    write(path, 'name = "b"\n')
    assert path.is_symlink()
    assert kept.read_text() == 'name = "b"\n'
    kept.chmod(0o666)
    refusal(path)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Unix")
def test_what_is_written_is_its_owners_alone_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "new" / "config.toml"
    write(path, 'name = "a"\n')
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as refused:
        write(tmp_path / "file" / "config.toml", "")
    assert "can not be written" in refused.value.message


HAND_WRITTEN = '# mine\nname = "a" # me\nrelays = [\n  "x", # one\n  "y",\n]\n# end\nmode = "open"'


def test_a_change_leaves_everything_else_as_it_was():
    assert changed(HAND_WRITTEN, BY_NAME["name"], "b") == HAND_WRITTEN.replace(
        'name = "a" # me', 'name = "b"'
    )
    without = changed(HAND_WRITTEN, BY_NAME["relays"], None)
    assert without == '# mine\nname = "a" # me\n# end\nmode = "open"'
    assert changed(HAND_WRITTEN, BY_NAME["ctl"], True) == HAND_WRITTEN + "\nctl = true\n"
    assert changed("", BY_NAME["ctl"], False) == "ctl = false\n"
    assert changed('mode = """\nname = 3"""\n', BY_NAME["name"], "a").startswith('mode = """\n')


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.booleans())
def test_what_is_written_is_what_is_read(text, on):
    assert tomllib.loads(f"x = {as_toml(text)}\n") == {"x": text}
    assert tomllib.loads(f"x = {as_toml((text, text))}\n") == {"x": [text, text]}
    assert tomllib.loads(f"x = {as_toml(on)}\n") == {"x": on}


@pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix")
@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/h"}, "/h/.config/teahouse/config.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/c/teahouse/config.toml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "c"}, "/h/.config/teahouse/config.toml"),
        ({"HOME": "/h", "TEAHOUSE_CONFIG": "/x.toml"}, "/x.toml"),
        ({"HOME": "/h", "TEAHOUSE_CONFIG": ""}, "None"),
        ({}, "None"),
    ],
)
def test_the_file_is_where_config_files_are(environ, expected):
    assert str(path_of(environ)) == expected
