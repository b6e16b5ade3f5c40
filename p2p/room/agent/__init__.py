"""What a member's own program does for it in a room, without being asked."""
