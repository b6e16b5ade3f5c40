"""Which version of the program this is."""

import tomllib
from pathlib import Path


def version() -> str:
    """Return the version of the program."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    if project.is_file():  # a clone is newer than what may be installed beside it
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    from importlib import metadata  # 2 MB, and a clone needs it never

    return metadata.version("teahouse")
