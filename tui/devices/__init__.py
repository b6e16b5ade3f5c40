"""Microphones and loudspeakers: listed, checked, chosen."""
