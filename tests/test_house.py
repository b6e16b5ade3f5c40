"""The rules of the house that no linter knows."""

import ast
import os
import re
import signal
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = ("crypto", "audio", "p2p", "tui")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MOST_ATTRIBUTES = 12

# Files whose tests bear another name: what tests them.
TESTED_BY = {
    "*/errors.py": ["tests/test_house.py"],  # classes without a line to run
    "crypto/ids.py": ["tests/test_types.py"],
    "crypto/key*.py": ["tests/crypto/test_words.py", "tests/crypto/test_repair.py"],
    "audio/device/device_errors.py": ["tests/audio/device/test_sound_card.py"],
    "audio/device/stream.py": ["tests/audio/device/test_sound_card.py"],
    "audio/device/sound_end.py": [
        "tests/audio/capture/test_capture.py",
        "tests/audio/playout/test_playout.py",
    ],
    "audio/choices.py": ["tests/audio/playout/test_cues.py", "tests/audio/test_faders.py"],
    "p2p/api/commands.py": ["tests/tui/line_mode/test_typed_commands.py"],
    "p2p/rekey/events.py": ["tests/p2p/rekey/test_epoch_agent.py"],  # classes without a line to run
    "p2p/api/events.py": ["tests/tui/line_mode/test_json_lines.py"],
    "p2p/api/fields.py": ["tests/tui/line_mode/test_json_lines.py"],
    "p2p/api/view.py": ["tests/tui/room/test_presenter.py"],
    "p2p/rng.py": ["tests/test_house.py"],  # one type
    "p2p/dht/*.py": [
        "tests/p2p/dht/test_node.py",
        "tests/p2p/dht/test_limits.py",
        "tests/p2p/dht/test_attacks.py",
    ],
    # aioice and aiortc run whole in these: links in bad weather, under attack and across NATs.
    "p2p/link/*.py": [
        "tests/p2p/link/test_link.py",
        "tests/p2p/link/test_weather.py",
        "tests/p2p/link/test_hostile.py",
        "tests/e2e/test_link_nat.py",
    ],
    # The parts of one node: real nodes in one process, and programs that talk.
    "p2p/node/*.py": [
        "tests/p2p/node/test_node.py",
        "tests/p2p/node/peers/test_peers.py",
        "tests/e2e/test_talk.py",
    ],
    "p2p/relay/*.py": ["tests/p2p/relay/test_courier.py", "tests/e2e/test_starting.py"],
    # The parts of one evaluation: every order of operations has to end in the same room.
    "p2p/room/*.py": [
        "tests/p2p/room/state/test_evaluate.py",
        "tests/p2p/room/test_convergence.py",
        "tests/p2p/room/test_room.py",
    ],
    "p2p/wire/*.py": ["tests/p2p/wire/test_codec.py", "tests/p2p/wire/test_offers.py"],
    # Screens are judged by what a person sees.
    "tui/app.py": ["tests/tui/test_room_screen.py"],
    "tui/widgets/*.py": ["tests/tui/test_room_screen.py"],
    "tui/demo/*.py": ["tests/test_house.py"],
    "tui/texts/failures.py": ["tests/tui/test_cli.py"],
    "tui/nodelike.py": ["tests/tui/test_backend.py"],
    "tui/options.py": ["tests/tui/test_cli.py"],
    "tui/*.py": [
        "tests/tui/room/test_presenter.py",
        "tests/tui/line_mode/test_line_mode.py",
        "tests/tui/texts/test_sentences.py",
    ],
}

# Hosts and folders of the machine that something was made on; in two halves, for this file too.
NOT_IN_THE_TREE = [
    one + two
    for one, two in [
        ("/ro", "ot/"),
        ("/Us", "ers/"),
        ("/wo", "rk/"),
        ("/op", "t/wheels"),
        ("/op", "t/pypi"),
        ("/tmp/py", "test-"),
        ("py", "pi.org"),
        ("pythonhos", "ted.org"),
        ("index-", "url"),
        ("deb.deb", "ian.org"),
        ("archive.ubu", "ntu.com"),
    ]
]


def tracked() -> list[Path]:
    listing = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    try:
        names = subprocess.run(listing, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):  # no checkout: what lies here, then
        return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES
    ]


def test_the_import_contracts_hold():
    checked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as check; check()",
            "--no-cache",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="ends by a signal")
def test_a_running_relay_has_loaded_no_screen_and_no_sound(tmp_path):
    options = ["--listen", "127.0.0.1:0", "--state-dir", ""]
    relay = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "tui", "relay", *options],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "imports").open("w"),
        text=True,
    )
    assert relay.stdout is not None
    assert "#" in relay.stdout.readline(), (tmp_path / "imports").read_text()[-2000:]
    relay.send_signal(signal.SIGTERM)
    assert relay.wait(10) == 0
    relay.stdout.close()
    lines = (tmp_path / "imports").read_text().splitlines()
    loaded = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert "p2p.relay.server" in loaded
    heavy = {"textual", "sounddevice", "miniaudio", "audio", "tui.app", "tui.room.presenter", "av"}
    assert loaded & heavy == set()


def attributes(cls: ast.ClassDef) -> set[str]:
    """What the methods of a class assign to its objects."""
    return {
        node.attr
        for method in cls.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def many_attributes(name: str, text: str) -> dict[str, int]:
    """Classes of a file with more attributes than one can keep in mind, and how many."""
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    counts = {f"{name} {cls.name}": len(attributes(cls)) for cls in classes}
    return {cls: count for cls, count in counts.items() if count > MOST_ATTRIBUTES}


def test_a_class_holds_no_more_than_one_can_keep_in_mind():
    found = {}
    for path in sources():
        found |= many_attributes(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    assert found == {}


def test_attributes_are_counted_once_wherever_a_method_sets_them():
    fields = "".join(f"        self.a{n}, self.b.c = {n}, {n}\n" for n in range(MOST_ATTRIBUTES))
    text = f"class Big:\n    def __init__(self):\n{fields}    async def more(self):\n"
    assert many_attributes("x.py", text + "        self.a1 += 1\n") == {}
    assert many_attributes("x.py", text + "        self.a1 = self.new = 1\n") == {"x.py Big": 13}


def test_every_source_file_has_tests_of_its_name_or_says_whose():
    alone, used = [], set()
    for path in sources():
        name = path.relative_to(ROOT)
        own = ROOT / "tests" / name.parent / f"test_{name.name}"
        if own.exists() or name.name in ("__init__.py", "__main__.py"):
            continue
        pattern = next((one for one in TESTED_BY if fnmatch(name.as_posix(), one)), None)
        if pattern is None:
            alone.append(str(name))
        used.add(pattern)
    assert alone == []
    assert set(TESTED_BY) - used == set(), "lines of TESTED_BY that nothing needs any more"
    missing = [one for tests in TESTED_BY.values() for one in tests if not (ROOT / one).exists()]
    assert missing == []


def test_the_wheel_holds_the_four_packages_the_entry_nodes_and_one_command(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (commands,) = [name for name in names if name.endswith("/entry_points.txt")]
        said = archive.read(commands).decode().split()
    info = commands.partition("/")[0]
    page = info.replace(".dist-info", ".data/data/share/man/man1/teahouse.1")
    assert page in names
    names.remove(page)
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, info}
    assert said == ["[console_scripts]", "teahouse", "=", "tui.cli:main"]
    data = {name for name in names if not name.endswith(".py") and not name.startswith(info)}
    assert "p2p/bootstrap_nodes.txt" in data
    assert {Path(name).suffix for name in data} <= {".txt", ".opus", ".tcss", ".po"}
    here = {path.relative_to(ROOT).as_posix() for path in sources()}
    assert here <= names


def test_the_tree_names_no_machine_and_no_registry():
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in NOT_IN_THE_TREE if word in text]
    assert found == []


def test_every_dependency_has_its_reason():
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9-]", line)[0] for line in wanted}
    decision = (ROOT / "docs/decisions/0060-dependencies.md").read_text("utf-8")
    reasons = re.findall(r"^- \*\*([a-z0-9-]+)\*\*.*: \S", decision, flags=re.MULTILINE)
    assert sorted(reasons) == sorted(names)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_dependency_is_pinned_with_hashes_as_the_project_allows(name):
    wanted = list(PROJECT["dependencies"])
    if name == "dev":
        wanted += PROJECT["optional-dependencies"]["dev"]
    text = (ROOT / f"packaging/lock/{name}.txt").read_text("utf-8").replace("\\\n", "")
    pinned: dict[str, set[str]] = {}
    for line in text.splitlines():
        pin, _, hashes = line.partition(" --hash=")
        library, _, version = pin.partition(";")[0].strip().partition("==")
        assert hashes.startswith("sha256:"), line
        pinned.setdefault(library, set()).add(version)
    for one in map(Requirement, wanted):
        assert all(version in one.specifier for version in pinned[one.name.lower()]), one


def test_decisions_are_short_and_numbered_once():
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    assert [path.name for path in decisions if not re.fullmatch(r"\d{4}-.+\.md", path.name)] == []


def test_the_index_of_decisions_names_each_with_its_status():
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| .+ \| (\w.*) \|$", index, re.MULTILINE)
    named = {name for _, name, _ in rows}
    assert named == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}
    assert [number for number, _, _ in rows] == sorted(number for number, _, _ in rows)
    assert {status.split()[0] for _, _, status in rows} <= {"in", "replaced"}
