"""Who does the work: an executor maps a function over items that are independent of one another."""
