import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakeclone import FAKE_APT_GET, FAKE_NOTER, FAKE_PYTHON, FAKE_UV, ROOT, FakeClone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bin/ is for POSIX systems")
on_debian = pytest.mark.skipif(
    not Path("/etc/debian_version").exists(), reason="apt-get is asked on Debian and Ubuntu only"
)


@pytest.fixture
def clone(tmp_path: Path) -> FakeClone:
    return FakeClone(tmp_path)


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
@pytest.mark.parametrize("script", ["setup", "teahouse", "test", "check"])
def test_the_scripts_are_plain_sh(script, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    assert (ROOT / "bin" / script).read_text().startswith("#!/bin/sh\n")
    subprocess.run([shell, "-n", ROOT / "bin" / script], check=True)


def test_the_first_start_sets_up_and_talks_on_stderr_only(clone: FakeClone):
    code, out, err = clone.run("setup", "run")
    assert (code, out) == (0, "")
    assert "making .venv" in err
    assert "pip talks" not in err
    assert clone.done == ["venv", "install ", "installed"]
    assert not (clone.path / ".venv/half-made").exists()


def test_the_run_time_set_is_all_that_the_program_gets(clone: FakeClone):
    wanted = clone.path / ".venv/requirements.txt"
    clone.run("setup", "run")
    assert wanted.read_text().split() == ["needed-to-run"]
    clone.run("setup", "dev")
    assert wanted.read_text().split() == ["needed-to-run", "needed-to-test"]
    assert clone.done.count("venv") == 1


@pytest.mark.parametrize("first", ["run", "dev"])
def test_a_second_start_does_nothing_and_writes_nothing(clone: FakeClone, first):
    clone.run("setup", first)
    before, done = clone.files(), clone.done
    assert clone.run("setup", "run") == (0, "", "")
    assert clone.done == done
    assert clone.files() == before


def test_sources_newer_than_their_byte_code_are_compiled_without_a_set_up(clone: FakeClone):
    clone.run("setup", "run")
    source, done = clone.path / "tui/__main__.py", clone.done
    shutil.rmtree(clone.path / "tui/__pycache__")
    later = source.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert clone.run("setup", "run") == (0, "", "")
    assert clone.done == done
    assert len(list((clone.path / "tui/__pycache__").iterdir())) == 1


def test_a_second_start_opens_no_socket(clone: FakeClone, tmp_path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here")
    clone.run("setup", "run")
    trace = tmp_path / "trace"
    asked = [strace, "-f", "-e", "trace=network", "-o", trace, clone.path / "bin/setup", "run"]
    done = subprocess.run(asked, env=clone.env, capture_output=True)
    if done.returncode != 0 and b"ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0
    assert "socket" not in trace.read_text()


def test_other_libraries_or_another_python_mean_a_new_set_up(clone: FakeClone):
    clone.run("setup", "run")
    with (clone.path / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    clone.run("setup", "run")
    assert clone.done.count("installed") == 2
    stamp = clone.path / ".venv/stamp-run"
    stamp.write_text(stamp.read_text().replace(" 3.", " 2."))
    clone.run("setup", "run")
    assert clone.done.count("installed") == 3


def pin(clone: FakeClone, name: str, text: str) -> None:
    folder = clone.path / "packaging/lock"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text)


def test_pinned_libraries_are_held_against_their_hashes(clone: FakeClone):
    pin(clone, "run", "pinned==1 --hash=sha256:00\n")
    pin(clone, "dev", "pinned==1 --hash=sha256:00\ntested==1 --hash=sha256:01\n")
    clone.run("setup", "dev")
    assert clone.done.count("hashes") == 1
    assert "tested==1" in (clone.path / ".venv/requirements.txt").read_text()
    assert clone.run("setup", "run") == (0, "", "")
    pin(clone, "run", "pinned==2 --hash=sha256:02\n")
    clone.run("setup", "run")
    assert clone.done.count("hashes") == 2


def test_who_takes_unpinned_libraries_has_to_say_so(clone: FakeClone):
    pin(clone, "run", "pinned==1 --hash=sha256:00\n")
    clone.make("offline")
    code, _, err = clone.run("setup", "run")
    assert code == 3
    assert "TEAHOUSE_UNPINNED=1" in err
    clone.end("offline")
    unpinned = clone.env | {"TEAHOUSE_UNPINNED": "1"}
    assert clone.run("setup", "run", env=unpinned)[0] == 0
    assert (clone.path / ".venv/requirements.txt").read_text().split() == ["needed-to-run"]


def test_a_moved_clone_runs_without_a_new_set_up(clone: FakeClone):
    clone.run("setup", "run")
    clone.path = clone.path.rename(clone.path.with_name("moved"))
    code, out, err = clone.run("teahouse", "join")
    assert (code, err) == (0, "")
    assert out.startswith("['join']|")
    assert clone.done.count("installed") == 1


def test_the_program_runs_through_a_link_from_anywhere_and_gets_all_of_stdin(
    clone: FakeClone, tmp_path
):
    link = tmp_path / "tea"
    link.symlink_to(clone.path / "bin/teahouse")
    done = subprocess.run(
        [link, "join", "- x"], env=clone.env, cwd="/", input="fifteen words", text=True,
        capture_output=True, timeout=30, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout == "['join', '- x']|fifteen words|/\n"
    assert "install " in clone.done, "pip must not have eaten what was piped in"


def test_of_two_set_ups_at_once_one_waits_for_the_other(clone: FakeClone):
    clone.make("slow")
    first = clone.start("setup", "run")
    clone.wait_for("install")
    second = clone.start("setup", "run")
    assert second.stderr is not None
    assert "another setup" in second.stderr.readline()
    clone.end("slow")
    assert [first.wait(10), second.wait(10)] == [0, 0]
    first.communicate()
    second.communicate()
    assert clone.done.count("installed") == 1


def test_a_set_up_killed_in_the_middle_leaves_nothing_to_trip_over(clone: FakeClone):
    clone.make("slow")
    killed = clone.start("setup", "run")
    clone.wait_for("install")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (clone.path / ".venv/rubbish").touch()
    clone.end("slow")
    code, _, err = clone.run("setup", "run")
    assert code == 0
    assert "another setup" not in err, "the lock of the dead is no lock"
    assert not (clone.path / ".venv/rubbish").exists()
    assert clone.done.count("venv") == 2


def test_a_pip_that_outlives_its_killed_set_up_is_waited_for(clone: FakeClone):
    clone.make("slow")
    killed = clone.start("setup", "run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clone.wait_for("install")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    second = clone.start("setup", "run")
    assert second.stderr is not None
    assert "another setup" in second.stderr.readline()
    clone.end("slow")
    second.communicate(timeout=10)
    assert second.returncode == 0
    assert clone.done.count("venv") == 2


def test_without_flock_perl_asks_for_the_lock(clone: FakeClone):
    if not (clone.tools / "perl").exists():
        pytest.skip("no perl here")
    (clone.tools / "flock").unlink(missing_ok=True)
    test_of_two_set_ups_at_once_one_waits_for_the_other(clone)


def test_a_broken_environment_is_made_anew(clone: FakeClone):
    clone.run("setup", "run")
    (clone.path / ".venv/bin/python").unlink()
    assert clone.run("teahouse")[0] == 0
    assert clone.done.count("venv") == 2


def test_without_a_network_the_first_set_up_fails_plainly(clone: FakeClone):
    clone.make("offline")
    code, out, err = clone.run("teahouse", "demo")
    assert (code, out) == (3, "")
    assert "network" in err
    assert err.index("pip talks") < err.index("the reason is above")
    assert not (clone.path / ".venv/said").exists()
    clone.end("offline")
    assert clone.run("teahouse", "demo")[0] == 0


def test_in_a_terminal_one_line_counts_what_is_installed(clone: FakeClone):
    ours, its = os.openpty()
    process = clone.start("setup", "dev", stderr=its)
    os.close(its)
    seen = b""
    while chunk := read_or_end(ours):
        seen += chunk
    os.close(ours)
    assert process.wait(30) == 0
    process.communicate()
    assert b"\r\x1b[K1 of 2 libraries" in seen
    assert b"pip talks" not in seen
    assert seen.rstrip().rpartition(b"\x1b[K")[2] == b"teahouse: ready"


def read_or_end(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:  # Linux says so when the last writer has closed
        return b""


def test_ctrl_c_ends_the_set_up_and_the_next_one_begins_anew(clone: FakeClone):
    clone.make("slow")
    stopped = clone.start("setup", "run")
    clone.wait_for("install")
    os.killpg(stopped.pid, signal.SIGINT)
    out, err = stopped.communicate(timeout=30)
    assert stopped.returncode != 0
    assert (out, "ready" in err) == ("", False)
    clone.end("slow")
    assert clone.run("setup", "run")[0] == 0
    assert clone.done.count("venv") == 2


def test_test_tools_that_cannot_be_had_do_not_break_the_program(clone: FakeClone):
    clone.run("setup", "run")
    clone.make("offline")
    assert clone.run("setup", "dev")[0] == 3
    assert clone.run("teahouse")[0] == 0
    assert clone.done.count("venv") == 1


@on_debian
def test_a_user_is_told_the_one_line_and_nothing_is_installed(clone: FakeClone):
    clone.be(1000)
    clone.make("no-venv")
    clone.tool("apt-get", FAKE_NOTER)
    clone.tool("sudo", FAKE_NOTER)
    code, out, err = clone.run("setup", "run")
    assert (code, out) == (1, "")
    (line,) = [line for line in err.splitlines() if "sudo" in line]
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends" in line
    assert "python3-venv" in line
    assert clone.done == []


@on_debian
def test_root_installs_what_is_missing_after_saying_so(clone: FakeClone):
    clone.be(0)
    clone.make("no-venv")
    clone.tool("apt-get", FAKE_APT_GET)
    code, out, err = clone.run("setup", "run")
    assert (code, out) == (0, "")
    assert "installing: apt-get update && apt-get install" in err
    assert clone.done[0].startswith("apt-get update")
    assert "--no-install-recommends python3-venv" in clone.done[1]
    assert clone.done[-1] == "installed"


@on_debian
def test_a_system_without_a_new_python_asks_for_one_only_once(clone: FakeClone):
    clone.be(0)
    clone.make("too-old")
    clone.tool("apt-get", FAKE_NOTER)
    clone.tool("apt-cache", "#!/bin/sh\n[ $2 = python3.11-venv ]\n")
    code, _, err = clone.run("setup", "run")
    assert code == 1
    assert "Python 3.11 or newer" in err
    assert len([line for line in clone.done if "python3.11-venv" in line]) == 1


@pytest.mark.parametrize("state", ["too-old", "no-venv"])
def test_uv_is_used_where_no_python_will_do(clone: FakeClone, state):
    clone.make(state)
    clone.make("no-pip")
    clone.tool("uv", FAKE_UV)
    assert clone.run("setup", "dev")[0] == 0
    made, filled = clone.done
    assert made.startswith("uv venv")
    assert filled.startswith("uv pip install --python")
    assert clone.run("setup", "dev") == (0, "", "")


def test_a_named_python_goes_before_the_others(clone: FakeClone):
    clone.tool("my python", FAKE_PYTHON.replace("echo venv", "echo mine"))
    env = clone.env | {"TEAHOUSE_PYTHON": str(clone.tools / "my python")}
    clone.run("setup", "run", env=env)
    assert clone.done[0] == "mine"


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_a_way_to_write_is_named(clone: FakeClone):
    clone.path.chmod(0o500)
    code, _, err = clone.run("setup", "run")
    clone.path.chmod(0o700)
    assert code == 1
    assert "nothing can be written" in err


@pytest.mark.slow
def test_a_real_environment_is_made_moved_and_used_without_a_network(clone: FakeClone):
    (clone.path / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\ndependencies = []\n[project.optional-dependencies]\ndev = []\n'
    )
    env = clone.env | {"TEAHOUSE_PYTHON": sys.executable}
    code, out, err = clone.run("setup", "run", env=env)
    assert (code, out) == (0, ""), err
    clone.path = clone.path.rename(clone.path.with_name("moved 搬"))
    assert clone.run("teahouse", "demo") == (0, f"['demo']||{Path.cwd()}\n", "")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "准备好了"),
        ({"LANG": "zh_TW.UTF-8"}, "準備好了"),
        ({"LC_ALL": "zh_HK.UTF-8", "LANG": "en_GB.UTF-8"}, "準備好了"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "zh_CN:de"}, "准备好了"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "ready"),
        ({"LANG": "de_DE.UTF-8"}, "ready"),
        ({}, "ready"),
    ],
)
def test_the_set_up_is_said_in_the_language_of_the_system(clone: FakeClone, environment, said):
    chosen = {"LC_ALL": ""} | environment
    code, _, err = clone.run("setup", "run", env=clone.env | chosen)
    ours = [line for line in err.splitlines() if line.startswith("teahouse: ")]
    assert (code, ours[-1]) == (0, f"teahouse: {said}")
    assert len(ours) == 3


def test_all_that_the_set_up_says_is_there_in_three_languages():
    script = (ROOT / "bin" / "setup").read_text("utf-8").replace("\\\n", " ")
    said = re.findall(r'\b(?:say|step) ("[^"]*"(?: +"[^"]*")*)', script)
    assert len(said) > 15
    alone = [one for one in said if len(re.findall('"[^"]*"', one)) != 3]
    assert all("apt-get" in one or "brew" in one for one in alone)
