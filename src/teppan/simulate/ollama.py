"""Ollama: the OpenAI-compatible `/v1`, and the native `/api/tags` and `/api/version`.

It asks for no key, lists models with their tags, cuts a prompt that exceeds the context without a
word, and reports errors under `error` with its own types.
"""

from typing import Any

from teppan.simulate.dialect import Site
from teppan.simulate.openai import OpenAIChat
from teppan.simulate.turn import Json, Refused
from teppan.simulate.wire import Request


class Ollama(OpenAIChat):
    """The dialect of a local Ollama."""

    name = "ollama"
    cut_prompt = True

    def operation(self, method: str, path: str) -> str | None:
        if method == "GET" and path in ("/api/tags", "/api/version"):
            return path.removeprefix("/api/")
        return super().operation(method, path)

    def error(self, refused: Refused, request_id: str) -> Json:
        message, kind = refused.message, "api_error"
        if refused.kind == "model_not_found":
            message, kind = "model not found, try pulling it first", "not_found_error"
        elif refused.kind == "invalid_request":
            kind = "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        if operation == "version":
            return {"version": "0.0.0-simulated"}
        if operation != "tags":
            return super().other(operation, request, body, site)
        rows: list[Any] = [
            {
                "name": one.name,
                "model": one.name,
                "modified_at": "2026-01-01T00:00:00Z",
                "size": 4_661_224_676,
                "digest": "simulated",
                "details": {
                    "format": "gguf",
                    "family": "simulated",
                    "parameter_size": one.name.rpartition(":")[2].upper(),
                    "quantization_level": "Q4_0",
                },
            }
            for one in site.models
        ]
        return {"models": rows}


DIALECT = Ollama()
