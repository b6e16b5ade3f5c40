"""From payloads of many speakers to one ear."""
