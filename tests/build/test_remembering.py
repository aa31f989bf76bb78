"""Settings, pack and store make the context."""

from __future__ import annotations

from pathlib import Path

from serve.context.talks import ANNA, Nobody, conversation, request
from teppan.build.remembering import open_context
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.clock import FixedClock
from teppan.serve.context.history import take_apart
from teppan.store import Store


def pack_with_knowledge(folder: Path) -> Path:
    (folder / "pack.toml").write_text('name = "p"\nknowledge = ["menu.md"]')
    (folder / "menu.md").write_text("# Menu\n\n## Cups\nA cup is $2.\n\n## Plates\nA plate is $3.")
    return folder


async def test_a_packs_knowledge_goes_with_the_question_it_bears_on(tmp_path: Path) -> None:
    pack = load_pack(pack_with_knowledge(tmp_path))
    context = open_context(Settings(), pack, None, FixedClock())
    asked = request(conversation(2))
    sent, told = await context.shorten(asked, ANNA, Nobody(), virtual=True)
    assert told is not None
    assert told.chunks == 1
    assert "[1] menu.md › Menu › Cups\nA cup is $2." in sent.messages[-1].text
    assert sent.question == asked.question
    assert told.sources[0].document == "menu.md"
    assert told.sources[0].path == ("Menu", "Cups")


async def test_summaries_are_kept_in_the_store_unless_no_words_may_be(tmp_path: Path) -> None:
    asked = request(conversation(40))
    for content, kept in ((True, 1), (False, 0)):
        clock = FixedClock()  # one for both: else the store's sweep finds the summary a year old
        store = await Store.open(tmp_path / f"{content}.db", clock=clock)
        settings = Settings.model_validate({"store": {"trace_content": content}})
        context = open_context(settings, None, store, clock)
        _, told = await context.shorten(asked, ANNA, Nobody(), virtual=True)
        assert told is not None
        found = await store.summaries.find(ANNA, take_apart(asked.messages).names())
        assert len(found) == kept
        await store.close()


async def test_a_window_is_asked_for_by_the_name_of_the_model() -> None:
    named: list[str] = []

    def windows(model: str) -> int | None:
        named.append(model)
        return 100_000

    context = open_context(Settings(), None, None, FixedClock(), windows)
    await context.shorten(request(conversation(40)), ANNA, Nobody(), virtual=True)
    assert named == ["pack/support"]
