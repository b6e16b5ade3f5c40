"""``python -P -m tui``: the ``teahouse`` command without an installed script."""

import sys

try:
    from tui.cli import main
except ImportError as missing:  # what translates may be missing too
    sys.stderr.write(f"Teahouse is not whole: {missing.name} is missing. Unpack it again.\n")
    sys.exit(1)

if __name__ == "__main__":
    sys.exit(main())
