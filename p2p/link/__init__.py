"""From one UDP socket to encrypted links: ICE, DTLS-SRTP and a data channel, without SDP."""
