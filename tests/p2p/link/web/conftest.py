"""A relay's socket that takes streams, for the tests beside this file."""

from collections.abc import AsyncIterator

import pytest

from p2p.link.mux import Mux
from p2p.link.web.tls import relay_context
from tests.p2p.link.web.webclient import KEY, LOOPBACK


@pytest.fixture
async def relay() -> AsyncIterator[Mux]:
    for _ in range(20):  # a port that is free for UDP may be somebody's for TCP
        mux = await Mux.open((LOOPBACK, 0))
        if await mux.streams.listen((LOOPBACK, mux.local_port), KEY, relay_context(None, None)):
            break
        mux.close()
    else:
        pytest.fail("no port is free")
    yield mux
    mux.close()
