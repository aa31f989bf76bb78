"""Check digits: is this number one that its issuer could have given out?

Every function takes the letters and digits of a value, without spaces and dashes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_CURP = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)
_CHINA = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_KOREA = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""One step of Verhoeff's permutation."""


def compact(value: str) -> str:
    return "".join(letter for letter in value if letter.isascii() and letter.isalnum()).upper()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        step = int(digit) * (1 + place % 2)
        total += step - 9 if step > 9 else step
    return total % 10 == 0


def card(value: str) -> bool:
    """13 to 19 digits that begin like a card's and pass Luhn; not one digit again and again."""
    digits = compact(value)
    return (
        digits.isdigit()
        and 13 <= len(digits) <= 19
        and digits[0] in "23456"
        and len(set(digits)) > 1
        and luhn(digits)
    )


def iban(value: str) -> bool:
    """ISO 13616: the remainder by 97 is 1."""
    whole = compact(value)
    if not 15 <= len(whole) <= 34 or not (whole[:2].isalpha() and whole[2:4].isdigit()):
        return False
    return int("".join(str(int(letter, 36)) for letter in whole[4:] + whole[:4])) % 97 == 1


def spanish(value: str) -> bool:
    """DNI and NIE: the letter follows from the number."""
    whole = compact(value)
    number = whole[:-1]
    if number[:1] in ("X", "Y", "Z"):
        number = f"{'XYZ'.index(number[0])}{number[1:]}"
    return number.isdigit() and _DNI[int(number) % 23] == whole[-1]


def chinese(value: str) -> bool:
    """GB 11643: 17 digits and one of `10X98765432`."""
    whole = compact(value)
    if len(whole) != 18 or not whole[:17].isdigit():
        return False
    return "10X98765432"[_weighed(_CHINA, whole) % 11] == whole[17]


def my_number(value: str) -> bool:
    """The Japanese individual number: 11 digits and one to check them."""
    digits = compact(value)
    if len(digits) != 12 or not digits.isdigit():
        return False
    rest = _weighed((6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), digits) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def korean(value: str) -> bool:
    digits = compact(value)
    if len(digits) != 13 or not digits.isdigit() or not "01" <= digits[2:4] <= "12":
        return False
    return (11 - _weighed(_KOREA, digits) % 11) % 10 == int(digits[12])


def brazilian(value: str) -> bool:
    """CPF: nine digits and two to check them."""
    digits = compact(value)
    if len(digits) != 11 or not digits.isdigit() or len(set(digits)) == 1:
        return False
    return all(
        _weighed(range(size + 1, 1, -1), digits) * 10 % 11 % 10 == int(digits[size])
        for size in (9, 10)
    )


def indian(value: str) -> bool:
    """Aadhaar: twelve digits by Verhoeff's scheme, over the dihedral group of ten."""
    digits = compact(value)
    if len(digits) != 12 or not digits.isdigit() or digits[0] in "01":
        return False
    check = 0
    for place, letter in enumerate(reversed(digits)):
        step = int(letter)
        for _ in range(place % 8):
            step = _TURN[step]
        check = _dihedral(check, step)
    return check == 0


def _dihedral(left: int, right: int) -> int:
    """The product in the group of the turns and flips of a pentagon."""
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right - 5) % 5
    return 5 + (left - 5 - right) % 5 if right < 5 else (left - right) % 5


def german_tax(value: str) -> bool:
    """The Steuer-ID: ten digits, then ISO 7064 MOD 11,10."""
    digits = compact(value)
    if len(digits) != 11 or not digits.isdigit():
        return False
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def mexican(value: str) -> bool:
    """CURP: the last digit follows from the seventeen before."""
    whole = compact(value)
    if len(whole) != 18 or not whole[17].isdigit():
        return False
    total = sum(_CURP.index(letter) * (18 - at) for at, letter in enumerate(whole[:17]))
    return (10 - total % 10) % 10 == int(whole[17])


def italian(value: str) -> bool:
    """Codice fiscale: the last letter follows from the fifteen before."""
    whole = compact(value)
    if len(whole) != 16:
        return False
    total = 0
    for at, letter in enumerate(whole[:15]):
        number = int(letter) if letter.isdigit() else ord(letter) - 65
        total += number if at % 2 else _ODD[number]
    return chr(65 + total % 26) == whole[15]


def ip(value: str) -> bool:
    """IPv4 or IPv6 of a machine; loopback is nobody's, `::` and times of day only look like one."""
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return False
    if found.is_loopback or found.is_unspecified:
        return False
    return found.version == 4 or any(letter.isdigit() for letter in value)


def _weighed(weights: Sequence[int] | range, digits: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
