"""The Chat Completions format: requests out, answers and streams in."""
