"""The documents point at things that are there."""

import pathlib
import re

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


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/protocol.md"])
def test_every_source_file_that_is_named_exists(name):
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / name).read_text(encoding="utf-8"))
    assert len(named) > 0
    known = FILES | {path.rsplit("/", 1)[-1] for path in FILES}
    assert [path for path in named if path not in known] == []
