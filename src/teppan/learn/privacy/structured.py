"""Kinds with a form: addresses of mail and machines, cards, accounts, ids, secrets, dates of birth.

A `Form` is a pattern and a check. What is private is the group `v` of the pattern, or all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from teppan.learn.privacy import checks
from teppan.learn.privacy.cues import DATE, LATIN_END, LATIN_START, LINK, TIGHT, cued, word
from teppan.learn.privacy.spans import Kind, Span

Check = Callable[[str], bool]


class Form(Struct, frozen=True):
    kind: Kind
    pattern: re.Pattern[str]
    sure: float
    check: Check | None = None


_LETTER = r"A-Za-z0-9\u00c0-\u024f"
_LOCAL = rf"(?<![{_LETTER}._%+'-])[{_LETTER}_%+-][{_LETTER}._%+'-]{{0,63}}"
_LABEL = rf"(?:[{_LETTER}\u0400-\u04ff-]{{1,63}}|[\u3040-\u30ff\u4e00-\u9fff]{{1,20}})"
_TOP = rf"(?:[A-Za-z][A-Za-z-]{{1,23}}(?![{_LETTER}])|рф|中国|中國|公司|网络|测试|台灣|みんな|香港)"

_DOT = r"(?:[ ]?[\[({<][ ]?(?:dot|punto|punkt)[ ]?[\])}>][ ]?|[ ](?:dot|punto|punkt)[ ])"

_MAIL = (
    Form("email", re.compile(rf"{_LOCAL}@(?:{_LABEL}\.){{1,6}}{_TOP}"), 0.98),
    Form(
        "email",
        re.compile(
            rf"{_LOCAL}[ ]?[\[({{<][ ]?(?:at|arroba|ät|@)[ ]?[\])}}>][ ]?"
            rf"(?:[{_LETTER}-]{{1,63}}(?:{_DOT}|\.)){{1,4}}{_TOP}",
            re.IGNORECASE,
        ),
        0.97,
    ),
    Form(
        "email",
        re.compile(
            rf"{_LOCAL}[ ](?:at|arroba|@)[ ](?:[{_LETTER}-]{{1,63}}{_DOT}){{1,4}}{_TOP}",
            re.IGNORECASE,
        ),
        0.97,
    ),
)

_HEX = r"[0-9A-Fa-f]"

_MACHINES = (
    Form(
        "ip",
        re.compile(
            r"(?<!ersion )(?<!elease )(?<![Vv§.\d])(?<!ection )(?P<v>(?:\d{1,3}\.){3}\d{1,3})"
            r"(?!\.?\d)"
        ),
        0.9,
        checks.ip,
    ),
    Form(
        "ip",
        re.compile(rf"(?<![\w:.])(?P<v>{_HEX}{{0,4}}(?::{{1,2}}{_HEX}{{1,4}}){{2,7}})(?![\w:])"),
        0.9,
        checks.ip,
    ),
    Form("ip", re.compile(r"(?<![\w:.])(?P<v>[0-9A-Fa-f]{1,4}::[0-9A-Fa-f]{1,4})(?![\w:])"), 0.85,
         checks.ip),
    Form("ip", re.compile(rf"(?<![\w:-])(?:{_HEX}{{2}}[:-]){{5}}{_HEX}{{2}}(?![\w:-])"), 0.95),
)  # fmt: skip


def _secretive(value: str) -> bool:
    """Not a plain word: `password is required` tells none."""
    plain = value.isalpha() and (value.islower() or value.istitle())
    return not plain and not value.startswith("[")


_SECRET_WORDS = word(
    "passwords?", "passcode", "passphrase", "pwd", "pin(?:[ -]?code)?", "api[_ -]?key",
    "secret(?:[_ ]key)?", "access[_ ]token", "token", "pass(?=:)", "contraseña", "clave",
    "passwor[td]",
    "kennwort", "aws key",
) + r"|密码|密碼|口令|验证码|驗證碼|パスワード|暗証番号?|パスコード|認証コード"  # fmt: skip
_HIDDEN = r"[!-~]{2,79}[A-Za-z0-9!$%&*+/=@#^_~|?-]"

_SECRETS = (
    Form(
        "secret",
        re.compile(
            LATIN_START + r"(?:(?:sk|pk|rk)[-_](?:[A-Za-z]{2,8}[-_])?[A-Za-z0-9_-]{12,120}"
            r"|gh[pousr]_[A-Za-z0-9]{20,80}|github_pat_\w{20,100}|glpat-[\w-]{16,40}"
            r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,45}|xox[abprs]-[A-Za-z0-9-]{10,100}"
            r"|hf_[A-Za-z0-9]{20,60}|eyJ[\w-]{8,800}\.[\w-]{4,2000}\.[\w-]{4,800})"
        ),
        0.99,
    ),
    Form(
        "secret",
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{1,8000}?-----END [A-Z "
                   r"]{0,30}KEY-----"),
        1.0,
    ),
    Form("secret", re.compile(r"://(?P<v>[^\s/@:]{1,64}:[^\s/@]{1,64})@"), 0.99),
    Form("secret", cued(_SECRET_WORDS, _HIDDEN, link=TIGHT), 0.95, _secretive),
    Form(
        "secret",
        cued(_SECRET_WORDS, r"(?=[^\s\d]{0,40}\d)" + _HIDDEN, link=LINK),
        0.93,
        _secretive,
    ),
    Form("secret", cued(word("bearer"), r"[\w.~+/=-]{12,2000}", link=r"[ ]{1,2}"), 0.96),
)  # fmt: skip

_EXPIRES = (
    word("exp(?:iry|ires?|iring|iration)?(?:[ ]date)?", r"valid (?:thru|until|through)", "caduca",
         "vence", "vencimiento", "caducidad", "gültig bis", "ablaufdatum")
    + r"\.?|有效期(?:至|到)?|有効期限|到期"
)  # fmt: skip
_CARDS = (
    Form("card", re.compile(r"(?<![\w.-])[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])"), 0.9),
    Form("card", re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])(?<!\.)", re.ASCII),
    0.97, checks.card),
    Form(
        "card",
        cued(
            word(r"(?:credit |debit )?card number", "card no", "tarjeta", "kreditkarte", "karten?")
            + "|カード番号|银行卡号?|信用卡号?|卡号",
            r"\d(?:[ -]?\d){12,18}(?!\d)",
        ),
        0.96,
    ),
    Form(
        "card",
        re.compile(
            r"(?:end(?:s|ing)? (?:in|with)|last (?:four|4)(?: digits)?(?: are| is|:)?|"
            r"termina(?:da|do|ndo)? en|endet auf|下4桁(?:は|が|：|:)?|尾号(?:是|为|:)?|末尾)"
            r"[ ]{0,2}(?P<v>\d{4})(?!\d)",
            re.IGNORECASE,
        ),
        0.94,
    ),
    Form(
        "card",
        cued(
            word("cvv2?", "cvc2?", "csc", "security code", "código de seguridad", "prüfziffer")
            + "|安全码|セキュリティコード",
            r"\d{3,4}(?!\d)",
        ),
        0.95,
    ),
    Form("card", cued(_EXPIRES, r"(?:0?[1-9]|1[0-2])[ ]?[/-][ ]?(?:20)?\d\d(?![\d/-])|(?:0[1-9]|"
                                r"1[0-2])[2-4]\d(?![\d/-])"), 0.94),
)  # fmt: skip

_ACCOUNT_WORDS = (
    word("account", "acct", "a/c", "routing", "sort code", "cuenta", "clabe", "konto(?:nummer)?",
         "blz", "bankleitzahl")
    + "|账号|帐号|帳號|账户|银行账户|口座番号|口座"
)  # fmt: skip
_ACCOUNTS = (
    Form(
        "account",
        re.compile(
            rf"{LATIN_START}[A-Z]{{2}}\d{{2}}(?:[ -]?[A-Za-z0-9]{{4}}){{2,7}}"
            rf"(?:[ -]?[A-Za-z0-9]{{1,4}})?{LATIN_END}"
        ),
        0.99,
        checks.iban,
    ),
    Form("account", cued(_ACCOUNT_WORDS, r"\d(?:[ -]?\d){5,21}(?!\d)"), 0.95),
)  # fmt: skip

_BORN = (
    word("born", "d\\.?o\\.?b", "dates? of birth", "birth[ _-]?dates?", "bday",
    "turned \\d{1,2} on", "birth[ _-]?day is",
         "birthday:", "nac[ií](?:d[oa]|ó)?", r"fecha de nac\w{0,12}",
         r"(?<!fiesta de )cumpleaños(?: es|:)", "geboren",
         r"geb\.", "geburtsdatum", "geburtstag (?:ist|:)")
    + r"\.?|出生日期|出生于|出生年月日?|生于|生年月日|誕生日(?=[はが:])|生日(?=[是为:])"
)  # fmt: skip
_BIRTHS = (
    Form("birth", cued(_BORN, rf"(?:{DATE}|(?:19|20)\d\d(?!\d)年?)"), 0.95),
    Form(
        "birth",
        re.compile(rf"(?P<v>{DATE})[ ]{{0,2}}に?(?:出生|生まれ|geboren|生(?=的|[，。、,.\s]|$))",
                   re.IGNORECASE),
        0.95,
    ),
)  # fmt: skip

_HANDLES = (
    Form("handle", re.compile(r"(?<![A-Za-z0-9_.@/])@[A-Za-z_][A-Za-z0-9_.]{1,29}[A-Za-z0-9_]"),
    0.8),
    Form(
        "handle",
        cued(
            word("instagram", "insta", "telegram", "twitter", "skype", "snapchat", "discord",
            "tiktok",
                 "line id", "wechat(?: id)?")
            + "|微信号?|微信ID|QQ号?|LINE[ ]?ID|インスタ",
            r"@?(?=[A-Za-z0-9._-]{0,20}[\d_@])[A-Za-z0-9_][A-Za-z0-9_.-]{3,30}",
        ),
        0.9,
    ),
)  # fmt: skip

FORMS = (*_MAIL, *_MACHINES, *_SECRETS, *_CARDS, *_ACCOUNTS, *_BIRTHS, *_HANDLES)


def matches(text: str, forms: tuple[Form, ...] = FORMS) -> Iterator[Span]:
    """What has one of these forms, in a text of one form of digits (`plain.py`)."""
    for form in forms:
        group = "v" if "v" in form.pattern.groupindex else 0
        for found in form.pattern.finditer(text):
            if form.check is None or form.check(found[group]):
                start, end = found.span(group)
                yield Span(start, end, form.kind, form.sure)
