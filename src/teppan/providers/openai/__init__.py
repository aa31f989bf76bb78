"""Two wire formats of one vendor: `chat` (spoken by most others too) and `responses`."""
