"""Long conversations made short: what is kept, what is told by a summary, what is added."""

from teppan.serve.context.book import SummaryBook
from teppan.serve.context.context import Context, ContextPolicy, Knowledge, Windows, unknown
from teppan.serve.context.writing import Asks

__all__ = ["Asks", "Context", "ContextPolicy", "Knowledge", "SummaryBook", "Windows", "unknown"]
