"""What a room does with a keyring when an epoch begins."""

from collections.abc import Iterable

from crypto.epoch import Keyring


def adopt(
    ring: Keyring,
    epoch_id: bytes,
    secret: bytes,
    step: int,
    parents: Iterable[bytes] = (),
    pass_: bytes | None = None,
) -> None:
    """Take in an epoch and turn to it: in the place of its parents, beside other heads."""
    if not ring.knows(epoch_id):
        heads = {*ring.frontier.ids, *ring.missing, epoch_id} - set(parents)
        ring.hold(epoch_id, secret, step, pass_)
        ring.set_heads(heads)
