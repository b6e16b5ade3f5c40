"""From a microphone, a file or typed lines to payloads."""
