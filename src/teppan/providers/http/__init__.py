"""The one outbound HTTP client: `Outbound.send(HttpRequest) -> HttpResponse`.

`open_outbound` chooses: our own pooled client, or aiohttp where a proxy stands in between.
"""

from collections.abc import Mapping

from teppan.providers.http.base import HttpRequest, HttpResponse, Limits, Outbound
from teppan.providers.http.pooled import PooledOutbound

__all__ = ["HttpRequest", "HttpResponse", "Limits", "Outbound", "PooledOutbound", "open_outbound"]

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def open_outbound(environment: Mapping[str, str], limits: Limits | None = None) -> Outbound:
    """The client for this environment; `environment` is usually `os.environ`."""
    named = {name.upper() for name, value in environment.items() if value}
    if named.isdisjoint(_PROXY_VARIABLES):
        return PooledOutbound(limits)
    from teppan.providers.http.aiohttp import AiohttpOutbound  # only proxies need it

    return AiohttpOutbound(limits)
