"""Sound cards: found, opened, watched, checked."""
