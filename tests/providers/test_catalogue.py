"""The catalogue: vendors, what their models take, and what settings change."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import pytest

from teppan.core.errors import ConfigError
from teppan.providers.base import Capabilities
from teppan.providers.catalogue import address, load

TABLE = tomllib.loads(
    (Path(__file__).parents[2] / "src/teppan/providers/catalogue.toml").read_text("utf-8")
)


def test_every_promised_vendor_has_a_row() -> None:
    promised = {
        "openai", "anthropic", "google", "xai", "mistral", "deepseek", "together",
        "huggingface", "ollama", "vllm", "groq", "openrouter",
    }  # fmt: skip
    book = load()
    vendors = {vendor.name: vendor for vendor in book.vendors({})}
    assert promised <= set(vendors)
    for vendor in vendors.values():
        assert vendor.dialect in book.dialects
        assert vendor.local or (vendor.key_env and vendor.url.startswith("https://"))


def test_every_fact_says_when_and_where_it_was_read() -> None:
    for row in TABLE["models"]:
        assert isinstance(row["seen"], datetime.date), row["match"]
        assert row["source"], row["match"]


def test_dropped_names_are_fields_somebody_can_send() -> None:
    from teppan.core.chat import ChatRequest

    of_the_body = {"stream_options", "logit_bias", "store", "service_tier", "strict"}
    known = set(ChatRequest.__struct_fields__) | of_the_body
    for row in TABLE["models"]:
        assert set(row.get("drop", ())) | set(row.get("take", ())) <= known, row["match"]


@pytest.mark.parametrize(
    ("vendor", "model", "dialect", "refused"),
    [
        ("openai", "gpt-4o", None, {"top_k", "effort"}),
        ("openai", "o3-mini", None, {"temperature", "parallel_tool_calls"}),
        ("openai", "o3-pro", "openai_responses", {"temperature"}),
        ("openai", "gpt-5", None, {"temperature", "stop"}),
        ("openai", "gpt-5.4-mini", "openai_responses", {"temperature"}),
        ("openai", "gpt-6.1-sol", "openai_responses", {"temperature"}),
        ("mistral", "open-mistral-nemo", None, {"stream_options", "user"}),
        ("deepseek", "deepseek-v4-pro", None, {"temperature", "logprobs"}),
        ("xai", "grok-4.7", None, {"stop"}),
        ("anthropic", "claude-opus-5-5", None, {"temperature"}),
        ("anthropic", "claude-sonnet-4-6", None, set()),
    ],
)
def test_what_models_refuse(
    vendor: str, model: str, dialect: str | None, refused: set[str]
) -> None:
    capabilities = load().capabilities(vendor, model)
    assert capabilities.dialect == dialect
    assert refused <= capabilities.drop


def test_chat_models_among_thinking_ones_take_sampling() -> None:
    capabilities = load().capabilities("openai", "gpt-5-chat-latest")
    assert "temperature" not in capabilities.drop
    assert capabilities.efforts == ()


def test_versions_follow_the_model() -> None:
    book = load()
    assert book.capabilities("anthropic", "claude-opus-5-5").version == "2026-10-21"
    assert book.capabilities("anthropic", "claude-3-5-haiku-latest").version == "2023-06-01"


def test_an_address_of_your_own_speaks_chat_completions() -> None:
    book = load({"mine": {"url": "http://10.0.0.1/v1", "keys": ()}})
    mine = next(vendor for vendor in book.vendors({}) if vendor.name == "mine")
    assert (mine.dialect, mine.needs_key) == ("openai_chat", False)
    assert book.capabilities("mine", "x") == Capabilities(roles={"developer": "system"})


def test_settings_change_a_row_and_none_changes_nothing() -> None:
    changes = {"url": "http://127.0.0.1:1/v1", "dialect": None, "headers": {}, "models": ("a",)}
    book = load({"ollama": {**changes, "capabilities": {"A*": {"context": 5, "drop": ["n"]}}}})
    vendor = next(
        vendor for vendor in book.vendors({"OLLAMA_HOST": "h"}) if vendor.name == "ollama"
    )
    assert vendor.url == "http://127.0.0.1:1/v1"
    assert vendor.local
    assert book.suggested("ollama") == ("a",)
    assert book.capabilities("ollama", "abc").context == 5


def test_a_version_in_the_address_is_not_doubled() -> None:
    book = load({"anthropic": {"url": "https://proxy/v1/", "headers": {"x-team": "a"}}})
    vendor = next(vendor for vendor in book.vendors({}) if vendor.name == "anthropic")
    assert vendor.url == "https://proxy"
    assert set(vendor.headers) == {"x-team", "anthropic-version"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mine": {}}, "address"),
        ({"openai": {"capabilities": {"x": {"colour": 1}}}}, "colour"),
        ({"openai": {"capabilities": {"x": {"context": "big"}}}}, "context"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, dict[str, object]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(settings)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
        ("host:1", "http://host:1/v1"),
        ("https://host", "https://host/v1"),
        ("https://host:1/api/", "https://host:1/api"),
        ("[::1]:5", "http://[::1]:5/v1"),
    ],
)
def test_addresses_as_people_write_them(written: str, meant: str) -> None:
    assert address(written, "http://127.0.0.1:11434/v1") == meant
