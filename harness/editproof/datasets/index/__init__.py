"""Indexes: which cases of a cohort a study should leave out, written to a file and checked in every run."""
