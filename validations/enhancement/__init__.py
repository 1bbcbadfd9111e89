"""Enhancement: the edit comes closer to the target and is read as the target is."""
