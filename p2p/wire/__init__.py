"""What members and relays say to each other, as types and as bytes."""
