"""How pixels get in, out and into shape."""
