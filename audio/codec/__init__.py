"""Opus, and the payloads that carry it."""
