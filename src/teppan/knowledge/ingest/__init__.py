"""Files -> text with its structure, as Markdown: headings, lists, tables.

| Kind | Files | By |
| --- | --- | --- |
| text | `.md`, `.markdown`, `.txt`, `.text`, `.rst` | as it is |
| html | `.html`, `.htm`, `.xhtml` | `html.py`: scripts, styles and what is hidden are dropped |
| table | `.csv`, `.tsv` | `tables.py` |
| pdf | `.pdf` | pypdf, `teppan[documents]` |
| office | `.docx`, `.xlsx`, `.pptx` | `teppan[office]` |

HTML, PDF and office files are read in a child process with limits of memory and time: a file that
is made to blow up ends the child, not the gateway. Nothing a file names is ever fetched or opened.
"""

from teppan.knowledge.ingest.reading import KINDS, Limits, Text, read

__all__ = ["KINDS", "Limits", "Text", "read"]
