"""From one UDP socket, or a stream, to encrypted links: ICE, DTLS-SRTP and a data channel."""
