"""BitTorrent's Mainline DHT, as far as a member needs it: reading and writing a room's records."""
