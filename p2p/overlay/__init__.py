"""How a room hangs together: links, admission, and whose sound is whose. Sans-IO."""
