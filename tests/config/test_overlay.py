"""A pack's settings count where its operator says nothing."""

from __future__ import annotations

import pytest

from teppan.config.load import parse
from teppan.config.overlay import with_pack
from teppan.core.errors import ConfigError

PACK = {"cache": {"semantic": True, "intents": ["faq"], "ttl": 60}}


def test_a_pack_changes_a_default() -> None:
    cache = with_pack(parse({}, "nothing"), PACK, "pack.toml").cache
    assert (cache.semantic, cache.intents, cache.ttl) == (True, ("faq",), 60)


def test_the_operator_s_own_word_counts_more() -> None:
    settings = parse({"cache": {"ttl": 5, "verify": 0.5}}, "teppan.toml")
    cache = with_pack(settings, PACK, "pack.toml").cache
    assert (cache.ttl, cache.verify, cache.semantic) == (5, 0.5, True)


def test_the_environment_counts_more_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEPPAN_CACHE__SEMANTIC", "false")
    assert not with_pack(parse({}, "nothing"), PACK, "pack.toml").cache.semantic


def test_a_pack_without_settings_changes_nothing() -> None:
    settings = parse({}, "nothing")
    assert with_pack(settings, {}, "pack.toml") is settings


def test_a_wrong_field_is_named_with_its_file() -> None:
    with pytest.raises(ConfigError, match=r"packs/x/pack\.toml: \[cache\] `semantik`"):
        with_pack(parse({}, "nothing"), {"cache": {"semantik": True}}, "packs/x/pack.toml")
