"""Whether a customer's message agrees to what was proposed.

Read in code, because a model may be talked into anything. Only the customer's own words count, not
what is quoted or pasted; a question does not agree, and a "no" anywhere takes a "yes" back. Whoever
is not understood is asked again, which costs a turn and changes nothing.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

LONGEST = 240
"""Characters of own words; an agreement is short, and what is longer is something else."""
_FORWARDED = re.compile(
    r"^\s*(?:>|-{3,}|_{5,}|={3,}|```|<|\"{3}|(?:from|von|de|subject|asunto|sent|to|件名|发件人|主题)\s*[:：]"
    r"|.{0,80}\bwrote:|begin forwarded|forwarded message)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[^.!?,;:\n。！？，；：、…]+[?？]?")
_BEFORE = re.compile(r"^[\s\W]*(?:(?:and|so|well|oh|hi|hello|thanks|thank you|y|bueno)\b[\s,]*)*")


class _Words(NamedTuple):
    yes: re.Pattern[str]
    no: re.Pattern[str]


def agrees(message: str) -> bool:
    """Whether these words say yes."""
    own = _own(message)
    if not own or len(own) > LONGEST or _words().no.search(own):
        return False
    for clause in _CLAUSE.findall(own):
        if clause.rstrip().endswith(("?", "？")):
            continue
        if _words().yes.match(_BEFORE.sub("", clause)):
            return True
    return False


def declines(message: str) -> bool:
    """Whether these words take back what was agreed to."""
    return _words().no.search(_own(message)) is not None


def _own(message: str) -> str:
    """The words before anything quoted, pasted or forwarded, without signs that nobody sees."""
    plain = unicodedata.normalize("NFKC", message)
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    kept = []
    for line in plain.splitlines():
        if _FORWARDED.match(line):
            break
        kept.append(line)
    return "\n".join(kept).replace("’", "'").strip()


@lru_cache(maxsize=1)
def _words() -> _Words:
    text = (files("teppan.serve.agents") / "agreement.toml").read_text("utf-8")
    told = tomllib.loads(text)
    return _Words(*(re.compile(_any(told[name]), re.IGNORECASE) for name in _Words._fields))


def _any(patterns: list[str]) -> str:
    """One of the patterns: of a word written in letters with spaces, the whole word."""
    return "|".join(
        rf"(?<![^\W_]){each}(?![^\W_])" if re.match(r"[a-z(]", each) else each for each in patterns
    )
