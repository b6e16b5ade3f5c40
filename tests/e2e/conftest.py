from collections.abc import AsyncIterator

import pytest

from lab.programs.people import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House() as made:
        yield made
