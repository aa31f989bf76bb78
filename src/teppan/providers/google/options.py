"""The settings of a `generateContent` request: sampling, thinking, structure, choice of tools."""

from __future__ import annotations

from teppan.core.chat import ChatRequest
from teppan.providers.base import Capabilities
from teppan.providers.fitting import (
    Dropped,
    answer_limit,
    budget_of_effort,
    effort_of_budget,
    fit_effort,
)
from teppan.providers.google.schema import taken
from teppan.providers.wire import Object

NAME = "google"

_PLAIN = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "n": "candidateCount",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
_NOT_IN_THIS_FORMAT = ("user", "metadata", "parallel_tool_calls")


def generation_config(request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> Object:
    """The `generationConfig`; empty when nothing was asked for."""
    config: Object = {}
    for name, wire in _PLAIN.items():
        value = getattr(request, name)
        if value is not None and dropped.takes(name, value):
            config[wire] = value
    limit = answer_limit(request, capabilities, dropped)
    if limit is not None:
        config["maxOutputTokens"] = limit
    if request.stop and dropped.takes("stop", request.stop):
        config["stopSequences"] = list(request.stop)
    _structure(config, request, capabilities, dropped)
    thinking = _thinking(request, capabilities, dropped)
    if thinking is not None:
        config["thinkingConfig"] = thinking
    for name in _NOT_IN_THIS_FORMAT:
        if getattr(request, name) is not None:
            dropped.add(name)
    return config


def _structure(
    config: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped
) -> None:
    wanted = request.response_format
    if wanted is None or not dropped.takes("response_format", wanted):
        return
    config["responseMimeType"] = "application/json"
    if wanted.kind == "json_schema" and wanted.schema is not None:
        if capabilities.json_schema:
            config["responseJsonSchema"] = taken(dict(wanted.schema))
        else:
            dropped.add("json_schema")


def _thinking(request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> Object | None:
    effort, budget = request.effort, request.thinking_budget
    if effort is None and budget is None:
        return None
    name = "effort" if effort is not None else "thinking_budget"
    if not dropped.takes(name, True):
        return None
    if capabilities.thinking == "budget":
        tokens = budget if budget is not None else budget_of_effort(effort or "none")
        return {"thinkingBudget": tokens, "includeThoughts": tokens != 0}
    if capabilities.thinking == "level":
        level = fit_effort(effort or effort_of_budget(budget or 0), capabilities.efforts)
        if level is None:  # it cannot be told not to think; the least is the nearest
            level = capabilities.efforts[0]
        return {"thinkingLevel": level.upper(), "includeThoughts": True}
    if effort != "none" and budget != 0:
        dropped.add(name)
    return None


def tool_config(request: ChatRequest, dropped: Dropped) -> Object | None:
    """Which tools may or must be called."""
    choice = request.tool_choice
    if choice is None or not dropped.takes("tool_choice", choice):
        return None
    calling: Object = {"mode": {"auto": "AUTO", "none": "NONE"}.get(choice.mode, "ANY")}
    if choice.mode == "named" and choice.name is not None:
        calling["allowedFunctionNames"] = [choice.name]
    return {"functionCallingConfig": calling}
