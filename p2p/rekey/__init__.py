"""How a room's key changes: epochs begun, followed, asked for and given. Sans-IO."""
