"""Files changed at random, read by every door: each gives its value or one clear error (``make fuzz``)."""
