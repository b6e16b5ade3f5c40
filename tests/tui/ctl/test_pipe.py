"""A named pipe that its user alone can open. Wine keeps what a pipe allows, yet lets all in."""

import asyncio
import contextlib
import ctypes
import sys

import pytest

from tui.ctl.pipe import MEMBERS_MAX, names

if sys.platform == "win32":
    import _winapi

    from tui.ctl.pipe import Pipe, living
    from tui.ctl.pipe_owner import own_user

WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
STRANGER = "S-1-5-21-1-2-3-1009"
KERNEL_OBJECT, OWNER_AND_LIST = 6, 1 | 4


def test_a_name_in_the_list_of_pipes_says_neither_what_it_is_nor_whose():
    found = list(names(STRANGER))
    assert len(set(found)) == MEMBERS_MAX
    for name in found:
        assert name.startswith("\\\\.\\pipe\\")
        assert set(name[9:]) <= set("0123456789abcdef")
        assert "1009" not in name


def said_by_windows(handle):
    """What Windows has of an open pipe: owner and list of who may, as SDDL."""
    library, pointer = ctypes.WinDLL("advapi32"), ctypes.c_void_p
    library.GetSecurityInfo.argtypes = (pointer, ctypes.c_int, ctypes.c_uint32, *[pointer] * 5)
    found, text = pointer(), ctypes.c_wchar_p()
    ask = (handle, KERNEL_OBJECT, OWNER_AND_LIST, None, None, None, None, ctypes.byref(found))
    assert library.GetSecurityInfo(*ask) == 0
    tell = library.ConvertSecurityDescriptorToStringSecurityDescriptorW
    assert tell(found, 1, OWNER_AND_LIST, ctypes.byref(text), None)
    return text.value


@contextlib.contextmanager
def a_pipe_of_a_stranger(name):
    """A pipe that is there before ours, and lets all in. Wine lets one say whose it is."""
    library, pointer = ctypes.WinDLL("advapi32"), ctypes.c_void_p
    rights = pointer()
    convert = library.ConvertStringSecurityDescriptorToSecurityDescriptorW
    assert convert(f"O:{STRANGER}D:P(A;;GA;;;WD)", 1, ctypes.byref(rights), None)
    wishes = (ctypes.c_uint64 * 3)(24, rights.value, 0)
    both_ways, byte_by_byte = 3, 0
    pipe = _winapi.CreateNamedPipe(
        name, both_ways, byte_by_byte, 255, 4096, 4096, 0, ctypes.addressof(wishes)
    )
    try:
        yield
    finally:
        _winapi.CloseHandle(pipe)


@contextlib.asynccontextmanager
async def a_member(serve=None):
    place = Pipe()
    asked = asyncio.Queue()

    async def hear(reader, writer):
        await asked.put(await reader.readline())
        writer.write(b"heard\n")
        await writer.drain()
        await reader.read()
        writer.close()

    await place.open(serve or hear)
    place.asked = asked
    try:
        yield place
    finally:
        place.close()
        await asyncio.sleep(0)


async def every_member():
    return await asyncio.to_thread(living, 1.0)


@WINDOWS
async def test_only_its_user_may_open_it_and_nobody_over_the_network():
    async with a_member():
        (end,) = await every_member()
        user = own_user()
        assert said_by_windows(end._handle) == f"O:{user}D:P(D;;GA;;;NU)(A;;GA;;;{user})"
        end.close()


@WINDOWS
async def test_every_further_way_in_has_the_same_rights():
    async with a_member():
        ends = [(await every_member())[0] for _ in range(3)]
        assert len({said_by_windows(end._handle) for end in ends}) == 1
        for end in ends:
            end.close()


@WINDOWS
async def test_what_is_said_comes_to_the_member_and_its_answer_back():
    async with a_member() as member:
        (end,) = await every_member()
        end.sendall(b"status\n")
        assert await member.asked.get() == b"status\n"
        assert await asyncio.to_thread(end.recv, 100) == b"heard\n"
        end.close()


@WINDOWS
async def test_a_pipe_of_somebody_else_is_not_spoken_to():
    with a_pipe_of_a_stranger(next(names(own_user()))):
        assert await every_member() == []


@WINDOWS
async def test_a_member_passes_a_name_over_that_somebody_else_has_taken():
    with a_pipe_of_a_stranger(next(names(own_user()))):
        async with a_member() as member:
            (end,) = await every_member()
            end.sendall(b"status\n")
            assert await member.asked.get() == b"status\n"
            end.close()


@WINDOWS
async def test_with_every_name_taken_a_member_says_so():
    with contextlib.ExitStack() as taken:
        for name in names(own_user()):
            taken.enter_context(a_pipe_of_a_stranger(name))
        with pytest.raises(OSError, match="too many"):
            async with a_member():
                pass


@WINDOWS
async def test_two_members_are_two():
    async with a_member(), a_member():
        ends = await every_member()
        assert len(ends) == 2
        for end in ends:
            end.close()


@WINDOWS
async def test_a_member_that_has_ended_is_not_found_and_hangs_up():
    async with a_member() as member:
        (end,) = await every_member()
        end.sendall(b"status\n")
        await member.asked.get()
    assert await every_member() == []
    end.close()


@WINDOWS
async def test_an_answer_that_does_not_come_ends_the_wait():
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    async with a_member(say_nothing):
        (end,) = await every_member()
        end.settimeout(0.1)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(end.recv, 100)
        end.close()
