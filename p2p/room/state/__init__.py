"""What follows from a set of operations: the same for everybody."""
