"""A real room on this machine: separate processes, a real DHT, real sound, nothing scripted."""
