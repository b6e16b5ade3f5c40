"""The keyring of somebody who has just been let in."""

from collections.abc import Sequence

from crypto.epoch import Keyring
from crypto.errors import LocalError, RemoteError
from crypto.head import Head, step_at
from crypto.ids import EpochId, MemberId


def keyring_from(
    heads: Sequence[tuple[EpochId, bytes, bytes]], step: int, room_time_s: float, giver: MemberId
) -> Keyring:
    """Take what an admitting member handed over; see ``Keyring.export``.

    Args:
        heads: Epoch id, secret at ``step`` and pass of each head.
        step: The admitting member's step.
        room_time_s: The admitting member's room time, seconds since the room began.
        giver: The admitting member's id: its secrets and its time are on trial.

    Raises:
        RemoteError: A length, a count or the step is out of range, or step and room time do
            not belong together.
    """
    try:
        if abs(step_at(room_time_s) - step) > 1:
            raise RemoteError("step and room time do not belong together")
        keyring = Keyring(
            [Head(epoch_id, secret, step) for epoch_id, secret, _ in heads],
            *[pass_ for _, _, pass_ in heads],
        )
    except LocalError:
        raise RemoteError("malformed epoch keys") from None
    keyring.advance(room_time_s)
    keyring.trial.time_from = giver
    for epoch_id, _, _ in heads:
        keyring.trial.begin(epoch_id, giver)
    return keyring
