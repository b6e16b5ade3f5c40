"""The room and everything that carries it between laptops."""
