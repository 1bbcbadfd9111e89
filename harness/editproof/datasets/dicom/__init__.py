"""Cohorts of DICOM files."""
