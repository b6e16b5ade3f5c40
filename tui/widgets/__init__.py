"""Widgets that draw spans: they know tones and lines, but nothing of rooms."""
