"""Reader studies: images drawn blinded and in random order, and the answers that come back."""
