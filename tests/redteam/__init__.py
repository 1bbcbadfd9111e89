"""Attacks on a verdict: each ends in no PASS, with its reason, and its honest twin passes."""
