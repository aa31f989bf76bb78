"""Lessons from cases: written by a critic, tried on the past, kept while they help.

the day's cases ── find_and_write ── candidates ── try_out ── live ── measure ── retired
"""

from teppan.learn.lessons.desk import Desk, Policy, Report, Roles
from teppan.learn.lessons.measuring import measure
from teppan.learn.lessons.trying import try_out
from teppan.learn.lessons.writing import find_and_write

__all__ = ["Desk", "Policy", "Report", "Roles", "find_and_write", "measure", "try_out"]
