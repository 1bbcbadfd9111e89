"""The pytest door: it delegates."""
