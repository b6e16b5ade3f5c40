"""Help, completions and the manual page, all made from what the commands understand."""
