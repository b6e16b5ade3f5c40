import os
import stat
from pathlib import Path

import pytest

from p2p.errors import UserError
from p2p.relay.keyfile import FILE_NAME, default_state_dir, load_or_create


def test_a_relay_keeps_its_key_in_a_file_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    secret = load_or_create(folder, os.urandom)
    assert load_or_create(folder, os.urandom) == secret
    assert len(secret) == 32
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"MFRGG===", b"A" * 4096])
def test_a_damaged_key_file_is_never_overwritten(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(data)
    with pytest.raises(UserError) as raised:
        load_or_create(tmp_path, os.urandom)
    assert (raised.value.code, raised.value.exit_code) == ("key_file", 2)
    assert path.read_bytes() == data


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="key_file"):
        load_or_create(tmp_path / "file", os.urandom)


def test_the_folder_follows_the_xdg_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/x/state")
    assert default_state_dir() == Path("/x/state/teahouse")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/volunteer")
    assert default_state_dir() == Path("/home/volunteer/.local/state/teahouse")
