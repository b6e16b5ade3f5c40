"""What a carried line and a link have in common: messages both ways."""

from typing import Any, Protocol


class Line(Protocol):
    def send(self, tag: int, *fields: object) -> None: ...

    async def receive(self) -> Any: ...
