"""The screens by which others are asked in."""
