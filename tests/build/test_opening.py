"""A house that cannot work is not opened: the error names the setting and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from teppan.build import open_house
from teppan.config.load import parse
from teppan.core.errors import ConfigError

MODELS = {"local": {"url": "http://127.0.0.1:9/v1", "models": ["small"], "keys": []}}


async def opened(folder: Path, **tables: Any) -> list[str]:
    store = {"url": f"sqlite:///{folder / 'teppan.db'}"}
    settings = parse({"store": store, "providers": MODELS, **tables}, "a test")
    async with open_house(settings, environment={}) as house:
        return house.virtual_names()


async def test_every_strategy_is_a_name_once_a_model_is_found(tmp_path: Path) -> None:
    assert "teppan/consensus" in await opened(tmp_path)


async def test_a_member_of_an_unknown_provider_is_refused_with_the_nearest(tmp_path: Path) -> None:
    models = {"support": {"strategy": "single", "model": "mistrall/large"}}
    with pytest.raises(ConfigError, match=r"models\.support.*did you mean `mistral`"):
        await opened(tmp_path, models=models)


async def test_a_member_of_a_known_vendor_without_a_key_is_no_mistake(tmp_path: Path) -> None:
    models = {
        "support": {"strategy": "single", "model": "local/small", "fallback": ["mistral/large"]}
    }
    assert "support" in await opened(tmp_path, models=models)


async def test_a_virtual_model_that_asks_itself_is_refused(tmp_path: Path) -> None:
    models = {
        "one": {"strategy": "single", "model": "two"},
        "two": {"strategy": "single", "model": "one"},
    }
    with pytest.raises(ConfigError, match="asks itself"):
        await opened(tmp_path, models=models)


@pytest.mark.parametrize(
    ("content", "told"),
    [("not json", "cannot be read"), ('{"voters": 7}', "`voters`"), ("[]", "cannot be read")],
)
async def test_a_fitted_file_that_is_none_is_refused_at_the_start(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "fitted.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=told):
        await opened(tmp_path, gateway={"fitted": str(path)})
