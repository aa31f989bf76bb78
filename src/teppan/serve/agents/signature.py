"""A Python function -> the JSON Schema a model is shown, and arguments checked against it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError

from teppan.core.errors import ConfigError
from teppan.core.tool import Talk


class BadArguments(Exception):
    """What a model wrote is not what the function takes; the words name each argument."""


class Signature:
    """What a function takes. `talk` is the name of the parameter that the gateway fills in."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        """Raises `ConfigError` for a parameter without a type, or of one that JSON cannot say."""
        self.name = name
        self.talk: str | None = None
        fields: dict[str, Any] = {}
        try:
            hints = typing.get_type_hints(function, include_extras=True)
        except NameError as error:
            raise ConfigError(
                f"tool `{name}`: a type of its arguments is unknown: {error}"
            ) from None
        for parameter in inspect.signature(function).parameters.values():
            hint = hints.get(parameter.name)
            if hint is Talk:
                self.talk = parameter.name
                continue
            if hint is None or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise ConfigError(
                    f"tool `{name}`: argument `{parameter.name}` needs a type, such as "
                    f"`{parameter.name}: int`"
                )
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (_described(hint), default)
        try:
            self._model: type[BaseModel] = create_model(
                name, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields
            )
            self.schema: Mapping[str, Any] = _plain(self._model.model_json_schema())
        except PydanticUserError as error:
            told = str(error).partition("\n")[0]
            raise ConfigError(f"tool `{name}`: its arguments cannot be described: {told}") from None

    def read(self, arguments: str) -> dict[str, Any]:
        """Values for the function, by name. Raises `BadArguments`."""
        try:
            read = self._model.model_validate_json(arguments.strip() or "{}")
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}"
                for each in error.errors(include_url=False, include_context=False)
            )
            raise BadArguments(told) from None
        return {name: getattr(read, name) for name in self._model.model_fields}

    def same(self, arguments: str) -> str:
        """The arguments in one spelling, with what was left out: equal texts mean equal calls.

        Raises `BadArguments`.
        """
        return canonical(self._model(**self.read(arguments)).model_dump(mode="json"))


def canonical(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _described(hint: Any) -> Any:
    """`Annotated[int, "how many"]` as pydantic wants it said."""
    if typing.get_origin(hint) is not Annotated:
        return hint
    kind, *notes = typing.get_args(hint)
    said = [Field(description=each) if isinstance(each, str) else each for each in notes]
    return Annotated[kind, *said]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the titles, which say the names again."""

    def without(value: Any, names: bool) -> Any:
        if isinstance(value, dict):
            return {
                key: without(each, key in ("properties", "$defs"))
                for key, each in value.items()
                if names or key != "title"
            }
        return [without(each, False) for each in value] if isinstance(value, list) else value

    plain: dict[str, Any] = without(schema, False)
    return plain
