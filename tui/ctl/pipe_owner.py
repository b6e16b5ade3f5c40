"""Whose a named pipe of Windows is, and who may open it."""

import ctypes
import sys
from typing import Final

ONLY_FOR: Final = "O:{user}D:P(D;;GA;;;NU)(A;;GA;;;{user})"
"""Its owner is the user; nobody else may open it, and nobody over the network (MS-DTYP §2.5.1)."""

if sys.platform == "win32":
    import _winapi
    from ctypes import wintypes

    _TOKEN_QUERY, _TOKEN_USER = 8, 1
    _KERNEL_OBJECT, _OWNER = 6, 1
    _SDDL_1 = 1
    _ATTRIBUTES_BYTES = 24
    _pointer = ctypes.c_void_p
    _security = ctypes.WinDLL("advapi32", use_last_error=True)
    _security.OpenProcessToken.argtypes = (_pointer, wintypes.DWORD, _pointer)
    _security.GetTokenInformation.argtypes = (
        *(_pointer, ctypes.c_int, _pointer, wintypes.DWORD, _pointer),
    )
    _security.ConvertSidToStringSidW.argtypes = (_pointer, _pointer)
    _security.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = (
        *(wintypes.LPCWSTR, wintypes.DWORD, _pointer, _pointer),
    )
    _security.GetSecurityInfo.argtypes = (_pointer, ctypes.c_int, wintypes.DWORD, *[_pointer] * 5)
    _free = ctypes.WinDLL("kernel32").LocalFree
    _free.argtypes = (_pointer,)

    def own_user() -> str:
        """Return the SID of this process's user, as text.

        Raises:
            OSError: Windows does not say.
        """
        token, size = wintypes.HANDLE(), wintypes.DWORD()
        found = (_pointer * 32)()  # TOKEN_USER: a pointer, and further in what it points to
        own = _winapi.GetCurrentProcess()
        _must(_security.OpenProcessToken(own, _TOKEN_QUERY, ctypes.byref(token)))
        try:
            room = (ctypes.sizeof(found), ctypes.byref(size))
            _must(_security.GetTokenInformation(token, _TOKEN_USER, found, *room))
        finally:
            _winapi.CloseHandle(int(token.value or 0))
        return _as_text(found[0])

    def owner_of(handle: int) -> str:
        """Return the SID of whoever made the pipe at the other end of a handle.

        Raises:
            OSError: Windows does not say.
        """
        owner, descriptor = _pointer(), _pointer()
        wanted = (ctypes.byref(owner), None, None, None, ctypes.byref(descriptor))
        code = _security.GetSecurityInfo(handle, _KERNEL_OBJECT, _OWNER, *wanted)
        if code:
            raise ctypes.WinError(code)
        try:
            return _as_text(owner.value)
        finally:
            _free(descriptor)

    def _as_text(sid: int | None) -> str:
        text = wintypes.LPWSTR()
        _must(_security.ConvertSidToStringSidW(sid, ctypes.byref(text)))
        try:
            return str(text.value)
        finally:
            _free(text)

    def _must(worked: int) -> None:
        if not worked:
            raise ctypes.WinError(ctypes.get_last_error())

    def only_for(user: str) -> ctypes.Array[ctypes.c_uint64]:
        """Return SECURITY_ATTRIBUTES (64 bit) of what only one user may open, and owns.

        Args:
            user: The SID of this process's user.

        Raises:
            OSError: That is no SID.
        """
        made = ctypes.c_uint64()  # lives as long as this process: a member makes one
        convert = _security.ConvertStringSecurityDescriptorToSecurityDescriptorW
        _must(convert(ONLY_FOR.format(user=user), _SDDL_1, ctypes.byref(made), None))
        return (ctypes.c_uint64 * 3)(_ATTRIBUTES_BYTES, made.value, 0)
