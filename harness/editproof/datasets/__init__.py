"""Cohorts: RSNA, plain folders, and the masks of radiographs that come without."""
