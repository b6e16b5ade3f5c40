"""The model of removal, searched through: with all its rules, and without each of them.

``model.py [--json]``: prints how many states were looked at, and the shortest attack where there is
one. With all rules there has to be none, without any single one there has to be one. See
docs/model/README.md.
"""

import argparse
import importlib.util
import json
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType

MODEL = Path(__file__).resolve().parents[1] / "docs/model/removal.py"


def load() -> ModuleType:
    """The model; it is no package of the program."""
    spec = importlib.util.spec_from_file_location("removal", MODEL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def results() -> dict[str, object]:
    """What each search came to, by the rule that was left out; ``none`` for all rules."""
    model = load()
    names = [field.name for field in fields(model.Rules)]
    found = {"none": model.search(model.Rules())}
    return found | {name: model.search(model.Rules(**{name: False})) for name in names}


def main() -> int:
    """Prints the results; 1 if one of them is not as it has to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the last line")
    asked = parser.parse_args()
    found = results()
    for name, one in found.items() if not asked.json else ():
        print(f"without {name}: {one.states} states, {'an attack' if one.attack else 'no attack'}")
        for step in one.attack:
            print(f"    {step}")
    ok = all(bool(one.attack) == (name != "none") for name, one in found.items())
    attacks = {name: list(one.attack) for name, one in found.items()}
    print(json.dumps({"ok": ok, "states": found["none"].states, "attacks": attacks}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
