"""Why a link did not come up."""

from typing import Literal

from p2p.errors import RemoteError

Stage = Literal["reach", "keys", "identity", "channel", "superseded", "closed"]


class LinkFailed(RemoteError):  # noqa: N818  an outcome with a name of its own
    """No link could be made.

    Attributes:
        stage: How far it got: nobody could be reached (ICE), the DTLS handshake did not end,
            it ended with somebody else's certificate, the data channel did not open, another
            link to the same peer took over, or we closed it ourselves.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.stage: Stage = stage
