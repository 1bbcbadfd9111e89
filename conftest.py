"""Nothing is wired here: cohort, instruments and control of this repository's own study are built-in names."""
