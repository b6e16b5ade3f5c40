"""The set of operations that a member or relay holds."""
