"""People made of real processes, and small networks for them."""
