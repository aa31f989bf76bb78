"""The HTTP edge. It decides nothing: bytes become our words, and our words become bytes."""
