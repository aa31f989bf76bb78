"""Distillation: an ensemble answers a list of tasks; what it can vouch for becomes examples."""
