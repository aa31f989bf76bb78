"""What a refusal means, and what may be shown of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import (
    ContentFiltered,
    ProviderBadAnswer,
    ProviderBadRequest,
    ProviderContextTooLong,
    ProviderError,
    ProviderModelNotFound,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderUnauthenticated,
)
from teppan.providers.failures import classify, failure, vendor_words, wait_asked


@pytest.mark.parametrize(
    ("status", "kind", "code", "message", "meaning"),
    [
        (400, "invalid_request_error", "", "bad field", ProviderBadRequest),
        (400, "", "context_length_exceeded", "", ProviderContextTooLong),
        (400, "", "", "This model's maximum context length is 8192 tokens", ProviderContextTooLong),
        (400, "", "", "prompt is too long: 210000 tokens > 200000", ProviderContextTooLong),
        (400, "", "", "The input token count (9) exceeds the maximum", ProviderContextTooLong),
        (413, "", "", "", ProviderContextTooLong),
        (400, "", "content_filter", "", ContentFiltered),
        (400, "", "content_policy_violation", "", ContentFiltered),
        (403, "", "", "Your input was flagged by moderation", ContentFiltered),
        (400, "", "", "API key not valid. Please pass a valid API key.", ProviderUnauthenticated),
        (401, "", "", "", ProviderUnauthenticated),
        (403, "permission_error", "", "", ProviderUnauthenticated),
        (402, "", "", "", ProviderOutOfCredit),
        (429, "insufficient_quota", "insufficient_quota", "", ProviderOutOfCredit),
        (400, "", "", "Your credit balance is too low", ProviderOutOfCredit),
        (403, "", "", "Your team has used all available credits", ProviderOutOfCredit),
        (404, "", "", "", ProviderModelNotFound),
        (400, "", "model_not_found", "", ProviderModelNotFound),
        (400, "", "", "The model `x` does not exist", ProviderModelNotFound),
        (422, "", "", "field required", ProviderBadRequest),
        (429, "", "", "", ProviderRateLimited),
        (429, "tokens", "rate_limit_exceeded", "maximum context length", ProviderRateLimited),
        (408, "", "", "", ProviderOverloaded),
        (409, "", "", "", ProviderOverloaded),
        (500, "", "", "", ProviderOverloaded),
        (502, "", "", "", ProviderOverloaded),
        (503, "", "", "", ProviderOverloaded),
        (504, "", "", "", ProviderOverloaded),
        (529, "overloaded_error", "", "Overloaded", ProviderOverloaded),
        (200, "overloaded_error", "", "", ProviderOverloaded),
        (200, "", "", "what?", ProviderBadAnswer),
        (418, "", "", "", ProviderBadRequest),
    ],
)
def test_each_refusal_has_one_meaning(
    status: int, kind: str, code: str, message: str, meaning: type[ProviderError]
) -> None:
    assert classify(status, kind, code, message) is meaning


@given(st.integers(0, 600), st.text(), st.text(), st.text())
def test_any_refusal_has_a_meaning(status: int, kind: str, code: str, message: str) -> None:
    error = failure(status, kind=kind, code=code, message=message)
    assert isinstance(error, ProviderError)
    assert len(error.message) < 500


@pytest.mark.parametrize(
    "secret",
    [
        "sk-test-123",
        "sk-proj-abcDEF0123456789abcDEF0123456789",
        "Bearer abc.def",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "sk-ab***************xyz",
        "https://host/path?key=abcdef&x=1",
        "gq_A1b2C3d4E5f6G7h8I9j0K1l2",
    ],
)
def test_nothing_like_a_key_is_shown(secret: str) -> None:
    shown = vendor_words(f"Incorrect API key provided: {secret} here")
    assert "[hidden]" in shown
    assert secret not in shown


def test_names_of_models_are_shown() -> None:
    words = "model claude-haiku-4-5-20251001 and meta/Llama-3.3-70B-Instruct-Turbo are gone"
    assert vendor_words(words) == words


def test_words_are_one_short_line() -> None:
    assert vendor_words("a\n\tb\x00c" + "d " * 500).startswith("a b c")
    assert len(vendor_words("d " * 500)) == 300
    assert vendor_words({"not": "text"}) == ""


def test_a_wait_is_read_in_every_form() -> None:
    then = "Sat, 21 Nov 2026 09:00:10 GMT"
    assert wait_asked({}) is None
    assert wait_asked({"retry-after": "7"}) == 7
    assert wait_asked({"retry-after": "1.5"}) == 1.5
    assert wait_asked({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert wait_asked({"retry-after": then, "date": "Sat, 21 Nov 2026 09:00:00 GMT"}) == 10
    assert wait_asked({"retry-after": then}) is None
    assert wait_asked({"retry-after": "soon"}) is None
