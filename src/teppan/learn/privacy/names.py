"""Names of people in Latin letters: by the words around them, by titles, by frequent names.

`my name is` is trusted with any word, `I'm` and `ask for` with one that begins like a name, and a
name that nothing announces must be a frequent one. Chinese and Japanese are in `eastern.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from teppan.learn.privacy.cues import word
from teppan.learn.privacy.lexicon import Lexicon
from teppan.learn.privacy.spans import Span

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{1,40}(?:['-][A-Za-z\u00c0-\u024f]{1,30}){0,3}")
_MOST = 5
"""Words of one name."""
_GAP = re.compile(r"[ \t]{1,2}|\.[ \t]{1,2}(?=[A-Z])")

_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor señor señora señorita sr sra srta dr dra don doña doctor "
    "doctora "
    "licenciado lic ing herr frau fräulein".split()
)
_STRONG = re.compile(
    "(?:"
    + word(
        r"(?:my|his|her|full|first|last|the|contact|customer|guest|client) names?(?:'s| is| are|:|"
        r" -| =|,)?",
        r"name on (?:the|my) (?:card|booking|reservation|order) is", r"names?[ ]?(?::|-|=)",
        r"(?:people |they |just |you can |please )?call me", r"under the name(?: of)?", "goes by",
        r"me llamo", r"mi nombre es", r"se llama", r"a nombre de(?:l señor| la señora)?",
        r"nombre(?: completo)?[ ]?:",
        r"mein name (?:ist|lautet)", r"ich hei(?:ß|ss)e", r"hei(?:ß|ss)t", r"auf den namen",
        r"im namen von",
        r"name[ ]?:", r"(?:customer|client|cliente|guest|contact|contacto|kunde|"
                      r"ansprechpartner(?:in)?)[ ]?:",
    )
    + ")[ ]{1,2}$",
    re.IGNORECASE,
)  # fmt: skip
_LABEL = re.compile(
    r"[^\n,;.?!-](?<!my)(?<!full)(?<!first)(?<!last)[ ]?names?[ ]?[:=-][ ]{1,2}$|(?<!name):[ "
    r"]{1,2}$",
    re.IGNORECASE,
)
"""A label of a table or a sentence; what follows in small letters is no name."""
_WEAK = re.compile(
    "(?:"
    + word(
        r"i'm", r"i am", r"this is", r"it's", r"im", r"ask for", r"asking for", r"contact",
        r"speak (?:to|with)",
        r"spoke (?:to|with)", r"talk(?:ed)? (?:to|with)", r"tell", r"under", r"booked by",
        r"signed(?: by)?", r"attn\.?:?",
        r"soy", r"yo soy", r"(?:le )?habla", r"pregunt[ae](?:r|n)? por", r"habl[ée] con",
        r"contactar? (?:con|a)",
        r"ich bin", r"hier (?:ist|spricht)", r"fragen sie nach", r"läuft auf",
        r"(?:my|our|his|her|their) (?:\w{1,8} )?(?:wife|husband|son|daughter|brother|sister|"
        r"mother|mom|father|dad|partner|boss|"
        r"grandmother|grandfather|(?:mother|father|brother|sister|son|daughter)-in-law|"
        r"friend|assistant|fianc[ée]e?|girlfriend|boyfriend|cousin|aunt|uncle|neighbou?r|"
        r"colleague|chef|boy|girl|niece|"
        r"nephew|planner)",
        r"(?:mi|su|nuestr[oa]) (?:espos[oa]|marido|mujer|hij[oa]|herman[oa]|madre|mamá|padre|papá|"
        r"amig[oa]|prim[oa]|jef[ea]|"
        r"novi[oa]|ti[oa]|tí[oa]|vecin[oa]|chef|asistente)",
        r"(?:meine?|unsere?|seine?|ihre?) (?:frau|mann|sohn|tochter|bruder|schwester|mutter|vater|"
        r"freund(?:in)?|chef(?:in)?|"
        r"kolleg(?:e|in)|nachbar(?:in)?)",
    )
    + ")[ ]{1,2}$",
    re.IGNORECASE,
)  # fmt: skip
_NOUNS = re.compile(r"(?:ich bin|hier ist)[ ]{1,2}$", re.IGNORECASE)
"""After these a German noun begins with a capital letter too."""
_GREETING = re.compile(
    r"(?:^|[.!?\n][ ]{0,2})(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hola|"
    r"estimad[oa]|querid[oa]|"
    r"hallo|liebe[rs]?|guten (?:tag|morgen|abend)),?[ ]{1,2}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:thanks|thank you|many thanks|regards|sincerely|best|cheers|love|yours|truly|xoxo|"
    r"saludos|atentamente|gracias|"
    r"abrazo|cordialmente|grüße|grüßen|gruß|danke)(?:[ ](?:again|so much))?[,.!]{0,2}[ ]{0,2}\n?[ "
    r"]{0,2}"
    r"|(?:^|\n)[ ]{0,2}(?:-{1,2}|~)[ ]?|[.!?][ ]{1,2}-{1,2}[ ]?)$",
    re.IGNORECASE,
)
_ENDING = re.compile(r"[ .!]{0,3}(?:\n|$)")
_AFTER = re.compile(
    r",?[ ](?:here|speaking|calling)\b(?![ ]is)|,?[ ]al habla|[ ]am apparat", re.IGNORECASE
)
_GREETED = re.compile(r"[ ]?[,!:.?\n]|$")
_SUFFIX = re.compile(
    r".{3,}(?:ing|ed|ly|able|ese|ful|less|ous|tion|ness|ismo|mente|ado|ada|lich|isch|ung)$"
)
_SAINTS = frozenset("san santa saint st los las el la fort port lake mount new".split())
_CUE_REACH = 48
_ALTERNATIVES = 200
"""Names of several words looked for again; their single words are, however many there are."""


class Token(Struct, frozen=True):
    start: int
    end: int
    text: str
    small: str

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


class LatinNames:
    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def matches(self, text: str) -> Iterator[Span]:
        """Names in a text of one form of letters (`plain.py`)."""
        tokens = [
            Token(found.start(), found.end(), found[0], found[0].lower().removesuffix("'s"))
            for found in _WORD.finditer(text)
        ]
        at = 0
        while at < len(tokens):
            found = self._name_at(text, tokens, at)
            if found is None:
                at += 1
                continue
            last, sure = found
            yield Span(tokens[at].start, self._end(text, tokens[last]), "name", sure)
            at = last + 1

    def _name_at(self, text: str, tokens: Sequence[Token], at: int) -> tuple[int, float] | None:
        """The last word of the name that begins here, and how sure that is."""
        token = tokens[at]
        before = text[max(0, token.start - _CUE_REACH) : token.start]
        if not token.capital:
            spoken = before.endswith(" ") and _STRONG.search(before) and not _LABEL.search(before)
            if spoken and self._is_new(token):
                return self._run(text, tokens, at, loose=True), 0.85
            return None
        previous = tokens[at - 1] if at else None
        if previous and previous.small in _TITLES and self._joined(text, previous, token):
            if token.small in _TITLES or token.small in ("and", "or"):
                return None
            return self._run(text, tokens, at), 0.9
        if token.small in _TITLES or not self._is_new(token):
            return None
        last = self._run(text, tokens, at)
        sure = self._announced(text, tokens, at, last, before)
        return None if sure is None else (last, sure)

    def _announced(
        self, text: str, tokens: Sequence[Token], at: int, last: int, before: str
    ) -> float | None:
        """How sure a capitalised run is a name; `None` when it is none."""
        token, after = tokens[at], text[tokens[last].end : tokens[last].end + 12]
        known = self._known(tokens[at : last + 1])
        if _STRONG.search(before):
            return 0.9
        if _CLOSING.search(before) and _ENDING.match(after):
            return 0.85
        if _GREETING.search(before) and (known or _GREETED.match(after)):
            return 0.85
        if _WEAK.search(before):
            if _NOUNS.search(before) and not known and last == at and not _hyphened(token):
                return None
            if known or not _SUFFIX.fullmatch(token.small):
                return 0.8
        if _AFTER.match(after) and (known or last > at):
            return 0.85
        return self._unannounced(tokens, at, last)

    def _unannounced(self, tokens: Sequence[Token], at: int, last: int) -> float | None:
        token, words = tokens[at], self._lexicon
        if at and tokens[at - 1].small in _SAINTS and tokens[at - 1].capital:
            return None
        if token.small in words.plain or token.small.partition("-")[0] in words.plain:
            return 0.75
        if last == at:
            return None
        if token.small in words.doubtful:
            return 0.7 if tokens[last].small not in words.doubtful else None
        return 0.65 if tokens[last].small in words.family - words.never else None

    def _known(self, run: Sequence[Token]) -> bool:
        words = self._lexicon
        return run[0].small in words.given or (len(run) > 1 and run[-1].small in words.family)

    def _is_new(self, token: Token) -> bool:
        words = self._lexicon
        return token.small not in words.never or (
            token.capital and token.small in words.given and token.small not in _MONTHS
        )

    def _run(self, text: str, tokens: Sequence[Token], at: int, loose: bool = False) -> int:
        """The last word that belongs to the name begun at `at`."""
        last = place = at
        while place + 1 < len(tokens) and place + 1 - at < _MOST:
            here, following = tokens[place], tokens[place + 1]
            if not self._joined(text, here, following):
                break
            initial = len(following.text) == 1 and following.capital
            particle = following.small in self._lexicon.particles and not following.capital
            if particle and not loose:
                place += 1
                continue
            fits = following.capital or loose
            if not fits or (following.small in self._lexicon.never and not initial):
                break
            if following.small in _TITLES:
                break
            place += 1
            if not initial:
                last = place
        return last

    def _joined(self, text: str, left: Token, right: Token) -> bool:
        between = text[left.end : right.start]
        if between in (" ", "  "):
            return True
        short = len(left.text) == 1 or left.small in _TITLES
        return between in (". ", ".") and short

    def _end(self, text: str, token: Token) -> int:
        """Without the `'s` of `Ann's`."""
        if token.text.endswith("'s"):
            return token.end - 2
        return token.end


_MONTHS = frozenset(["april", "may", "june", "august"])


def _hyphened(token: Token) -> bool:
    return "-" in token.text


def repeated(text: str, spans: Sequence[Span], lexicon: Lexicon) -> Iterator[Span]:
    """Where the names that were found stand again, whole or in part: `Ann Lee`, later `Ann`."""
    parts: set[str] = set()
    for span in spans:
        if span.kind == "name":
            parts |= parts_of(text[span.start : span.end], lexicon)
    yield from standing(text, parts)


def parts_of(name: str, lexicon: Lexicon) -> set[str]:
    """By which a person may be called again: the whole name, and its words that are no others."""
    words = _WORD.findall(name)
    found = {name} if len(name) > 1 and not name.islower() else set()
    for each in words:
        small = each.lower()
        others = lexicon.never | lexicon.doubtful | _TITLES
        if len(each) >= 3 and each[0].isupper() and small not in others:
            found.add(each)
    return found


def standing(text: str, names: set[str]) -> Iterator[Span]:
    """Where one of these names stands as a whole word; by its letters as they are."""
    if not names:
        return
    latin = {name for name in names if name[0] < "\u0250"}
    for found in _WORD.finditer(text) if latin else ():
        bare = found[0].removesuffix("'s")
        if bare in latin:
            yield Span(found.start(), found.start() + len(bare), "name", 0.7)
    longer = sorted(names - {name for name in latin if _WORD.fullmatch(name)}, key=len)
    if longer:
        pattern = "|".join(re.escape(name) for name in reversed(longer[-_ALTERNATIVES:]))
        for found in re.finditer(pattern, text):
            if _whole(text, found.start(), found.end()):
                yield Span(found.start(), found.end(), "name", 0.72)


def _whole(text: str, start: int, end: int) -> bool:
    """Latin letters on neither side; signs of other scripts have no spaces between words."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if text[start] < "\u0250" and before.isalnum() and before < "\u0250":
        return False
    return not (text[end - 1] < "\u0250" and after.isalnum() and after < "\u0250")
