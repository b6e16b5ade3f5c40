"""The other members of the room: links with them and what is said."""
