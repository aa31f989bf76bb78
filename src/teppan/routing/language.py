"""The language of a question, among those that are expected.

Scripts decide where they can: kana are Japanese; of Han alone the signs and words tell that only
one of Chinese and Japanese has. Which signs those are is read off the national character sets: what
JIS X 0208 lacks is not Japanese, what both GB 2312 and Big5 lack is not Chinese. Between languages
of one script small words are counted beside py3langid (Lui and Baldwin 2012), which knows the
letters of words but is unreliable below a few of them. Its model takes half a second to load; that
is done aside, and words decide until it is there.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from threading import Thread
from typing import Any

from msgspec import Struct

from teppan.routing.lexicon import shipped

MOST = 2_000
"""Letters looked at."""
VOTE = 2.0
"""What a small word counts beside the classifier's log-probabilities."""
CLEAR, FAIR = 3.5, 1.0
"""Leads over the next language: enough to change a conversation's, enough for a first guess."""
_LEAST = 1e-3
"""The least probability the classifier's word counts with: it is too sure of itself."""

_SCRIPTS = {
    "kana": re.compile(r"[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d]"),
    "han": re.compile(r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "hangul": re.compile(r"[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]"),
    "cyrillic": re.compile(r"[\u0400-\u052f]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    "hebrew": re.compile(r"[\u0590-\u05ff]"),
    "thai": re.compile(r"[\u0e00-\u0e7f]"),
    "devanagari": re.compile(r"[\u0900-\u097f]"),
}
_LANGUAGES = {
    "kana": ("ja",),
    "han": ("zh", "ja"),
    "hangul": ("ko",),
    "cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn"),
    "greek": ("el",),
    "arabic": ("ar", "fa", "ur", "ps"),
    "hebrew": ("he",),
    "thai": ("th",),
    "devanagari": ("hi", "mr", "ne"),
}
_ELSEWHERE = frozenset(name for some in _LANGUAGES.values() for name in some)
"""Languages that are not written in Latin letters."""
_SPACELESS = ("kana", "han", "thai")
_SIGN = 0.5
"""Words that one sign of a script without spaces stands for."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOISE = re.compile(r"https?://[!-~]+|www\.[!-~]+|[\w.+-]+@[\w.-]+|[@#]\w+", re.ASCII)
_MARKS = {"es": "ñ¿¡", "de": "ßäöü", "fr": "çèêœ", "pt": "ãõç"}
_ACCENTS = {"es": "áéíóú", "fr": "éàùâîôû", "pt": "áéíóúâê", "it": "àèéìòù"}

_ZH_SIGNS = frozenset(
    "你您吗嗎呢吧么麼什们們这這那哪怎谁誰个個几幾很都也没沒给給想跟还還我的了是在请請和要会會"
)
_ZH_WORDS = re.compile(
    r"多少|可以|有没有|有沒有|不能|不是|是否|需要|我们|我們|素食|儿童|兒童|价|預約|预约|預訂|预订|最低|附近"
    r"|取消吗|能否|麻烦|麻煩|谢谢|謝謝|多久|几点|幾點|人数|周[一二三四五六日末]|星期|下周|本周|明天|今天|后天|後天"
)
_JA_WORDS = re.compile(
    r"予約|料金|何[時人名円月日分]|[0-9０-９一二三四五六七八九十]+名|円|様|可[?？能否]|不可|希望|至急|大丈夫"
    r"|見積|承知|了解|了承|無料|駐車場|誕生日|土曜|日曜|月曜|火曜|水曜|木曜|金曜|明日|今日|来週|今週|子供|大人"
    r"|人前|追加|変更希望|返金|領収書|空席|当日|要相談|出張|食材|持込|目的|以内"
)
_JA_NOT = re.compile(
    r"目的|完了|了解|了承|終了|是非|我慢|在庫|所在地|滞在|要相談|要確認|必要|重要|会場|大会|都合|和食|和牛|会社|会費|会計|個室|個人|東京都|京都"
)


class Guess(Struct, frozen=True):
    """What a text is probably written in, and by how much it leads the next language.

    `language` is None where nothing tells: numbers, names, loan words, scripts that nobody expects.
    """

    language: str | None = None
    lead: float = 0.0

    @property
    def clear(self) -> bool:
        """Whether it is sure enough to change the language of a conversation."""
        return self.language is not None and self.lead >= CLEAR


class Languages:
    """Tells the language of texts among `expected`; the first is taken when nothing tells."""

    def __init__(self, expected: Sequence[str] = ()) -> None:
        self.expected = tuple(dict.fromkeys(expected)) or tuple(shipped())
        self._latin = tuple(each for each in self.expected if each not in _ELSEWHERE)
        self._identifier: Any = None
        self._loading: Thread | None = None

    def of(self, text: str) -> str:
        """The two letters of the language, one of `expected`."""
        return self.guess(text).language or self.expected[0]

    def guess(self, text: str) -> Guess:
        """What the text is probably written in, among the expected languages."""
        if len(self.expected) == 1:
            return Guess(self.expected[0], math.inf)
        text = _NOISE.sub(" ", text[:MOST])
        script = _script(text)
        if script is None:
            return Guess()
        if script == "latin":
            return self._of_latin(text)
        here = [each for each in self.expected if each in _LANGUAGES[script]]
        if script in ("kana", "han"):
            return _of_east(text, here, kana=script == "kana")
        if len(here) < 2:
            return Guess(here[0], _length(text)) if here else Guess()
        return self._classified(text, here)

    def load(self) -> None:
        """Loads the classifier; done by itself, aside, when it is first wanted."""
        langid = import_module("py3langid.langid")
        identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
        known = set(identifier.nb_classes)
        identifier.set_languages([each for each in self.expected if each in known] or None)
        self._identifier = identifier

    def _of_latin(self, text: str) -> Guess:
        """By small words and letters, together."""
        found = _WORD.findall(text.replace("’", "'"))
        words = [word.lower() for word in found]
        typed = [each for each in self.expected if each in _ELSEWHERE and each in _small()]
        votes = _votes(found, words, text, (*self._latin, *typed))
        spoken = max((votes[each] for each in self._latin), default=0.0)
        for language in typed:  # the classifier knows no Japanese in plain letters
            if votes[language] >= max(2 * VOTE, spoken + VOTE, VOTE * len(words) / 2):
                return Guess(language, votes[language] - spoken)
        scores = {each: votes[each] for each in self._latin}
        if not scores or (not spoken and all(word[:1].isupper() for word in found)):
            return Guess()
        if spoken or len("".join(found)) >= _LETTERS:
            for language, probability in self._probable(text):
                if language in scores:
                    scores[language] += math.log(max(probability, _LEAST))
        return _best(scores)

    def _classified(self, text: str, among: Sequence[str]) -> Guess:
        scores = dict.fromkeys(among, math.log(_LEAST))
        for language, probability in self._probable(text):
            if language in scores:
                scores[language] = math.log(max(probability, _LEAST))
        return _best(scores)

    def _probable(self, text: str) -> list[tuple[str, float]]:
        """Expected languages with the classifier's probabilities; none until it is there."""
        if self._identifier is None:
            if self._loading is None:
                self._loading = Thread(target=self.load, name="teppan-languages", daemon=True)
                self._loading.start()
            return []
        ranked: list[tuple[str, float]] = self._identifier.rank(text.lower())
        return ranked


_LETTERS = 6
"""Letters without any small word from which the classifier is asked."""


def quiet(text: str) -> bool:
    """Whether a text says nothing that a language is told by: thanks, yes, numbers, addresses."""
    bare = unicodedata.normalize("NFKC", _NOISE.sub(" ", text)).lower()
    small, signs = _quiet()
    for sign in signs:
        bare = bare.replace(sign, " ")
    return all(word in small for word in _WORD.findall(bare))


def _script(text: str) -> str | None:
    """The script a text speaks in. Latin words between signs of another script are often names and
    loan words, and the other way round: what holds more of the text decides."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    weights: dict[str, float] = {
        name: count * (_SIGN if name in _SPACELESS else 0.2) for name, count in counts.items()
    }
    east = weights["kana"] + weights["han"]
    latin = [word for word in _WORD.findall(text) if word[0].isascii() or _is_latin(word[0])]
    weights["kana"] = east if counts["kana"] and not _only_no(text, counts) else 0.0
    weights["han"] = 0.0 if weights["kana"] else east
    name = max(weights, key=lambda each: weights[each])
    if not weights[name]:
        return "latin" if latin else None
    framing = sum(word.lower() in _framing() for word in latin)
    return "latin" if len(latin) > weights[name] and framing >= 2 else name


def _only_no(text: str, counts: Mapping[str, int]) -> bool:
    """One `の` in a text of Chinese signs is decoration."""
    return counts["kana"] == 1 and "の" in text and any(sign in _ZH_SIGNS for sign in text)


def _is_latin(sign: str) -> bool:
    return "\u00c0" <= sign <= "\u024f"


def _of_east(text: str, here: Sequence[str], *, kana: bool) -> Guess:
    length = _length(text)
    if not here or (kana and "ja" not in here):
        return Guess()
    if kana:
        return Guess("ja", length)
    if len(here) == 1:
        return Guess(here[0], length)
    han = _SCRIPTS["han"].findall(_JA_NOT.sub("", text))
    chinese = sum(2.0 * (not _in(sign, "shift_jis")) or float(sign in _ZH_SIGNS) for sign in han)
    chinese += 2.0 * len(_ZH_WORDS.findall(text))
    japanese = sum(2.0 for sign in text if _only_japanese(sign))
    japanese += 2.0 * len(_JA_WORDS.findall(text))
    if chinese == japanese:
        return Guess(here[0])
    return _best({"zh": chinese, "ja": japanese})


def _length(text: str) -> float:
    """How much a script alone tells: a sign or two may be a name."""
    return 1.2 * sum(len(_SCRIPTS[name].findall(text)) for name in _LANGUAGES)


@cache
def _in(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _only_japanese(sign: str) -> bool:
    if _SCRIPTS["han"].match(sign) is None or not _in(sign, "shift_jis"):
        return False
    return sign == "々" or not (_in(sign, "gb2312") or _in(sign, "big5"))


def _votes(
    found: Sequence[str], words: Sequence[str], text: str, among: Sequence[str]
) -> dict[str, float]:
    """What small words and letters with marks say for each language."""
    votes = dict.fromkeys(among, 0.0)
    lists = {name: _small().get(name, frozenset()) | _moods(name) for name in among}
    for word in words:
        saying = [name for name in among if word in lists[name]]
        if len(saying) < len(among) or len(among) == 1:
            for name in saying:
                votes[name] += VOTE / len(saying)
    for name in among:
        marked = sum(sign in text.lower() for sign in _MARKS.get(name, ""))
        plain = [word for word in found if word.islower()]
        marked += any(sign in word for word in plain for sign in _ACCENTS.get(name, ""))
        votes[name] += VOTE * marked
    return votes


def _best(scores: Mapping[str, float]) -> Guess:
    ranked = sorted(scores, key=lambda name: -scores[name])
    lead = scores[ranked[0]] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
    return Guess(ranked[0], lead) if lead >= FAIR else Guess()


@cache
def _tables() -> dict[str, frozenset[str]]:
    text = (files(__package__) / "small_words.toml").read_text("utf-8")
    return {name: frozenset(listed.split()) for name, listed in tomllib.loads(text).items()}


@cache
def _small() -> dict[str, frozenset[str]]:
    return {name: words for name, words in _tables().items() if not name.startswith("quiet")}


@cache
def _framing() -> frozenset[str]:
    """Small words of languages in Latin letters: what a sentence around loan words is made of."""
    return frozenset().union(*(words for name, words in _small().items() if name not in _ELSEWHERE))


@cache
def _quiet() -> tuple[frozenset[str], tuple[str, ...]]:
    signs = sorted(_tables()["quiet_signs"], key=len, reverse=True)
    return _tables()["quiet"], tuple(signs)


@cache
def _moods(language: str) -> frozenset[str]:
    if language not in shipped():
        return frozenset()
    words = shipped()[language]
    return frozenset((*words.good, *words.bad, *words.negations)) if words.spaced else frozenset()
