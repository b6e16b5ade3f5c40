"""A volunteer's node: forwards sealed sound and knocks, begins the DHT; has no room key."""
