"""Long conversations made short: what is kept, what is told by a summary, what is added."""

from teppan.serve.context.book import SummaryBook
from teppan.serve.context.context import Context, ContextPolicy, Knowledge
from teppan.serve.context.writing import Ask

__all__ = ["Ask", "Context", "ContextPolicy", "Knowledge", "SummaryBook"]
