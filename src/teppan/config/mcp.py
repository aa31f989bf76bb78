"""MCP servers of a pack: programs or services of this host whose tools its agents may call.

    [mcp.crm]                                  agents name its tools `crm.find`, `crm.add`
    command = ["./crm-server", "--quiet"]      a program, started in the pack's folder; or
    url = "http://127.0.0.1:9000/mcp"          a service of this machine
    tools = ["find", "add"]                    the only tools of it that exist here
    confirm = ["add"]                          those that change something; the others only read
    env = ["CRM_TOKEN"]                        all that the program sees of our environment
    seconds = 10                               how long a call may take

All of it comes from a file of the pack; nothing of it can be set over HTTP.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from teppan.config.load import told
from teppan.core.errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class McpServer(Struct, frozen=True, kw_only=True):
    """One server: either a `command` or a `url` is set. `seconds` is the limit of one call."""

    command: tuple[str, ...] = ()
    url: str = ""
    tools: tuple[str, ...] = ()
    confirm: frozenset[str] = frozenset()
    env: tuple[str, ...] = ()
    seconds: float = 10.0


class _Server(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    command: list[str] = Field(default=[])
    url: str = ""
    tools: list[str] = Field(min_length=1)
    confirm: list[str] = Field(default=[])
    env: list[str] = Field(default=[])
    seconds: float = Field(10.0, gt=0, le=300, allow_inf_nan=False)


def read_mcp(table: Mapping[str, Any], path: Path) -> dict[str, McpServer]:
    """The servers of the table `mcp` of the file `path`. Raises `ConfigError` naming file and
    field."""
    return {name: _read(name, given, path) for name, given in table.items()}


def _read(name: str, given: Any, path: Path) -> McpServer:
    at = f"{path}: mcp.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{at}: a server's name is small letters, digits, `_` and `-`")
    if not isinstance(given, dict):
        raise ConfigError(f"{at}: write a table, `[mcp.{name}]`")
    try:
        found = _Server.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"{at}: {told(error)}") from None
    if bool(found.command) == bool(found.url):
        raise ConfigError(f"{at}: give `command` or `url`, and not both")
    if found.command and not all(each and "\0" not in each for each in found.command):
        raise ConfigError(f"{at}.command: a word of it is empty or holds a zero byte")
    if found.url:
        _refuse_far(found.url, f"{at}.url")
    if found.url and found.env:
        raise ConfigError(f"{at}.env: only a `command` has an environment")
    if "" in found.tools:
        raise ConfigError(f"{at}.tools: a name is empty")
    strange = [each for each in found.confirm if each not in found.tools]
    if strange:
        raise ConfigError(f"{at}.confirm: `{strange[0]}` is not among `tools`")
    return McpServer(
        command=tuple(found.command),
        url=found.url,
        tools=tuple(dict.fromkeys(found.tools)),
        confirm=frozenset(found.confirm),
        env=tuple(dict.fromkeys(found.env)),
        seconds=found.seconds,
    )


def _refuse_far(url: str, at: str) -> None:
    """Only this machine: what a pack names must not carry a customer's words elsewhere."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{at}: this is no address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{at}: an address begins with `http://`")
    if parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable():
        raise ConfigError(f"{at}: an address has no user, no fragment and no special letters")
    if not _is_loopback(host):
        raise ConfigError(
            f"{at}: `{host}` is not this machine; use 127.0.0.1, or name a program with `command`"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
