"""What the business knows: documents, cut into pieces and found again by a question."""

from teppan.knowledge.chunk import Chunk, chunks
from teppan.knowledge.search import Found, Library

__all__ = ["Chunk", "Found", "Library", "chunks"]
