import platform
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, sys
from audio.device.quiet import quiet_c_stderr
assert quiet_c_stderr() and quiet_c_stderr()
libc = ctypes.CDLL(None)
libc.perror(b"from C")
print("from Python", file=sys.stderr)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="glibc only"
)
def test_c_libraries_are_silent_and_python_is_heard():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stderr == "from Python\n"
