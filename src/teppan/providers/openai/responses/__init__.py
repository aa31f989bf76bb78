"""The Responses format: what reasoning models with tools speak."""
