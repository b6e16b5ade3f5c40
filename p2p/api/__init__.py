"""What a front end sees of a room: commands, events, the view, settings."""
