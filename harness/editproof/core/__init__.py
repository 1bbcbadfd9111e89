"""What everybody may use: number text, redaction, guards, digests, callables from files, one HTTP client."""
