"""The report: evidence in, pages out. Every face takes the evidence alone; no clock, no environment, no network."""
