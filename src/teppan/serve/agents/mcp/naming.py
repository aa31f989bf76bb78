"""What a tool of a server is called: `crm.find` in an agent's file, `crm_find` to a model."""

from __future__ import annotations

import re
from collections.abc import Mapping

from teppan.config.mcp import McpServer
from teppan.core.ids import content_hash

LONGEST = 64
"""Letters of a name that every vendor takes."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def wire_names(servers: Mapping[str, McpServer]) -> dict[str, str]:
    """`SERVER.tool` -> a name that a vendor takes, for every tool that the pack allows.

    Known from the pack alone, without asking a server. Two that would be called the same, and
    those too long, get a few letters of a hash.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for server, told in servers.items():
        for tool in told.tools:
            full = f"{server}.{tool}"
            plain = _UNSAFE.sub("_", full)
            if len(plain) > LONGEST or plain in taken:
                plain = f"{plain[: LONGEST - 9]}_{content_hash(full.encode())[:8]}"
            taken.add(plain)
            names[full] = plain
    return names
