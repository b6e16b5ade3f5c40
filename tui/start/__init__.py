"""The screens before a room: a key, a choice, a wait, a problem."""
