"""Each command as a person meets it: typed, on a menu, by a key. One row for each."""
