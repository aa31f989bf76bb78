"""The MCP servers of a pack: this host only, tools by name, errors that name file and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from teppan.config.mcp import McpServer, read_mcp
from teppan.core.errors import ConfigError

PATH = Path("packs/shop/pack.toml")
COMMAND = {"command": ["./crm"], "tools": ["find", "add"]}


def refused(given: Any, name: str = "crm") -> str:
    with pytest.raises(ConfigError) as caught:
        read_mcp({name: given}, PATH)
    return caught.value.message


def test_a_program_is_read_with_what_it_may() -> None:
    given = COMMAND | {"confirm": ["add"], "env": ["TOKEN"], "seconds": 3}
    assert read_mcp({"crm": given}, PATH) == {
        "crm": McpServer(
            command=("./crm",),
            tools=("find", "add"),
            confirm=frozenset({"add"}),
            env=("TOKEN",),
            seconds=3.0,
        )
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "[::1]"])
def test_a_service_of_this_machine_is_read(host: str) -> None:
    url = f"http://{host}:9000/mcp"
    assert read_mcp({"a": {"url": url, "tools": ["x"]}}, PATH)["a"].url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5/mcp",
        "http://example.com/mcp",
        "http://0.0.0.0:9/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://[::ffff:8.8.8.8]/",
        "http://2130706433.example/",
    ],
)
def test_a_service_elsewhere_is_refused_by_name(url: str) -> None:
    assert "is not this machine" in refused({"url": url, "tools": ["x"]})


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "127.0.0.1:9",
        "http://a@127.0.0.1/",
        "http://127.0.0.1/#a",
        "http://[::1",
        "http://127.0.0.1:port/",
        "http://127.0.0.1/a\nb",
        "http:///mcp",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    assert refused({"url": url, "tools": ["x"]}).startswith(f"{PATH}: mcp.crm.url: ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tools": ["x"]}, "`command` or `url`"),
        (COMMAND | {"url": "http://127.0.0.1/"}, "not both"),
        ({"command": ["./crm"]}, "`tools`"),
        (COMMAND | {"tools": []}, "`tools`"),
        (COMMAND | {"tools": [""]}, "mcp.crm.tools"),
        (COMMAND | {"confirm": ["drop"]}, "`drop` is not among `tools`"),
        (COMMAND | {"command": ["./crm", ""]}, "mcp.crm.command"),
        (COMMAND | {"command": "./crm"}, "`command`"),
        (COMMAND | {"seconds": 0}, "`seconds`"),
        (COMMAND | {"seconds": float("inf")}, "`seconds`"),
        (COMMAND | {"shell": True}, "`shell`"),
        ({"url": "http://127.0.0.1/", "tools": ["x"], "env": ["A"]}, "mcp.crm.env"),
        ("./crm", "[mcp.crm]"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_field(given: Any, told: str) -> None:
    message = refused(given)
    assert message.startswith(f"{PATH}: mcp.crm")
    assert told in message


@pytest.mark.parametrize("name", ["", "a.b", "A", "1a", "a" * 33, "ä"])
def test_a_strange_name_is_refused(name: str) -> None:
    assert "a server's name" in refused(COMMAND, name)
