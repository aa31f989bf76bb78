"""From a turn to a reply: limits, the persona's answers, truncation, tokens and the bill."""

from dataclasses import dataclass, field, replace

from teppan.simulate import dice, tokens
from teppan.simulate.mind import World, answer
from teppan.simulate.personas import Persona, Vendor
from teppan.simulate.questions import normalise
from teppan.simulate.turn import Choice, Refused, Reply, Turn, Usage

_REASONING_FACTOR = 4


@dataclass(slots=True)
class Memory:
    """What a fleet remembers between requests: samples drawn, prefixes cached, replies made."""

    samples: dict[tuple[str, str], int] = field(default_factory=dict)
    prefixes: tokens.PrefixMemory = field(default_factory=tokens.PrefixMemory)
    replies: int = 0

    def next_sample(self, persona: str, question: str) -> int:
        """How many samples of this question the persona gave before."""
        key = (persona, question)
        if len(self.samples) > 100_000:
            self.samples.clear()
        count = self.samples.get(key, 0)
        self.samples[key] = count + 1
        return count


def check(persona: Persona, turn: Turn, cut_prompt: bool) -> int:
    """The prompt's tokens; raises `Refused` for what this model does not accept.

    With `cut_prompt` a prompt beyond the context is silently cut instead (as local servers do).
    """
    for name in persona.refuses:
        if name in turn.fields:
            raise Refused(
                "unsupported_parameter",
                f"Unsupported parameter: '{name}' is not supported with this model.",
                param=name,
            )
    if persona.signed_calls and "unsigned_call" in turn.fields:
        raise Refused(
            "invalid_request",
            "Function call is missing a thought_signature in functionCall parts.",
        )
    if turn.images and not persona.vision:
        raise Refused(
            "invalid_request", "This model does not support image inputs.", param="messages"
        )
    count = tokens.prompt_tokens(turn)
    if count > persona.context:
        if not cut_prompt:
            raise Refused("context_overflow", f"{count} > {persona.context}", param="messages")
        count = persona.context
    return count


def compose(
    persona: Persona, vendor: Vendor, turn: Turn, world: World, memory: Memory, *, now: float,
    cut_prompt: bool = False,
) -> Reply:  # fmt: skip
    """Answer the turn; raises `Refused` for what the model does not accept."""
    prompt = check(persona, turn, cut_prompt)
    key = normalise(turn.question)
    choices = []
    for _ in range(max(1, turn.n)):
        sampled = bool(turn.temperature) and turn.seed is None
        sample = memory.next_sample(persona.name, key) if sampled else turn.seed or 0
        choices.append(_limited(persona, turn, answer(persona, turn, world, sample)))
    reasoning = sum(_REASONING_FACTOR * tokens.count(choice.reasoning) for choice in choices)
    spoken = sum(map(_spoken_tokens, choices))
    use = tokens.CacheUse(0, 0)
    minimum = vendor.cache_min
    if minimum and (turn.cache_asked or not vendor.cache_on_request):
        account = f"{vendor.name}/{persona.name}"
        use = memory.prefixes.look(account, tokens.prompt_text(turn), minimum)
    memory.replies += 1
    read, written = min(use.read, prompt), min(use.written, max(0, prompt - use.read))
    return Reply(
        id=dice.word(24, world.seed, memory.replies, persona.name),
        model=turn.model,
        created=int(now),
        choices=tuple(choices),
        usage=Usage(prompt, spoken + reasoning, read, written, reasoning),
        show_reasoning=persona.reasoning_field or turn.thinking,
    )


def _spoken_tokens(choice: Choice) -> int:
    called = sum(tokens.count(call.name + call.arguments) + 8 for call in choice.tool_calls)
    return tokens.count(choice.text or "") + called


def _limited(persona: Persona, turn: Turn, choice: Choice) -> Choice:
    """Cut at the stop sequences, then at the token limit."""
    if choice.text is None:
        return choice
    text = choice.text
    places = [(text.find(stop), stop) for stop in turn.stop if stop and stop in text]
    if places:
        place, stop = min(places)
        choice = replace(choice, text=text[:place], stop_sequence=stop)
    limit = min(turn.max_tokens or persona.max_output, persona.max_output)
    text = choice.text or ""
    if tokens.count(text) > limit:
        cut = text.encode()[: 4 * limit].decode("utf-8", "ignore")
        choice = replace(choice, text=cut, finish="length", stop_sequence=None)
    return choice
