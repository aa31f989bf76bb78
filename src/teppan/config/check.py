"""What is valid but cannot work: names that point nowhere. Pure; says the path and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct


class Problem(Struct, frozen=True):
    """`path` is the setting, `remedy` what to write instead."""

    path: str
    told: str
    remedy: str


def check_names(
    virtual: Mapping[str, Sequence[str]],
    named: Mapping[str, Sequence[str]],
    providers: Collection[str],
    bare: Collection[str] = (),
) -> list[Problem]:
    """Names of models that no provider and no virtual model answers to.

    `virtual` maps each virtual model to the names it asks, `named` each setting to the names it
    holds; `bare` names need no provider.
    """
    known = [*virtual, *bare]
    return [
        *(
            problem
            for setting, names in named.items()
            for problem in _unknown(setting, names, known, providers)
        ),
        *(
            problem
            for name, members in virtual.items()
            for problem in _unknown(f"models.{name}", members, known, providers)
        ),
        *_circles(virtual),
    ]


def _unknown(
    path: str, names: Sequence[str], known: Collection[str], providers: Collection[str]
) -> Iterator[Problem]:
    for name in names:
        provider, slash, model = name.partition("/")
        if name in known or (slash and model and provider in providers):
            continue
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
        near += difflib.get_close_matches(provider, list(providers), n=1, cutoff=0.6)
        remedy = f"did you mean `{near[0]}`?" if near else "name it `provider/model`"
        yield Problem(path, f"`{name}` is neither a virtual model nor of a known provider", remedy)


def _circles(virtual: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Virtual models that reach themselves."""
    for name in virtual:
        seen, waiting = set(), list(virtual[name])
        while waiting:
            member = waiting.pop()
            if member == name:
                yield Problem(f"models.{name}", "asks itself", "name another member")
                break
            if member not in seen:
                seen.add(member)
                waiting += virtual.get(member, ())
