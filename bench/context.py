"""What shortening long conversations saves, and whether the facts are still there.

    python bench/context.py                      40-turn conversations that are made up, 4 languages
    python bench/context.py --data DIR           recorded ones: conversations_*.jsonl[.gz]
    python bench/context.py --manner tuning      the wordings and seeds that were tuned on

At each turn of the user the client sends its whole history; what the gateway would send on is
compared with sending everything, the newest messages of the same size, the last five, and the
limit: somebody who knows the facts. No model writes summaries here: they are the conversation's own
sentences. Tokens are the gateway's own estimate (`cost/tokens.py`, within 4 to 5 % of a real
tokeniser), for all ways alike. Recorded conversations are JSON lines:

    {"id": "...", "language": "en", "group": "hotel",
     "messages": [{"role": "user", "content": "..."}, ...],          as of /v1/chat/completions
     "facts": [{"at": 3, "any": ["25 guests"], "replaces": "20 guests", "older": 0}, ...]}

where `at` is the number of the message that tells the fact, counted from 0, and `older` the number
of the fact it corrects. A fact counts as kept when one of its wordings stands in what is sent.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from talks import ways
from talks.generate import REPORTING, TUNING, generated
from talks.talk import Talk, read, stands_last, tells, words_of
from teppan.core.chat import Message
from teppan.cost.tokens import estimate, request_tokens
from teppan.serve.context import ContextPolicy
from teppan.serve.context.history import count

FEWER, KEPT = 0.50, 0.95
SEEDS = {"tuning": (101, TUNING), "reporting": (907, REPORTING)}
CACHED_PRICE, CACHED_FROM = 0.1, 1024
"""What vendors ask for a token they have cached, as a share, and how long a prefix must be."""


class Figures(msgspec.Struct):
    """Sums over turns. `old` facts are those told before the last five messages."""

    turns: int = 0
    tokens: int = 0
    all_tokens: int = 0
    last_tokens: int = 0
    last_all_tokens: int = 0
    facts: int = 0
    kept: int = 0
    old: int = 0
    old_kept: int = 0
    at_end: int = 0
    at_end_kept: int = 0
    corrected: int = 0
    corrected_kept: int = 0
    corrected_last: int = 0
    follow: int = 0
    same: int = 0
    paid: float = 0.0

    def told(self) -> dict[str, float]:
        return {
            "fewer tokens, all turns": 1 - self.tokens / self.all_tokens,
            "fewer tokens, last turn": 1 - self.last_tokens / self.last_all_tokens,
            "facts kept": share(self.kept, self.facts),
            "old facts kept": share(self.old_kept, self.old),
            "facts kept, last turn": share(self.at_end_kept, self.at_end),
            "corrected kept": share(self.corrected_kept, self.corrected),
            "corrected stands last": share(self.corrected_last, self.corrected),
            "same beginning": share(self.same, self.follow),
            "paid, warm cache": self.paid / self.turns,
            "tokens a turn": self.tokens / self.turns,
        }


def share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def measure(talk: Talk, sent: ways.Sent, into: Figures) -> None:
    """Adds one conversation, sent in one way."""
    before: tuple[Message, ...] = ()
    for place, messages in zip(talk.turns, sent, strict=True):
        tokens = request_tokens(ways.request_of(messages))
        whole = request_tokens(ways.request_of(talk.messages[: place + 1]))
        same = common_beginning(before, messages) if before else 0
        into.turns += 1
        into.tokens += tokens
        into.all_tokens += whole
        if before:
            into.follow += tokens
            into.same += same
        cached = same if same >= CACHED_FROM else 0
        into.paid += tokens - (1 - CACHED_PRICE) * cached
        before = messages
        _facts(talk, place, words_of(messages), into)
    into.last_tokens += tokens
    into.last_all_tokens += whole


def _facts(talk: Talk, place: int, text: str, into: Figures) -> None:
    is_end = place == talk.turns[-1]
    for fact in talk.due(place):
        there = tells(fact, text)
        into.facts += 1
        into.kept += there
        if fact.at <= place - ways.LAST:
            into.old += 1
            into.old_kept += there
        if is_end:
            into.at_end += 1
            into.at_end_kept += there
        if fact.replaces:
            into.corrected += 1
            into.corrected_kept += there
            into.corrected_last += there and stands_last(fact, text)


def common_beginning(before: Sequence[Message], now: Sequence[Message]) -> int:
    """Tokens at the begin of a request that are those of the one before."""
    same = 0
    for one, other in zip(before, now, strict=False):
        if one != other:
            here, there = words_of((one,)), words_of((other,))
            length = next(
                (i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b),
                min(len(here), len(there)),
            )
            return same + estimate(there[:length])
        same += count((one,))
    return same


def run(talks: Iterable[Talk], policy: ContextPolicy) -> tuple[dict[str, Figures], dict[str, Any]]:
    rows: dict[str, Figures] = defaultdict(Figures)
    groups: dict[str, Figures] = defaultdict(Figures)
    took: list[float] = []
    made = turns = 0
    for talk in talks:
        sent, times, summaries = ways.ours(talk, policy)
        took += times
        made += summaries
        turns += len(talk.turns)
        like = [request_tokens(ways.request_of(each)) for each in sent]
        measure(talk, sent, rows["teppan"])
        measure(talk, sent, groups[f"{talk.language} {talk.group}"])
        measure(talk, ways.everything(talk), rows["everything"])
        measure(talk, ways.truncated(talk, like), rows["newest of the same size"])
        measure(talk, ways.last_only(talk), rows["last 5 only"])
        measure(talk, ways.limit(talk), rows["limit: knows the facts"])
    more = {
        "by group": groups,
        "milliseconds p50": statistics.median(took),
        "milliseconds p99": sorted(took)[int(0.99 * len(took))],
        "summaries made": made,
        "turns between summaries": turns / max(1, made),
    }
    return rows, more


def show(title: str, rows: dict[str, Figures]) -> None:
    columns = list(next(iter(rows.values())).told())
    print(f"\n{title}")
    print(f"{'':26}" + "".join(f"{name:>14.14}" for name in _short(columns)))
    for name, figures in rows.items():
        told = figures.told()
        cells = [
            f"{value:14.0f}" if value > 1.5 else f"{100 * value:13.1f}%" for value in told.values()
        ]
        print(f"{name:26}" + "".join(cells))


def _short(columns: Sequence[str]) -> list[str]:
    names = {
        "fewer tokens, all turns": "fewer, all",
        "fewer tokens, last turn": "fewer, last",
        "facts kept, last turn": "kept, last",
        "corrected stands last": "stands last",
        "same beginning": "same begin",
        "paid, warm cache": "paid warm",
    }
    return [names.get(column, column) for column in columns]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="recorded conversations to report on")
    parser.add_argument("--fit", type=Path, help="nothing is fitted here; taken and ignored")
    parser.add_argument("--manner", choices=sorted(SEEDS), default="reporting")
    parser.add_argument("--each", type=int, default=6, help="conversations a language and business")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=ContextPolicy().tokens)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seed, manner = SEEDS[options.manner]
    if options.data:
        talks = read(options.data)
        if not talks:
            print(f"no conversations: {options.data} has no conversations_*.jsonl[.gz]")
            return 0
    else:
        talks = generated(seed, manner, 2 if options.quick else options.each, options.turns)
    if options.quick:
        talks = talks[:: max(1, len(talks) // 40)]
    rows, more = run(talks, ContextPolicy(tokens=options.tokens))
    figures = {name: row.told() for name, row in rows.items()}
    ours = figures["teppan"]
    goals = [
        {"name": name, "value": ours[name], "goal": goal, "met": ours[name] >= goal}
        for name, goal in (("fewer tokens, all turns", FEWER), ("facts kept", KEPT))
    ]
    if options.json:
        groups = {name: row.told() for name, row in more.pop("by group").items()}
        print(json.dumps({"figures": {**figures, "by group": groups, **more}, "goals": goals}))
        return 0
    print(f"{len(talks)} conversations, budget {options.tokens} tokens")
    show("sent at each turn", rows)
    show("ours, by language and business", more.pop("by group"))
    print("\n" + ", ".join(f"{name} {value:.2f}" for name, value in more.items()))
    for goal in goals:
        value, wanted = 100 * goal["value"], 100 * goal["goal"]
        print(f"{goal['name']}: {value:.1f} % (goal {wanted:.0f} %)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
