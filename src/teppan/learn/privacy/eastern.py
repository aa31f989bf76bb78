"""Names of people in Chinese and Japanese signs: by the words around them and by family names.

There are no spaces, so a name ends where a word of the language begins. A Chinese name is a family
name and one or two signs; a Japanese one is known by its family name, by `様` and `さん`, or by
`と申します`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from teppan.learn.privacy.lexicon import Lexicon
from teppan.learn.privacy.spans import Span

_HAN = "\u3400-\u9fff々"
_KANA = "ァ-ヶー"
_END = r"(?=[ ,.!?:;，。！？、；：)\n）]|$)"


_NEXT = (
    "明天|今天|昨天|电话|手机|邮箱|地址|身份|住在|生日|可以|能否|能不|应该|同意|已经|已付|预订|预约"
)
"""Words that may follow a name at once."""


class ChineseNames:
    def __init__(self, words: Lexicon) -> None:
        self._words = words
        family = f"(?:{'|'.join(words.zh_double)}|[{''.join(sorted(words.zh_family))}])"
        stops = "".join(sorted(words.zh_stops))
        sign = f"(?!{_NEXT})[^\\W\\d_a-zA-Z{stops}]"
        given = f"{sign}{{1,2}}"
        people = "|".join(words.zh_people)
        titles = "|".join(words.zh_titles)
        common = f"[{''.join(sorted(words.zh_given))}]{{1,2}}"
        latin = r"[A-Z][A-Za-z'-]{1,20}(?: [A-Z][A-Za-z'-]{1,20}){0,3}"
        says = (
            "(?:我(?:的)?(?:名字|全名|姓名)?(?:叫做?|是叫)|我的名字是|名字[叫是:]|姓名[是为:]?|本人|"
            "名叫|他叫|她叫)"
        )
        labels = (
            "(?:联系人|收件人|收货人|预订人|预约人|联络人|持卡人|订餐人|客户|署名|抬头|负责人)"
            "(?:姓名)?(?:是|为|叫|:)?"
        )
        after = f"(?=[{stops} :,.!?，。！？、\\n和]|$)"
        self._patterns = tuple(
            (re.compile(pattern), sure)
            for pattern, sure in (
                (rf"(?:{says}|{labels})[ :]{{0,2}}(?P<v>{latin}|{family}[{_HAN}]{{1,2}}{_END}|"
                 rf"{family}{given})", 0.9),
                (rf"{says}[ :]{{0,2}}(?P<v>{sign}{{2,4}}){_END}", 0.8),
                (rf"我是(?P<v>{family}[{_HAN}]{{1,2}}){_END}", 0.85),
                (rf"我姓(?P<v>{family})", 0.9),
                (rf"(?:{people})(?:名字)?(?:叫做?|是)?(?P<v>{family}{common})"
                 rf"(?![{_HAN}]?(?:路|街|市|区))", 0.85),
                (rf"(?P<v>{family}{sign}{{0,2}}?)(?:{titles})", 0.85),
                (rf"(?<![{_HAN}])(?P<v>{family}{common}){after}", 0.7),
                (rf"(?<=[和与跟、是叫谢给请找到见])(?P<v>{family}{common}){after}", 0.68),
                (rf"(?:此致|敬上|祝好|谢谢|顺祝商祺)[,，。!\n ]{{0,3}}(?P<v>{family}{given})"
                 r"\s{0,3}$", 0.85),
            )
        )  # fmt: skip

    def matches(self, text: str) -> Iterator[Span]:
        for pattern, sure in self._patterns:
            for found in pattern.finditer(text):
                yield Span(*found.span("v"), "name", sure)


class JapaneseNames:
    def __init__(self, words: Lexicon) -> None:
        family = f"(?:{'|'.join(words.ja_family)})"
        longer = f"(?:{'|'.join(each for each in words.ja_family if len(each) > 1)})"
        titles = "|".join(words.ja_titles)
        people = "|".join(words.ja_people)
        ends = "".join(sorted(words.ja_ends))
        soft = "(?!さん|さま|くん|ちゃん|です|から|まで|には|では|とは)[ぁ-ん]{2,4}"
        kata = f"[{_KANA}]{{2,10}}(?:[ ・][{_KANA}]{{2,10}}){{0,2}}"
        two = f"[{_KANA}]{{2,10}}[ ・][{_KANA}]{{2,10}}"
        given = f"[ ]?(?:[{_HAN}]{{1,3}}|{soft}|[{_KANA}]{{2,6}})"
        full = f"{family}{given}"
        label = (
            "(?:お?名前|氏名|予約者|代表者|担当者|ご?契約者|宛名|名義人?|フリガナ|お客様名)"
            "(?:は|:|が| )[ :]{0,2}"
        )
        says = r"(?=と申します|と申し|といいます|と言います|と名乗)"
        begin = r"(?:(?<=[。、!?\n ])|^)"
        self._patterns = tuple(
            (re.compile(pattern), sure)
            for pattern, sure in (
                (rf"(?P<v>{full}|[{_HAN}]{{1,4}}(?:[ ][{_HAN}]{{1,3}})?|{kata}){says}", 0.9),
                (rf"{label}(?P<v>{full}?(?=です|と|。|、|\n|$|  |[ ]{{1,2}}[^ ]{{1,6}}:)|{kata}|"
                 rf"[{_HAN}]{{1,4}}(?:[ ][{_HAN}]{{1,4}})?(?=です|と|。|、|\n|$))", 0.88),
                (rf"(?P<v>{family}(?:[{_HAN}]{{1,3}}|[ ][{_HAN}]{{1,3}})?)[ ]?(?={titles})", 0.85),
                (rf"(?:{people})の(?P<v>[{_HAN}]{{1,4}}|{kata}|[ぁ-ん]{{2,4}}(?=くん|ちゃん|さん))"
                 r"(?=は|が|と|です|も|、|。|さん|くん|ちゃん|君|に|を)", 0.82),
                (rf"{begin}(?P<v>{longer}{given}?|{two})(?=です|でございます)", 0.82),
                (rf"(?<![{_HAN}])(?P<v>{longer}[ ]?(?:[{_HAN}]{{0,2}}[{ends}]|{soft}))"
                 r"(?=[とものがはにを、。 ]|さん|様|です|$)", 0.7),
                (rf"(?:します|ました|致します|ください)[。.]?[ \n]{{0,2}}(?P<v>{family}{given}?)"
                 r"\s{0,3}$", 0.85),
                (rf"(?<=[とや、])(?P<v>{longer}[ ]?(?:[{_HAN}]{{0,2}}[{ends}]|{soft}))"
                 r"(?=[とものがはにを、。 ]|さん|様|$)", 0.68),
            )
        )  # fmt: skip

    def matches(self, text: str) -> Iterator[Span]:
        for pattern, sure in self._patterns:
            for found in pattern.finditer(text):
                yield Span(*found.span("v"), "name", sure)
