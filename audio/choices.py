"""What a person can choose of the sound: names and bounds. Loads nothing."""

from typing import Literal, get_args

Cue = Literal["live", "muted", "granted", "stage", "lost", "join", "knock", "hand"]
"""We are live, we are muted, our hand was granted, someone came on stage, connection lost, someone
came in; for moderators: someone waits outside, someone raised a hand."""
CUES: tuple[Cue, ...] = get_args(Cue)

LOWEST_DB = -30.0
HIGHEST_DB = 12.0
"""Of the volume of a speaker, for our ears alone."""
