"""Masks of a cohort: from files, or found on a hand."""
