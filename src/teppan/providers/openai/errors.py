"""What an error object of this family means, in a refused request or inside a success.

{"error": {"message", "type", "param", "code"}}      the published form
{"error": "words"}, {"message": "words"}, {"detail": ...}   what imitators send
"""

from __future__ import annotations

from collections.abc import Mapping

from teppan.core.chat import Json
from teppan.core.errors import ProviderError
from teppan.providers.failures import failure, wait_asked
from teppan.providers.wire import Object, dump_text, parse_value, text_or_none


def error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The typed error of a refused request; any body will do, none is quoted at length."""
    said = parse_value(body)
    wait = wait_asked(headers)
    if type(said) is list and said and type(said[0]) is dict:
        said = said[0]
    if type(said) is not dict:
        return failure(status, retry_after=wait)
    inner = said.get("error")
    if type(inner) is dict:
        return _typed(status, inner, wait)
    words = text_or_none(inner) or text_or_none(said.get("message")) or _detail(said.get("detail"))
    return failure(
        status,
        kind=_name(said.get("type")),
        code=_name(said.get("code")),
        message=words,
        param=text_or_none(said.get("param")),
        retry_after=wait,
    )


def error_inside(answer: Object) -> ProviderError | None:
    """The error that came in the clothes of a success, if this is one."""
    inner = answer.get("error")
    if type(inner) is dict and inner:
        code = inner.get("code")
        status = code if type(code) is int and 400 <= code <= 599 else 200
        return _typed(status, inner, None)
    if type(inner) is str and inner:
        return failure(200, message=inner)
    if answer.get("object") == "error":
        code = answer.get("code")
        status = code if type(code) is int and 400 <= code <= 599 else 200
        return failure(
            status,
            kind=_name(answer.get("type")),
            code=_name(code),
            message=answer.get("message"),
        )
    return None


def _typed(status: int, inner: Object, wait: float | None) -> ProviderError:
    return failure(
        status,
        kind=_name(inner.get("type")),
        code=_name(inner.get("code")),
        message=inner.get("message"),
        param=text_or_none(inner.get("param")),
        retry_after=wait,
    )


def _name(value: Json) -> str:
    return value if type(value) is str else ""


def _detail(value: Json) -> str | None:
    if type(value) is str:
        return value
    return dump_text(value) if value else None
