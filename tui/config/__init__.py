"""What a person has chosen for every run: a file that exists only if it was asked for."""
