"""Keys, handshakes and sealed bytes. Sans-IO: bytes in, bytes out; time and randomness come in."""
