"""How loud somebody is, as eight cells."""

from tui.texts.spans import Span

METER_STEPS = 8
_METER_FLOOR_DBFS = -54.0
_METER_STEP_DB = 6.0


def meter_step(level_dbfs: float) -> int:
    """Return how many of the 8 cells of a meter are lit at ``level_dbfs`` (-96 to 0)."""
    steps = (level_dbfs - _METER_FLOOR_DBFS) / _METER_STEP_DB
    return max(0, min(METER_STEPS, int(steps))) if steps == steps else 0


def meter(level_dbfs: float) -> tuple[Span, Span]:
    """Return a meter as its lit and its dark cells."""
    lit = meter_step(level_dbfs)
    return Span("▮" * lit, "accent"), Span("·" * (METER_STEPS - lit), "dim")
