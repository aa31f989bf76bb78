"""`teppan.toml` and the environment, read once into frozen settings.

The environment wins over the file, whether it says `TEPPAN_SECTION__FIELD` or one of the names in
`environment.py`. Keys are never written in settings, only where to find them:
`env:NAME` or `file:PATH`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from teppan.config.environment import named_by, with_environment
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.core.secret import Secret

FILE = "teppan.toml"


def load(path: Path | None = None) -> Settings:
    """The settings of `path`, else of `teppan.toml` in this folder when there is one.

    Raises `ConfigError` naming the file, the field and what is wrong with it.
    """
    if path is None:
        path = Path(os.environ.get("TEPPAN_CONFIG", FILE))
        if not path.exists():
            return parse({}, "the environment")
    return parse(read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises `ConfigError` when it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `teppan init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def parse(tables: Mapping[str, Any], origin: str) -> Settings:
    """Settings from decoded tables and the environment; `origin` names them in errors."""

    class FromTables(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, init_settings

    try:
        return FromTables(**with_environment(tables, os.environ))
    except ValidationError as error:
        raise ConfigError(f"{origin}: {told(error)}") from None


def resolve_key(reference: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """The key a reference points at. Raises `ConfigError` when it points nowhere."""
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        value = environment.get(place, "")
        if not value:
            raise ConfigError(f"the environment variable {place} is not set (key `{reference}`)")
        return Secret(value.strip())
    if kind == "file" and place:
        try:
            return Secret(Path(place).expanduser().read_text("utf-8").strip())
        except OSError as error:
            raise ConfigError(f"key `{reference}`: {error.strerror}") from None
    raise ConfigError(
        "a key is given by reference, `env:NAME` or `file:PATH`, never as the key itself"
    )


def told(error: ValidationError, keys: Collection[str] = ()) -> str:
    """Each problem: the field's path and what is wrong; never the value, it may be a key.

    `keys` are those a file of a pack may have; without them it is about `teppan.toml`.
    """
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        path = [str(part) for part in problem["loc"]]
        named = named_by(path[0], path[1], os.environ) if len(path) == 2 else None
        field = ".".join(path) + (f" (from {named})" if named else "")
        told = problem["msg"]
        if problem["type"] == "extra_forbidden":
            told = _unknown(path[-1], keys)
        lines.append(f"`{field}`: {told[0].lower()}{told[1:]}")
    return "; ".join(lines)


def _unknown(key: str, keys: Collection[str]) -> str:
    if not keys:
        return "there is no such setting; `teppan config --fields` lists them"
    near = difflib.get_close_matches(key, list(keys), n=1, cutoff=0.6)
    if near:
        return f"there is no such key; did you mean `{near[0]}`?"
    return f"there is no such key; there are: {', '.join(keys)}"
