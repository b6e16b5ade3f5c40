"""A stream as the web has it: TLS, an HTTP request, then a WebSocket that carries datagrams.

Everything here takes and gives bytes; ``p2p.link.streams`` has the sockets.
"""
