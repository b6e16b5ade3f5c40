"""From the microphone to sealed-ready payloads, and from payloads to the ear."""
