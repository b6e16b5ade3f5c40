"""``python -P -m tui``: the ``teahouse`` command without an installed script."""

import sys

from tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
