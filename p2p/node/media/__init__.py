"""The sound of one member between its devices and its links."""
