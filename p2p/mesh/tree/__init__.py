"""Where a node hangs in the tree by which a large room's sound goes."""
