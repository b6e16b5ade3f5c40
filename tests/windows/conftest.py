"""The package for Windows, unpacked and run under Wine; `bin/test --windows` makes both."""

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.programs.people import House
from lab.programs.person import Person
from lab.programs.wine import Wine

ZIP = os.environ.get("TEAHOUSE_WINDOWS_ZIP", "")
CONSOLE_TELLS = Path(__file__).parent / "console_tells.py"
# As ``-m tui``, but it says first which number it has among the programs of its Windows.
NUMBERED = (
    "import os, runpy, sys; print(os.getpid(), file=sys.stderr, flush=True);"
    "sys.argv[0] = 'tui'; runpy.run_module('tui', run_name='__main__', alter_sys=True)"
)


class Package:
    """The unpacked package in a Windows of its own.

    Attributes:
        top: The folder that was in the zip.
        wine: Where it runs.
    """

    def __init__(self, top: Path, wine: Wine) -> None:
        self.top, self.wine = top, wine

    def command(self, *arguments: str) -> tuple[str, ...]:
        """``teahouse ARGUMENTS`` as ``Teahouse.cmd`` starts it."""
        return ("wine", *self.python("-m", "tui", *arguments))

    def python(self, *arguments: str) -> tuple[str, ...]:
        """The Python of the package, as ``Teahouse.cmd`` starts it."""
        return (str(self.top / "python" / "python.exe"), "-I", "-B", "-X", "utf8", *arguments)

    def console_tells(self, number: str, event: int) -> None:
        """Tells a program what its console would: that its window is closed, or such."""
        told = self.wine.run(*self.python(f"Z:{CONSOLE_TELLS}", number, str(event)))
        assert told.returncode == 0, told

    def files(self) -> set[Path]:
        """What there is in its folder, and where Windows keeps what lies about."""
        home = self.wine.drive_c / "users"
        return {path for folder in (self.top, home) for path in folder.rglob("*")}


class MixedHouse(House):
    """A house in which some people have Windows.

    Args:
        package: What those run.
        windows: Their names.
    """

    def __init__(self, package: Package, windows: set[str]) -> None:
        super().__init__()
        self._package, self._windows = package, windows

    async def run(
        self, *arguments: str, name: str = "somebody", stdin: int = asyncio.subprocess.PIPE
    ) -> Person:
        if name not in self._windows:
            return await super().run(*arguments, name=name, stdin=stdin)
        person = Person(name)
        self.people.append(person)
        command = ("wine", *self._package.python("-c", NUMBERED, *arguments))
        await person.start(*command, stdin=stdin, environment=self._package.wine.environment)
        return person


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    if not ZIP:
        pytest.skip("bin/test --windows makes what these tests need")
    stick = tmp_path_factory.mktemp("stick") / "茶 馆 (1)"
    with zipfile.ZipFile(ZIP) as archive:
        archive.extractall(stick)
    (top,) = stick.iterdir()
    wine = Wine(tmp_path_factory.mktemp("wine"))
    wine.start()
    yield Package(top, wine)
    wine.stop()


@pytest.fixture
def windows() -> set[str]:
    """Names of those that have Windows; the others are on Linux."""
    return {"host"}


@pytest.fixture
async def mixed(package: Package, windows: set[str]) -> AsyncIterator[MixedHouse]:
    async with MixedHouse(package, windows) as house:
        yield house
