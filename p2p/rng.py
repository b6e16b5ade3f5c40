"""Randomness is handed in, so that tests can repeat a run."""

import os
from collections.abc import Callable

Rng = Callable[[int], bytes]

system_rng: Rng = os.urandom
