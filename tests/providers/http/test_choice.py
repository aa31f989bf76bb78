"""Which client is used where."""

from __future__ import annotations

from teppan.providers.http import PooledOutbound, open_outbound
from teppan.providers.http.aiohttp import AiohttpOutbound


def test_our_own_client_is_the_default() -> None:
    assert isinstance(open_outbound({"HTTPS_PROXY": ""}), PooledOutbound)


def test_a_proxy_in_the_environment_needs_aiohttp() -> None:
    assert isinstance(open_outbound({"https_proxy": "http://127.0.0.1:3128"}), AiohttpOutbound)
