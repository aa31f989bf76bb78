"""The Messages format, versions 2023-06-01 and 2026-10-21."""
