"""The line mode: one event a line, commands typed as words."""
