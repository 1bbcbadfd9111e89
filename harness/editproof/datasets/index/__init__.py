"""What of a cohort should be left out, written down once and held to."""
