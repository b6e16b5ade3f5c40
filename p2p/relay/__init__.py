"""A volunteer's node: first contact of the DHT and courier of sealed knocks. Holds no room key."""
