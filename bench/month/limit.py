"""What nobody can beat by choosing alone: each request at the cheapest model that is right.

No gateway knows beforehand who will be right; the simulator does, as its personas' luck hangs on
the question. Where none is right, the cheapest is taken.
"""

from __future__ import annotations

from collections import defaultdict

from month.drive import Run
from month.figures import Row
from teppan.simulate.mind import World, is_right
from teppan.simulate.personas import Cast, Persona
from teppan.simulate.questions import Bank
from teppan.simulate.turn import Message, Turn


def oracle(row: Row, reference: Run, cast: Cast, bank: Bank, prompt: str, seed: int) -> None:
    """Adds a month to the row of the limit, by the conversations of the reference's month."""
    world = World(bank, seed)
    by_trace = {call.trace_id: call.usage for call in reference.calls}
    said: dict[str, list[Message]] = defaultdict(lambda: [Message("system", prompt)])
    for each in reference.served:
        usage, history = by_trace[each.trace_id], said[each.step.episode]
        history.append(Message("user", each.step.text))
        turn = Turn(model="", messages=tuple(history))
        question = each.step.question

        def cost(persona: Persona, read: int = usage.input, wrote: int = usage.output) -> int:
            return (persona.price_in * read + persona.price_out * wrote + 500_000) // 1_000_000

        ranked = sorted(cast.personas.values(), key=cost)
        able = [one for one in ranked if is_right(one, question, turn, world)]
        chosen = (able or ranked)[0]
        row.count(question, bool(able), seed)
        row.cost += cost(chosen)
        row.calls += 1
        row.tokens_in += usage.input
        row.tokens_out += usage.output
        row.models[f"{chosen.vendor}/{chosen.name}"] += 1
        row.latency.append((chosen.first_ms + chosen.token_ms * usage.output) / 1000.0)
        history.append(Message("assistant", each.text))
