"""What may be done with evidence: derive it again, verify, merge, compare, publish."""
