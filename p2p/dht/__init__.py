"""Finding a room: the Kademlia network, the records in it, and the beacon on the local net."""
