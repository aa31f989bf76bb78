"""Which faults hit which request: by header, by script, or by seeded chance."""

from collections.abc import Iterable
from dataclasses import dataclass

from teppan.simulate import dice
from teppan.simulate.faults import Fault, parse_faults

HEADER = "x-simulate-fault"
DEFAULT_MIX = ("429:1", "500", "503:0.2", "529", "reset_head", "cut_events:3", "error_event:2")
_QUIET = frozenset({"models", "model", "tags", "version", "show"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is, as far as a script can tell: `key` is the index of its API key."""

    vendor: str
    model: str
    key: int
    operation: str


@dataclass(slots=True)
class Script:
    """A fault waiting for matching requests; a field left None matches everything."""

    fault: Fault
    vendor: str | None = None
    model: str | None = None
    key: int | None = None
    seen: int = 0
    hits: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has hit as often as it should."""
        return self.fault.times is not None and self.hits >= self.fault.times

    def matches(self, target: Target) -> bool:
        """Whether the request is one of those it waits for."""
        return (
            self.vendor in (None, target.vendor)
            and self.model in (None, target.model)
            and self.key in (None, target.key)
            and target.operation not in _QUIET
        )

    def take(self) -> bool:
        """Count one request and say whether it is hit."""
        hit = not self.spent and self.seen % self.fault.every == 0
        self.seen += 1
        self.hits += hit
        return hit


class Desk:
    """Keeps the scripts and decides for each request."""

    def __init__(self, seed: int = 1, rate: float = 0.0, mix: Iterable[str] = DEFAULT_MIX) -> None:
        self.rate = rate
        self._mix = tuple(parse_faults(text) for text in mix)
        self._seed = seed
        self._scripts: list[Script] = []
        self._by_header: dict[tuple[Fault, str, str], Script] = {}
        self._requests = 0

    def add(
        self, faults: str, *, vendor: str | None = None, model: str | None = None,
        key: int | None = None, times: int | None = None,
    ) -> None:  # fmt: skip
        """Queue faults; those of one matching target hit in the order in which they were added.

        Without `times` (here or in the text) a fault stays until `clear`.
        """
        for fault in parse_faults(faults):
            limited = (
                fault if times is None else Fault(fault.name, fault.argument, times, fault.every)
            )
            self._scripts.append(Script(limited, vendor, model, key))

    def clear(self) -> None:
        """Forget every script and every count."""
        self._scripts.clear()
        self._by_header.clear()

    def choose(self, target: Target, header: str | None) -> tuple[Fault, ...]:
        """The faults for this request; raises `UnknownFault` for a header nobody knows."""
        chosen: list[Fault] = []
        for fault in parse_faults(header) if header else ():
            key = (fault, target.vendor, target.model)
            if self._by_header.setdefault(key, Script(fault)).take():
                chosen.append(fault)
        queued = (one for one in self._scripts if one.matches(target) and not one.spent)
        script = next(queued, None)
        if script is not None and script.take():
            chosen.append(script.fault)
        self._requests += 1
        chance = (self._seed, "chaos", self._requests)
        if self.rate and target.operation not in _QUIET and dice.unit(*chance) < self.rate:
            chosen.extend(dice.pick(self._mix, *chance, "which"))
        return tuple(chosen)
