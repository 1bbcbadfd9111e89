"""Readers of cohorts (DICOM, folders, RSNA), their tables, masks and indexes."""
