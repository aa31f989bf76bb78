"""Sums found in a question, worked out exactly."""

import ast
import operator
import re
from collections.abc import Callable
from fractions import Fraction

_WORDS = (
    (r"\bmultiplied by\b|\btimes\b|[×✕]", "*"),
    (r"\bdivided by\b|\bover\b|÷", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
)
_SUM = re.compile(r"[-(\d.][\d\s.+\-*/()]*[+\-*/][\d\s.+\-*/()]*[\d)]")
_LONGEST = 120
_Number = Fraction
_OPERATORS: dict[type[ast.operator], Callable[[_Number, _Number], _Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def solve(text: str) -> Fraction | None:
    """The value of the first sum in the text, or None when there is none (`**` is not a sum)."""
    for pattern, sign in _WORDS:
        text = re.sub(pattern, sign, text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    for match in _SUM.finditer(text):
        if len(match.group()) > _LONGEST or re.search(
            r"\d{4}-\d\d-\d\d|\d-\d{3}-\d", match.group()
        ):
            continue
        try:
            return _value(ast.parse(match.group().strip(), mode="eval").body)
        except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
            continue
    return None


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("not a sum")


def shown(value: Fraction) -> str:
    """The number as people write it: whole, or with up to six decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
