"""Parts of `bench/confidence.py`."""
