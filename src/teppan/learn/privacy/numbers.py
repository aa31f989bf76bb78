"""What states give out, and what a business gives out: ids, plates, codes of bookings."""

from __future__ import annotations

import re

from teppan.learn.privacy import checks
from teppan.learn.privacy.cues import LATIN_END, LATIN_START, LINK, cued, word
from teppan.learn.privacy.structured import Form


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{LATIN_START}(?:{pattern}){LATIN_END}")


_ID_WORDS = (
    word(
        "passport", "pasaporte", "reisepass(?:nummer)?", r"driv(?:er|ing)'?s?'? licen[cs]e",
        "licencia",
        "führerschein(?:nummer)?", "national id", "id (?:card|number)", "identity card",
        "(?:personal)?ausweis(?:nummer)?", "cédula", "ssn", "my dl", "dl number",
        "social security", "tax id",
        "ni number", "national insurance", "steuer-?id", "steuernummer", "dni", "nie", "curp",
        "rfc",
        "aadhaar", "cpf", "rut", "medicare", "nino",
    )
    + "|护照|護照|パスポート|旅券|驾照|驾驶证|駕照|運転免許証?|免許証|身份证|身分證|证件|"
    "マイナンバー|個人番号|在留カード"
)  # fmt: skip
_ID = r"[A-Z]{0,4}[. -]?\d(?:[. -]?[0-9A-Z]){3,17}"
_PLATE = r"[A-ZÄÖÜ0-9]{1,4}[ ·-]?[A-Z0-9]{1,4}(?:[ -][A-Z0-9]{1,4})?"
_CHINA = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


_ENDING = r"[ ]{1,2}(?:number )?(?:end(?:s|ing)(?: in| with)?|last (?:four|4))[ :]{1,2}"


def _four_digits(value: str) -> bool:
    return sum(letter.isdigit() for letter in value) >= 4


def _has_digit(value: str) -> bool:
    return any(letter.isdigit() for letter in value)


IDS = (
    Form("id", _shape(r"(?!000|666|9)\d{3}([ -])(?!00)\d{2}\1(?!0000)\d{4}"), 0.96),
    Form("id", _shape(r"9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}"), 0.95),
    Form("id", _shape(r"\d{7,8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]"), 0.96, checks.spanish),
    Form("id", _shape(r"\d{17}[\dXx]"), 0.985, checks.chinese),
    Form("id", _shape(r"\d{4}[ -]\d{4}[ -]\d{4}(?![ -]?\d)"), 0.95, checks.my_number),
    Form("id", _shape(r"\d{4}[ -]\d{4}[ -]\d{4}(?![ -]?\d)"), 0.95, checks.indian),
    Form("id", _shape(r"\d{6}-\d{7}"), 0.96, checks.korean),
    Form("id", _shape(r"\d{3}\.\d{3}\.\d{3}-\d{2}"), 0.96, checks.brazilian),
    Form("id", _shape(r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d"), 0.97, checks.mexican),
    Form("id", _shape(r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]"), 0.97, checks.italian),
    Form("id", _shape(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:\d\d ?)"
                      r"{3}[A-D]"), 0.95),
    Form("id", re.compile(rf"[{_CHINA}][A-Z][ ·]?[A-Z0-9]{{5,6}}(?![A-Z0-9])"), 0.95),
    Form("id", cued(_ID_WORDS, _ID), 0.965, _four_digits),
    Form("id", cued(word("ssn", "social security"), r"\d{4}(?!\d)", link=_ENDING), 0.95),
    Form(
        "id",
        cued(
            word(r"(?:license |number |licence )?plate(?: number)?", "matrícula", "placas?",
            "kennzeichen")
            + "|车牌号?|車牌號?|ナンバープレート",
            rf"(?-i:{_PLATE})",
        ),
        0.94,
        _has_digit,
    ),
)  # fmt: skip

_CODE_WORDS = (
    word(
        "booking", "reservation", "confirmation", "order", "invoice", "ticket", "tracking",
        "reference",
        "case", "membership", "customer",
    )
    + r"(?:[ ](?:code|number|num|no|id|ref(?:erence)?|nr)\b\.?|[ ]?#)"
)  # fmt: skip
_CODE_PLACES = (
    word(
        "(?:código|número|n[º°]|núm|folio|localizador) de (?:reserva|pedido|confirmación|orden|"
        "factura|cliente)",
        "(?:buchungs|bestell|reservierungs|rechnungs|kunden|auftrags|bestätigungs)-?(?:nummer|"
        "code|nr)",
    )
    + "|(?:预订|預訂|预约|預約|订单|訂單|确认|確認|订座|会员|發票|发票|快递)"
    "(?:编号|編號|号码|号|號|码|碼|代码)"
    "|(?:予約|注文|確認|会員|請求書|受付|問い合わせ)(?:番号|コード|ID)"
)  # fmt: skip
_CODE = r"(?=[A-Z_-]{0,12}[0-9]|[A-Z]{5,12}(?![a-z]))[A-Z0-9](?:[A-Z0-9_-]{2,28})[A-Z0-9]"
_LOOSE = r"(?=[A-Z-]{1,6}[0-9]|[0-9]{1,6}[A-Z])(?=[A-Z-]{0,8}[0-9])[A-Z0-9][A-Z0-9-]{3,20}[A-Z0-9]"


def _coded(value: str) -> bool:
    """`CODE1` and `QX7PLM` are, `online` is not."""
    return _has_digit(value) or (value.isupper() and value.isalpha())


CODES = (
    Form("code", cued(f"{_CODE_WORDS}|{_CODE_PLACES}", _CODE), 0.96, _coded),
    Form(
        "code",
        cued(
            word("booking", "reservation", "order", "reserva", "pedido", "buchung", "bestellung"),
            rf"(?-i:{_LOOSE})",
            link=LINK,
        ),
        0.9,
        _has_digit,
    ),
)
