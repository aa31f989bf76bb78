"""What the system says already does not go with the question once more."""

from __future__ import annotations

import pytest

from serve.context.talks import ANNA, Nobody, context
from teppan.core.chat import ChatRequest, say
from teppan.knowledge import Library, chunks
from teppan.serve.context import ContextPolicy

FACTS = "# Facts\n\n## Prices\n- Adults are $55.\n- Children are $30.\n\n## Travel\n- 30 miles."


@pytest.mark.parametrize(("prompt", "pieces"), [(f"Answer by this.\n\n{FACTS}", 0), ("Answer.", 1)])
async def test_facts_that_stand_in_the_prompt_are_not_looked_up_as_well(
    prompt: str, pieces: int
) -> None:
    shortens = context(ContextPolicy(), knowledge=Library(chunks(FACTS, "facts.md")))
    asked = (say("system", prompt), say("user", "What do children cost?"))
    request = ChatRequest(model="m", messages=asked)
    sent, told = await shortens.shorten(request, ANNA, Nobody(), virtual=True)
    assert (told.chunks if told else 0) == pieces
    assert (sent is request) is (pieces == 0)
