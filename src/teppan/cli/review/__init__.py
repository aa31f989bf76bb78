"""`teppan review`: answers that people should look at, one key a decision."""

from teppan.cli.review.command import app

__all__ = ["app"]
