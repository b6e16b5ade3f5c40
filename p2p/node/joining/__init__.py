"""Getting into a room, and letting others in."""
