"""The report: a pure function of the evidence in every format, without clock, environment or network."""
