"""Signed operations: what they say, how they are written, which of them still count."""
