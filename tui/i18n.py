"""Which words a person reads: English in the code, other languages from ``locale/*.po``.

The catalogues are plain text in the format of GNU gettext, read as they are: no compiled
copy can be forgotten. Choose the language before a screen is built; it stays for the run.
"""

import ast
from collections.abc import Mapping
from importlib import resources

LANGUAGES = ("en", "zh_CN", "zh_TW")

_CHINESE = "zh"
_TRADITIONAL = frozenset(("TW", "HK", "MO", "Hant"))
_BELOW = {"zh_TW": ("zh_CN",)}
"""What is read first: where a sentence is missing, the nearest other language says it."""
_catalogue: dict[str, tuple[str, ...]] = {}
_chosen = ["en"]


def chosen_language(wish: str | None, environ: Mapping[str, str]) -> str:
    """Return the language to use, one of ``LANGUAGES``.

    Args:
        wish: What ``--lang`` said, or None.
        environ: The environment; LANGUAGE, LC_ALL, LC_MESSAGES and LANG count in this order.
    """
    wishes = [wish] if wish else []
    wishes += environ.get("LANGUAGE", "").split(":")
    wishes += [environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    for candidate in wishes:
        code = candidate.split(".")[0].split("@")[0].replace("-", "_")
        if code.split("_")[0] == _CHINESE:
            return "zh_TW" if _TRADITIONAL & set(code.split("_")) else "zh_CN"
        if code in ("C", "POSIX") or code.split("_")[0] == "en":
            return "en"
    return "en"


def use_language(code: str) -> None:
    """Read the catalogue of ``code``; "en" needs none."""
    _catalogue.clear()
    _chosen[:] = [code]
    for each in (*_BELOW.get(code, ()), code) if code != "en" else ():
        path = resources.files("tui").joinpath("locale", f"{each}.po")
        _catalogue.update(parse_catalogue(path.read_text(encoding="utf-8")))


def language() -> str:
    """Return the code of the language that is used, one of ``LANGUAGES``."""
    return _chosen[0]


def tr(message: str, /, **values: object) -> str:
    """Return ``message`` in the chosen language, with ``values`` put in by name."""
    found = _catalogue.get(message, (message,))[0]
    return found.format(**values) if values else found


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the form that fits ``count``, which is also put in as ``{count}``."""
    forms = _catalogue.get(one)
    chosen = (one if count == 1 else many) if forms is None else forms[-1]
    return chosen.format(count=count, **values)


def mark(message: str) -> str:
    """Return ``message`` unchanged; marks a constant that ``tr`` gets later."""
    return message


def parse_catalogue(text: str) -> dict[str, tuple[str, ...]]:
    """Return message -> translations (one, or one per plural form) of a ``.po`` file."""
    entries: dict[str, tuple[str, ...]] = {}
    fields: dict[str, str] = {}
    current = ""

    def finish() -> None:
        forms = tuple(value for key, value in fields.items() if key.startswith("msgstr"))
        if fields.get("msgid") and all(forms):
            entries[fields["msgid"]] = forms
        fields.clear()

    for line in (raw.strip() for raw in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.startswith('"'):
            fields[current] += ast.literal_eval(line)
            continue
        keyword, _, quoted = line.partition(" ")
        if keyword == "msgid":
            finish()
        current = keyword
        fields[current] = ast.literal_eval(quoted)
    finish()
    return entries
