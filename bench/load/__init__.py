"""What `bench/gateway.py` measures with: an upstream, a loader, the systems under test."""
