"""Tables of cases: labels and strata."""
