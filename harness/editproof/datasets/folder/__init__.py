"""Cohorts of image files with a table."""
