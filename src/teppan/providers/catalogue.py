"""Who the vendors are and what their models take: rows of `catalogue.toml`, changed by settings.

    load(settings) ─> Catalogue ─ vendors(environment)          names, addresses, key variables
                                ─ capabilities(vendor, model)   what one model takes and refuses
                                ─ dialects                      the wire formats, by name

The table is data that ages; each row says when it was looked at and where it was read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from teppan.core.errors import ConfigError
from teppan.providers.anthropic.dialect import MessagesDialect
from teppan.providers.base import Capabilities, Dialect, Vendor
from teppan.providers.google.dialect import GenerateContentDialect
from teppan.providers.openai.chat.dialect import ChatDialect
from teppan.providers.openai.responses.dialect import ResponsesDialect

_NEW_VENDOR = "openai_chat"
"""What an address from the settings speaks when it does not say."""

_MOST_MODELS = 4096
"""Capabilities remembered at once; clients may ask for any name."""

_ROW_WORDS = frozenset({"vendor", "match", "seen", "source", "take"})


class ModelRow(Struct, frozen=True, kw_only=True):
    """What the models of a vendor that match one of the patterns take.

    `fields` are those of `Capabilities`, `drop` excepted; `seen` and `source` say how far the
    row can be trusted.
    """

    vendor: str
    match: tuple[str, ...]
    drop: frozenset[str] = frozenset()
    take: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = {}
    seen: str = ""
    source: str = ""

    def applies(self, vendor: str, model: str) -> bool:
        if self.vendor not in ("*", vendor):
            return False
        name = model.lower()
        return any(fnmatchcase(name, pattern) for pattern in self.match)


class Catalogue:
    """The vendors of this process. One per process; it remembers what it looked up."""

    def __init__(self, vendors: Mapping[str, Vendor], rows: Sequence[ModelRow]) -> None:
        self.dialects: Mapping[str, Dialect] = dialects()
        self.rows = tuple(rows)
        self._vendors = vendors
        self._known: dict[tuple[str, str], Capabilities] = {}

    @property
    def names(self) -> Collection[str]:
        return self._vendors.keys()

    def vendors(self, environment: Mapping[str, str]) -> tuple[Vendor, ...]:
        """Every vendor, at the address that the environment may have set."""
        addressed = (_addressed(vendor, environment) for vendor in self._vendors.values())
        return tuple(self._rooted(vendor) for vendor in addressed)

    def _rooted(self, vendor: Vendor) -> Vendor:
        """An address written with `/v1` for a dialect whose paths begin with it: not twice."""
        adds = self.dialects[vendor.dialect].models_path().startswith("/v1/")
        url = vendor.url.rstrip("/")
        if adds and url.endswith("/v1"):
            return msgspec.structs.replace(vendor, url=url.removesuffix("/v1"))
        return vendor

    def suggested(self, vendor: str) -> tuple[str, ...]:
        """Names of models worth trying when nobody chose any."""
        known = self._vendors.get(vendor)
        return known.models if known else ()

    def capabilities(self, vendor: str, model: str) -> Capabilities:
        """What a model takes: every row that matches it, one over the other."""
        key = (vendor, model)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_MODELS:
                self._known.clear()
            known = self._known[key] = self._layered(vendor, model)
        return known

    def _layered(self, vendor: str, model: str) -> Capabilities:
        drop: frozenset[str] = frozenset()
        fields: dict[str, Any] = {}
        known = self._vendors.get(vendor)
        if known is not None and known.version is not None:
            fields["version"] = known.version
        for row in self.rows:
            if row.applies(vendor, model):
                drop = (drop - row.take) | row.drop
                fields.update(row.fields)
        return msgspec.convert({**fields, "drop": drop}, Capabilities)


def load(settings: Mapping[str, Mapping[str, Any]] | None = None) -> Catalogue:
    """The shipped table with the `providers` section of the settings laid over it.

    A row of the settings may have `url`, `dialect`, `headers`, `local`, `models` and
    `capabilities` (by model name or pattern, fields as in the table); `None` changes nothing. A
    name the table lacks is a new vendor and needs a `url`. Raises `ConfigError`.
    """
    text = files("teppan.providers").joinpath("catalogue.toml").read_text("utf-8")
    table = tomllib.loads(text)
    vendors = {
        name: msgspec.convert({"name": name, **row}, Vendor)
        for name, row in table["vendors"].items()
    }
    rows = [_model_row(row) for row in table["models"]]
    for name, changes in (settings or {}).items():
        vendors[name] = _changed(name, vendors.get(name), changes)
        for pattern, fields in (changes.get("capabilities") or {}).items():
            rows.append(_model_row({**fields, "vendor": name, "match": [pattern.lower()]}))
    return Catalogue(vendors, rows)


def dialects() -> Mapping[str, Dialect]:
    """The wire formats by the names that settings and rows use."""
    spoken: tuple[Dialect, ...] = (
        ChatDialect(),
        ResponsesDialect(),
        MessagesDialect(),
        GenerateContentDialect(),
    )
    return {dialect.name: dialect for dialect in spoken}


def _model_row(row: Mapping[str, Any]) -> ModelRow:
    fields = {name: value for name, value in row.items() if name not in _ROW_WORDS | {"drop"}}
    unknown = set(fields) - set(Capabilities.__struct_fields__)
    if unknown:
        raise ConfigError(
            f"capabilities of {row['vendor']}/{row['match'][0]}: unknown field "
            f"{sorted(unknown)[0]!r}; known are {', '.join(Capabilities.__struct_fields__)}"
        )
    try:
        msgspec.convert(fields, Capabilities)
    except msgspec.ValidationError as error:
        raise ConfigError(f"capabilities of {row['vendor']}/{row['match'][0]}: {error}") from None
    return ModelRow(
        vendor=row["vendor"],
        match=tuple(pattern.lower() for pattern in row["match"]),
        drop=frozenset(row.get("drop", ())),
        take=frozenset(row.get("take", ())),
        fields=fields,
        seen=str(row.get("seen", "")),
        source=str(row.get("source", "settings")),
    )


def _changed(name: str, known: Vendor | None, changes: Mapping[str, Any]) -> Vendor:
    said = {
        field: changes[field]
        for field in ("url", "dialect", "headers", "local", "models", "needs_key", "version")
        if changes.get(field) not in (None, (), [], {})
    }
    if known is None:
        if "url" not in said:
            raise ConfigError(
                f"provider {name!r} is not in the catalogue: give its address, "
                f'`[providers.{name}] url = "https://.../v1"`'
            )
        needs_key = said.pop("needs_key", bool(changes.get("keys")))
        said = {"dialect": _NEW_VENDOR, "needs_key": needs_key, **said}
        return msgspec.convert({"name": name, **said}, Vendor)
    if "headers" in said:
        said["headers"] = {**known.headers, **said["headers"]}
    if "url" in said:
        said["url_env"] = ()  # what the settings say outright, the environment does not overrule
    return msgspec.convert({**msgspec.structs.asdict(known), **said}, Vendor)


def _addressed(vendor: Vendor, environment: Mapping[str, str]) -> Vendor:
    for variable in vendor.url_env:
        value = environment.get(variable, "").strip()
        if value:
            return msgspec.structs.replace(vendor, url=address(value, vendor.url))
    return vendor


def address(value: str, usual: str) -> str:
    """A full address from what people write into a variable: `host`, `:port`, `http://host`.

    What is missing (scheme, port, path) is taken from the `usual` address. `0.0.0.0`, where a
    server listens, is reached at loopback.
    """
    known = urlsplit(usual)
    parts = urlsplit(value if "://" in value else f"{known.scheme}://{value}")
    host = parts.hostname or known.hostname or ""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - an address to call, not to bind
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    try:
        port = parts.port
    except ValueError:
        raise ConfigError(f"{value!r} has a port that is no number") from None
    if port is None and "://" not in value:
        port = known.port
    path = parts.path.rstrip("/") or known.path
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"
