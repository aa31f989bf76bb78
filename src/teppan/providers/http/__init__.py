"""The one outbound HTTP client: `Outbound.send(HttpRequest) -> HttpResponse`."""

from teppan.providers.http.base import HttpRequest, HttpResponse, Limits, Outbound

__all__ = ["HttpRequest", "HttpResponse", "Limits", "Outbound"]
