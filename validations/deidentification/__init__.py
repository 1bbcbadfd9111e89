"""De-identification: burned-in text goes, anatomy stays."""
