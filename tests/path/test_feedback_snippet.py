"""The buttons of the snippet, in a real browser, on a page of another site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chromium import binary, browsing
from feedback_site import SHOPS, Site, opened
from teppan.server.feedback import SNIPPET
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.store.feedback import Statement

needs_browser = pytest.mark.skipif(binary() is None, reason="there is no Chromium here")


class Shop:
    """Another site, with one page."""

    address = page = ""

    async def home(self, request: web.Request) -> web.Response:
        return web.Response(text=self.page, content_type="text/html")


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made, app = Shop(), web.Application()
    app.router.add_get("/", made.home)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def html(gateway: str, key: str, trace: str) -> str:
    return (
        f'<!doctype html><div data-teppan-trace="{trace}"></div>'
        f'<script src="{gateway}/v1/feedback.js" data-key="{key}" defer></script>'
    )


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    async with opened(tmp_path) as made:
        yield made


async def key_for(site: Site, origin: str) -> str:
    made = await site.house.store.keys.create("shop", "tab", role="feedback", origins=(origin,))
    return made[1].reveal()


async def counting(site: Site, enough: Any) -> list[Statement]:
    """What counts, once it is as it must become."""
    async with asyncio.timeout(60):
        while True:
            kept = await site.house.store.feedback.counting(SHOPS)
            if enough(kept):
                return kept
            await asyncio.sleep(0.05)


def click(label: str) -> str:
    return f"document.querySelector('[aria-label=\"{label}\"]').click()"


async def test_the_snippet_is_one_small_file_that_anybody_may_load(site: Site) -> None:
    assert SNIPPET.stat().st_size < 3 * 1024
    async with aiohttp.ClientSession() as http, http.get(f"{site.address}/v1/feedback.js") as got:
        assert got.status == 200
        assert got.content_type == "text/javascript"
        assert await got.read() == SNIPPET.read_bytes()


@needs_browser
async def test_buttons_on_a_page_of_another_site_are_heard(
    site: Site, shop: Shop, tmp_path: Path
) -> None:
    shop.page = html(site.address, await key_for(site, shop.address), await site.ask())
    async with browsing(tmp_path / "browser") as tab:
        await tab.go(shop.address)
        await tab.run(click("good"))
        await tab.until("document.querySelector('div').dataset.state === 'sent'")
        [up] = await counting(site, len)
        assert (up.value, up.kind, up.claimed) == (1.0, "thumbs", True)
        assert up.source.startswith("claimed:")
        await tab.run(click("4 of 5"))
        [stars] = await counting(site, lambda kept: kept[0].kind == "stars")
        assert (stars.raw, stars.source, stars.version) == (4.0, up.source, 2)
        await tab.run(
            "box = document.querySelector('textarea'); box.value = 'too short'; box.onchange()"
        )
        [told] = await counting(site, lambda kept: kept[0].comment)
        assert (told.raw, told.comment) == (4.0, "too short")


@needs_browser
async def test_what_is_typed_when_the_page_is_left_is_not_lost(
    site: Site, shop: Shop, tmp_path: Path
) -> None:
    shop.page = html(site.address, await key_for(site, shop.address), await site.ask())
    async with browsing(tmp_path / "browser") as tab:
        await tab.go(shop.address)
        await tab.run(click("bad"))
        await counting(site, len)
        await tab.run("document.querySelector('textarea').value = 'wrong price'")
        await tab.call("Page.navigate", url="about:blank")
        [kept] = await counting(site, lambda kept: kept[0].comment)
        assert (kept.comment, kept.value) == ("wrong price", 0.0)


@needs_browser
async def test_what_could_not_be_sent_is_sent_when_the_page_is_opened_again(
    site: Site, shop: Shop, tmp_path: Path
) -> None:
    page = html(site.address, await key_for(site, shop.address), await site.ask())
    async with browsing(tmp_path / "browser") as tab:
        shop.page = page.replace("data-key", 'data-gateway="http://127.0.0.1:9" data-key')
        await tab.go(shop.address)
        await tab.run(click("good"))
        assert await site.house.store.feedback.counting(SHOPS) == []
        shop.page = page
        await tab.go(f"{shop.address}/?again")
        [kept] = await counting(site, len)
        assert kept.value == 1.0
