"""Whether an edit was asked for once, paid for once and kept."""
