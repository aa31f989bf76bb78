"""The two parts of `bench/router.py`."""
