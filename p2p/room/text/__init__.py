"""Names of people and rooms: cleaned, measured, compared."""
