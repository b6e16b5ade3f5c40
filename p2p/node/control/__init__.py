"""Between a node and its front end: commands in, events and snapshots out."""
