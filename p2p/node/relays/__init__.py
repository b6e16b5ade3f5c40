"""Links to relays, and the room by way of them."""
