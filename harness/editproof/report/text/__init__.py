"""The wording of the report."""
