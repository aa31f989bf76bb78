"""Parts of `bench/distil.py`."""
