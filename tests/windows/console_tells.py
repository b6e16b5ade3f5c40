"""Run by Windows' Python: ``console_tells.py NUMBER EVENT`` tells a program what a console would.

Windows has a thread run ``CtrlRoutine`` in every program of the console; so does this. It lets
nobody send more than Ctrl+C and Ctrl+Break otherwise.
"""

import ctypes
import sys

ALL_ACCESS = 0x1FFFFF
number, event = map(int, sys.argv[1:])
library = ctypes.windll.kernel32
pointer = ctypes.c_void_p
for function in (library.GetModuleHandleW, library.GetProcAddress, library.OpenProcess):
    function.restype = pointer
library.GetProcAddress.argtypes = (pointer, ctypes.c_char_p)
library.CreateRemoteThread.argtypes = (
    *(pointer, pointer, ctypes.c_size_t, pointer, pointer, ctypes.c_uint32, pointer),
)
routine = library.GetProcAddress(library.GetModuleHandleW("kernelbase.dll"), b"CtrlRoutine")
program = library.OpenProcess(ALL_ACCESS, 0, number)
sys.exit(not library.CreateRemoteThread(program, None, 0, routine, event, 0, None))
