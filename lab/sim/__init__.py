"""Simulators on a virtual clock, which drive the code that ships."""
