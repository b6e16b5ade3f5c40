"""The screens of a running room."""
