"""Agents: models that act for a business, by the tools of its pack."""
