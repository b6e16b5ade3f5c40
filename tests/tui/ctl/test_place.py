import os
import socket
import subprocess
import sys

import pytest

from p2p.errors import UserError
from tui.ctl.place import folder, is_ours, living

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there yet")


@pytest.fixture
def runtime(tmp_path):
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    return made


def refused(runtime, *, make=True):
    with pytest.raises(UserError) as refusal:
        folder(runtime, make=make)
    return refusal.value.code


def test_the_folder_is_made_for_its_owner_alone(runtime):
    ours = folder(str(runtime), make=True)
    assert ours == runtime / "teahouse"
    assert ours.stat().st_mode & 0o777 == 0o700
    assert folder(str(runtime), make=True) == ours


def test_whoever_only_asks_makes_no_folder(runtime):
    assert not folder(str(runtime), make=False).exists()


@pytest.mark.parametrize("value", [None, "", "run", "./run"])
def test_without_a_folder_of_the_login_there_is_no_other_place(value):
    assert refused(value) == "no_runtime_folder"


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o770, 0o755, 0o702])
def test_a_folder_that_others_can_enter_is_refused(runtime, mode):
    runtime.chmod(mode)
    assert refused(str(runtime)) == "unsafe_folder"
    runtime.chmod(0o700)
    (runtime / "teahouse").mkdir()
    (runtime / "teahouse").chmod(mode)
    assert refused(str(runtime)) == "unsafe_folder"
    assert refused(str(runtime), make=False) == "unsafe_folder"


def test_a_link_or_a_file_in_its_place_is_refused(runtime, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (runtime / "teahouse").symlink_to(elsewhere)
    assert refused(str(runtime)) == "unsafe_folder"
    (runtime / "teahouse").unlink()
    (runtime / "teahouse").write_text("")
    assert refused(str(runtime)) == "unsafe_folder"
    assert refused(str(tmp_path / "nowhere")) == "unsafe_folder"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives files away")
def test_a_folder_of_somebody_else_is_refused(runtime):
    os.chown(runtime, 65534, 65534)
    assert refused(str(runtime)) == "unsafe_folder"


def test_what_a_crash_has_left_is_taken_away_and_the_living_are_found(runtime):
    ours = folder(str(runtime), make=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(ours / "1.ctl"))
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(ours / "2.ctl"))
        alive.listen()
        found = living(ours, 1.0)
        assert [one.getpeername() for one in found] == [str(ours / "2.ctl")]
        assert is_ours(found[0])
        found[0].close()
    assert [path.name for path in ours.iterdir()] == ["2.ctl"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="becomes another user")
def test_another_user_is_told_from_this_one(tmp_path):
    path = tmp_path / "x.ctl"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o666)
        for one in (tmp_path, *tmp_path.parents[:3]):
            one.chmod(0o755)
        server.listen()
        code = (
            "import os, socket, sys; os.setuid(65534);"
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)"
        )
        stranger = subprocess.Popen(["python3", "-I", "-c", code, str(path)], cwd="/")
        server.settimeout(10)
        peer, _ = server.accept()
        with peer:
            assert not is_ours(peer)
        stranger.wait(10)
