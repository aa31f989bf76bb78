"""The settings of a Messages request: limits, sampling, thinking, tools, structured output."""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import ChatRequest, Effort, Json
from teppan.providers.anthropic.schema import closed
from teppan.providers.base import Capabilities
from teppan.providers.fitting import (
    Dropped,
    answer_limit,
    budget_of_effort,
    effort_of_budget,
    fit_effort,
)
from teppan.providers.wire import Object

NAME = "anthropic"

OLDER, NEWER = "2023-06-01", "2026-10-21"

STRUCTURED = "teppan_structured_answer"
"""The tool by which a model without structured output is made to answer in JSON.

`from_wire` and `stream` turn a call of it back into words.
"""

_DEFAULT_LIMIT = 16_384
_SMALLEST_BUDGET = 1024

_NOT_IN_THIS_FORMAT = (
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "top_logprobs",
)


def version_of(capabilities: Capabilities) -> str:
    return capabilities.version or NEWER


class Options:
    """Decides and writes every field beside the conversation."""

    def __init__(self, request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> None:
        self.request = request
        self.capabilities = capabilities
        self.dropped = dropped
        wanted = request.response_format
        schema = wanted is not None and wanted.kind == "json_schema" and wanted.schema is not None
        self.native_schema = schema and capabilities.json_schema
        self.tool_schema = schema and not capabilities.json_schema and not request.tools
        self.say_schema = wanted is not None and not (self.native_schema or self.tool_schema)

    def write(self, body: Object, tools: Sequence[Object | None]) -> None:
        self._limits(body)
        self._tools(body, [tool for tool in tools if tool is not None])
        self._structure(body)
        thinking = self._thinking(body)
        self._sampling(body, thinking)
        self._identity(body)
        for name in _NOT_IN_THIS_FORMAT:
            if getattr(self.request, name) is not None:
                self.dropped.add(name)

    def _limits(self, body: Object) -> None:
        limit = answer_limit(self.request, self.capabilities, self.dropped)
        if limit is None:
            limit = min(self.capabilities.max_output or _DEFAULT_LIMIT, _DEFAULT_LIMIT)
        body["max_tokens"] = limit
        stops = [stop for stop in self.request.stop if stop.strip()]
        if len(stops) < len(self.request.stop):
            self.dropped.add("stop")  # the vendor refuses white space
        if stops and self.dropped.takes("stop", stops):
            body["stop_sequences"] = stops

    def _sampling(self, body: Object, thinking: bool) -> None:
        request = self.request
        newer = version_of(self.capabilities) != OLDER
        for name in ("temperature", "top_p", "top_k"):
            value = getattr(request, name)
            if not self.dropped.takes(name, value):
                continue
            together = name == "top_p" and "temperature" in body
            if newer or together or thinking:
                self.dropped.add(name)
            else:
                body[name] = min(value, 1.0) if name == "temperature" else value

    # --- thinking ---------------------------------------------------------------------------

    def _thinking(self, body: Object) -> bool:
        """Asks for thought as the model wants to be asked; whether it will think."""
        if "thinking" in body:
            return True  # the client spoke this dialect and said it outright
        effort, budget = self.request.effort, self.request.thinking_budget
        if effort is None and budget is None:
            return False
        forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
        name = "effort" if effort is not None else "thinking_budget"
        if self.capabilities.thinking == "adaptive":
            level = effort or effort_of_budget(budget or 0)
            return self._adaptive(body, level, name, forced)
        if self.capabilities.thinking == "budget" and not forced:
            tokens = budget if budget is not None else budget_of_effort(effort or "none")
            return self._budget(body, tokens, name)
        if effort != "none" and budget != 0:
            self.dropped.add(name)
        return False

    def _adaptive(self, body: Object, effort: Effort, name: str, forced: bool) -> bool:
        level = fit_effort(effort, self.capabilities.efforts)
        if level is None or level == "none":
            return False
        if not self.dropped.takes(name, level):
            return False
        body["output_config"] = {**body.get("output_config", {}), "effort": level}
        if not forced:  # a forced tool leaves no room for thought
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
        return not forced

    def _budget(self, body: Object, tokens: int, name: str) -> bool:
        if tokens <= 0:
            return False
        limit = body["max_tokens"]
        if self.request.max_tokens is None:
            limit = min(limit + tokens, self.capabilities.max_output or limit + tokens)
            body["max_tokens"] = limit
        tokens = min(max(tokens, _SMALLEST_BUDGET), limit - 1)
        if tokens < _SMALLEST_BUDGET or not self.dropped.takes(name, tokens):
            self.dropped.add(name)
            return False
        body["thinking"] = {"type": "enabled", "budget_tokens": tokens}
        return True

    # --- tools and structure ----------------------------------------------------------------

    def _tools(self, body: Object, tools: list[Object]) -> None:
        if not tools:
            return
        if not self.capabilities.tools or not self.dropped.takes("tools", tools):
            self.dropped.add("tools")
            return
        body["tools"] = tools
        choice = self.request.tool_choice
        parallel = self.request.parallel_tool_calls
        wire: Object = {"type": "auto"}
        if choice is not None:
            kind = {"required": "any", "named": "tool"}.get(choice.mode, choice.mode)
            wire = {"type": kind}
            if kind == "tool":
                wire["name"] = choice.name
        if parallel is False and wire["type"] != "none":
            wire["disable_parallel_tool_use"] = True
        if choice is not None or parallel is False:
            body["tool_choice"] = wire

    def _structure(self, body: Object) -> None:
        wanted = self.request.response_format
        if wanted is None:
            return
        if self.native_schema:
            shape: Json = {"type": "json_schema", "schema": closed(dict(wanted.schema or {}))}
            body["output_config"] = {**body.get("output_config", {}), "format": shape}
        elif self.tool_schema:
            body["tools"] = [
                {
                    "name": STRUCTURED,
                    "description": wanted.description or "Give the answer in this shape.",
                    "input_schema": dict(wanted.schema or {}),
                }
            ]
            body["tool_choice"] = {"type": "tool", "name": STRUCTURED}
            self.dropped.add("json_schema")
        elif wanted.kind == "json_schema":
            self.dropped.add("json_schema")

    def _identity(self, body: Object) -> None:
        metadata = self.request.metadata or {}
        user = self.request.user or metadata.get("user_id")
        if isinstance(user, str) and self.dropped.takes("user", user):
            body["metadata"] = {"user_id": user}
        if set(metadata) - {"user_id"}:
            self.dropped.add("metadata")
