"""The parts of `bench/intents.py`."""
