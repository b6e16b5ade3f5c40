"""The documents point at things that are there."""

import ast
import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
FILES = {
    path.relative_to(ROOT).as_posix()
    for part in ("audio", "crypto", "p2p", "tui", "docs", "bench", "tests")
    for path in (ROOT / part).rglob("*.py")
}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_to_a_file_leads_somewhere(name):
    page = ROOT / name
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("name", "screen"), [("README.md", "picture"), ("README.zh.md", "room-host-zh-80x24")]
)
def test_the_picture_in_the_readme_is_a_screen_of_the_program(name, screen):
    picture = (ROOT / f"tests/tui/screens/{screen}.txt").read_text(encoding="utf-8")
    assert picture.rstrip() in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_a_readme_shows_then_sets_up_then_lets_two_people_talk_then_says_what_it_protects(name):
    steps = [
        "tea-house ",
        "git clone",
        "bin/teahouse create",
        "bin/teahouse join",
        "**H**",
        "**A**",
    ]
    page = (ROOT / name).read_text(encoding="utf-8")
    headings = list(re.finditer(r"^## .*$", page, re.MULTILINE))
    talk, protects = headings[0].end(), headings[1].start()
    places = [page.index(step) for step in steps]
    places.append(re.search(r"\*\*(Space|空格键)\*\*", page).start())
    assert places == sorted(places)
    assert places[1] < talk < places[2]
    assert places[-1] < protects
    assert re.match("## (What it protects|它保护什么)", page[protects:])


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/protocol.md"])
def test_every_source_file_that_is_named_exists(name):
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / name).read_text(encoding="utf-8"))
    assert len(named) > 0
    known = FILES | {path.rsplit("/", 1)[-1] for path in FILES}
    assert [path for path in named if path not in known] == []


CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]


@pytest.mark.parametrize(
    ("part", "below"), [("all", "tui"), ("p2p", "p2p.node"), ("p2p.node", "p2p.node.create")]
)
def test_the_layers_are_those_that_the_linter_holds(part, below):
    (layers,) = [
        one["layers"] for one in CONTRACTS["contracts"] if one.get("layers", [""])[0] == below
    ]
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    (told,) = re.findall(rf"^- {re.escape(part)}: `([^`]+)`$", page, re.MULTILINE)
    both = [
        [frozenset(one.strip().rsplit(".", 1)[-1] for one in layer.split("|")) for layer in form]
        for form in (layers, told.split(">"))
    ]
    assert both[0] == both[1]


THREATS = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
BODY, NOTES = THREATS.split("\n## Tests\n")
NOTED = dict(re.findall(r"^\[\^([\w-]+)\]: (.*(?:\n    .*)*)$", NOTES, re.MULTILINE))
MARKS = re.findall(r"(?<!`)\[\^([\w-]+)\]", BODY)
PROMISING = {"What is protected": r"\n(?=- )", "What an outsider with packets can do": r"\n\n"}


def promises() -> list[str]:
    """What the threat model says that holds: bullets of one section, paragraphs of another."""
    found = []
    for heading, between in PROMISING.items():
        section = BODY.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        found += [part.strip() for part in re.split(between, section) if part.strip()]
    return found


def defined_in(path: pathlib.Path) -> set[str]:
    """The tests that a file defines, found by reading, not by running it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {one.name for one in ast.walk(tree) if isinstance(one, functions)}


@pytest.mark.parametrize("promise", promises(), ids=lambda text: text[:40])
def test_every_promise_of_the_threat_model_names_its_test(promise):
    assert re.search(r"\[\^[\w-]+\]", promise)


def test_every_mark_in_the_threat_model_has_its_note_and_every_note_its_mark():
    assert set(MARKS) == set(NOTED)
    assert len(promises()) > 10


@pytest.mark.parametrize("note", NOTED)
def test_every_test_that_the_threat_model_names_exists(note):
    named = [name.strip("`\n ,").partition("::") for name in NOTED[note].split("\n")]
    assert all(path.startswith("tests/") and test.startswith("test_") for path, _, test in named)
    assert [(path, test) for path, _, test in named if test not in defined_in(ROOT / path)] == []


@pytest.mark.parametrize("name", ["threat-model.zh.md", "threat-model.zh_TW.md"])
def test_the_chinese_threat_model_has_no_number_that_the_english_has_not(name):
    words = {"fifteen": "15", "twelve": "12", "ten": "10"}
    english = " ".join(words.get(word.strip("*,.:;"), word) for word in BODY.split())
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    told = page.split("\n## ")
    assert len(told) == 5
    found = re.findall(r"\d+", " ".join(told[:4]))
    assert len(found) > 5
    assert [one for one in found if one not in re.findall(r"\d+", english)] == []


def test_both_chinese_threat_models_have_the_same_parts_and_numbers():
    pages = [
        (ROOT / "docs" / f"threat-model.{name}.md").read_text(encoding="utf-8")
        for name in ("zh", "zh_TW")
    ]
    shapes = [re.findall(r"^(?:## |- \*\*|\d\.|\|)|\d+", page, re.MULTILINE) for page in pages]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) > 50


def test_the_threat_model_names_tests_in_its_notes_alone():
    assert "tests/" not in BODY
