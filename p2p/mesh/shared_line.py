"""How our own line does, from what several links that share it show. Sans-IO.

What is the matter with our line shows on all of them. A queue or a loss that one has and another
has not lies at the far end of that one, and narrower packets for all would help nobody else.
"""

from collections.abc import Sequence

from p2p.mesh.line_load import Load


def shared(loads: Sequence[Load]) -> Load | None:
    """The load of what the links have in common.

    Args:
        loads: Of those that tell of it.

    Returns:
        None if there are none. ``carried_bps`` is a mean, for one link.
    """
    if not loads:
        return None
    return Load(
        queue_s=min(load.queue_s for load in loads),
        jitter_s=max(load.jitter_s for load in loads),
        stands=all(load.stands for load in loads),
        loss=min(load.loss for load in loads),
        carried_bps=sum(load.carried_bps for load in loads) / len(loads),
        round_trip_s=max(load.round_trip_s for load in loads),
        drains=any(load.drains for load in loads),
    )
