"""`teppan demo`: everything on simulated vendors, and nothing to set up."""

from teppan.cli.demo.command import KEY, STRATEGIES, demo, packaged, simulated_settings

__all__ = ["KEY", "STRATEGIES", "demo", "packaged", "simulated_settings"]
