"""What the members of a room must agree on: who is here, who may speak, who waits."""
