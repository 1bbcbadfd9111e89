"""Removal of markers: pixels, bone age, sex, repeats and planted structures."""
