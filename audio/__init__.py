"""From the microphone to payloads that can be sealed, and from payloads to the ear."""
