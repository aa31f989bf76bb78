"""A business as a folder of files: facts, rules, prompts, knowledge, virtual models.

A prompt is plain text in which `{facts}` and `{rules}` stand for those files; nothing else is
substituted and nothing is executed. Knowledge is not in any prompt: pieces of it go with the
questions they bear on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from teppan.config.agents import AgentFile, read_agents
from teppan.config.load import read_toml, told
from teppan.config.mcp import McpServer, read_mcp
from teppan.config.rules import Rule, Rulebook, read_rules
from teppan.core.errors import ConfigError


class Document(Struct, frozen=True):
    """A file of knowledge. `name` is its path inside the pack; of a file that is neither Markdown
    nor plain text `data` holds the bytes, for whoever can read them."""

    name: str
    text: str
    data: bytes = b""


class Pack(Struct, frozen=True):
    """A loaded pack. `version` changes with any of its words; `settings` are tables of sections
    of `teppan.toml` that count where its operator says nothing (`overlay.py`), `intents` are
    examples: a text and what it is about. `tools` and `tables` are its Python files: what agents
    can do, and the tables they keep."""

    name: str
    about: str
    version: str
    prompts: dict[str, str]
    rules: tuple[Rule, ...]
    models: dict[str, dict[str, Any]]
    folder: Path
    knowledge: tuple[Document, ...] = ()
    settings: dict[str, dict[str, Any]] = {}
    intents: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    book: Rulebook = Rulebook()
    agents: tuple[AgentFile, ...] = ()
    tools: Path | None = None
    tables: Path | None = None
    timezone: str = "UTC"
    mcp: dict[str, McpServer] = {}

    @property
    def constitution(self) -> str:
        """The rules as text, for a critic."""
        return _listed(self.rules)


TEXTS = (".md", ".markdown", ".txt", ".text", ".rst", "")
"""Endings of files of knowledge that are text as they are."""

_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*\n?", re.MULTILINE | re.DOTALL)
"""A note in a file of facts, which is for its authors and for the search, not for a prompt."""
_PATTERN = re.compile(r"[*?\[]")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$|^(.+)\n(?:=+|-+)[ \t]*$", re.MULTILINE)
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

_Known = TypeVar("_Known", bound=BaseModel)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Intents(_Section):
    intents: dict[str, list[str]]


class _PackFile(_Section):
    name: str
    about: str = ""
    languages: list[Annotated[str, Field(pattern=_LANGUAGE)]] = Field(default=["en"])
    facts: str | None = None
    rules: str | None = None
    agents: str | None = None
    tools: str | None = None
    tables: str | None = None
    timezone: str = "UTC"
    mcp: dict[str, dict[str, Any]] = Field(default={})
    knowledge: list[str] = Field(default=[])
    intents: str | None = None
    prompts: dict[str, str] = Field(default={})
    models: dict[str, dict[str, Any]] = Field(default={})
    cache: dict[str, Any] = Field(default={})
    context: dict[str, Any] = Field(default={})
    router: dict[str, Any] = Field(default={})
    language: dict[str, Any] = Field(default={})

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        names = ("cache", "context", "router", "language")
        tables: dict[str, dict[str, Any]] = {name: getattr(self, name) for name in names}
        return {name: table for name, table in tables.items() if table}


def load_pack(folder: Path) -> Pack:
    """Reads `folder/pack.toml` and what it names. Raises `ConfigError` naming file and field."""
    path = folder / "pack.toml"
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; a pack is a folder with a `pack.toml` in it")
    told_of = _checked(_PackFile, read_toml(path), path)
    facts = _COMMENT.sub("", _text(folder, told_of.facts)).strip()
    book = Rulebook()
    if told_of.rules:
        rules_path = _within(folder, told_of.rules)
        book = read_rules(read_toml(rules_path), rules_path)
    rules = book.rules
    words = {"{facts}": facts, "{rules}": _listed(rules)}
    prompts = {name: _filled(_text(folder, file), words) for name, file in told_of.prompts.items()}
    agents: tuple[AgentFile, ...] = ()
    if told_of.agents is not None:
        names = [rule.id for rule in rules]
        agents = read_agents(_within(folder, told_of.agents), words, names)
        prompts |= {each.model: each.prompt for each in agents}
    knowledge = _documents(folder, told_of.knowledge)
    intents = _intents(folder, told_of.intents)
    _check_models(told_of.models, prompts, path)
    place = folder / (told_of.agents or "")
    _check_agents(agents, {intent for _, intent in intents}, knowledge, place)
    known = [word for each in knowledge for word in (each.name, each.text, _digest(each.data))]
    acting = [_text(folder, f"{told_of.agents}/{each.name}.toml") for each in agents]
    acts = told_of.tools is not None or told_of.tables is not None
    written = [_text(folder, path.name) for path in sorted(folder.glob("*.py"))] if acts else []
    told_all = "\0".join(
        [*prompts.values(), _text(folder, told_of.rules), *known, *acting, *written]
    )
    return Pack(
        name=told_of.name,
        about=told_of.about,
        version=hashlib.sha256(told_all.encode()).hexdigest()[:12],
        prompts=prompts,
        rules=rules,
        models=told_of.models,
        folder=folder,
        knowledge=knowledge,
        settings=told_of.settings,
        intents=intents,
        languages=tuple(told_of.languages),
        book=book,
        agents=agents,
        tools=_within(folder, told_of.tools) if told_of.tools else None,
        tables=_within(folder, told_of.tables) if told_of.tables else None,
        timezone=told_of.timezone,
        mcp=read_mcp(told_of.mcp, path),
    )


def _check_models(models: dict[str, dict[str, Any]], prompts: Collection[str], path: Path) -> None:
    """Refuses a prompt that the pack does not have: the model would be asked without one."""
    for name, table in models.items():
        prompt = table.get("prompt")
        if isinstance(prompt, str) and prompt not in prompts:
            there = ", ".join(prompts) or "none"
            raise ConfigError(
                f"{path}: models.{name}.prompt: there is no prompt `{prompt}`; there are: {there}"
            )


def _check_agents(
    agents: Sequence[AgentFile], intents: Collection[str], knowledge: Sequence[Document], at: Path
) -> None:
    """Refuses an intent that nothing teaches, since nobody would be sent to its agent, and a
    section that its document does not have, since nothing would be found there."""
    for agent in agents:
        path = at / f"{agent.name}.toml"
        for intent in agent.intents:
            if intent not in intents:
                there = ", ".join(sorted(intents)) or "none; name a file, `intents = ...`"
                raise ConfigError(
                    f"{path}: intents: there are no examples of `{intent}`; there are: {there}"
                )
        for place in agent.knowledge or ():
            name, _, section = place.partition("#")
            found = [each for each in knowledge if fnmatchcase(each.name, name) and each.text]
            heads = [one or other for each in found for one, other in _HEADING.findall(each.text)]
            if section and found and section not in heads:
                raise ConfigError(
                    f"{path}: knowledge: `{name}` has no section `{section}`; there are: "
                    f"{', '.join(heads) or 'none'}"
                )


def _intents(folder: Path, name: str | None) -> tuple[tuple[str, str], ...]:
    """The examples of a file that lists texts under each intent."""
    if name is None:
        return ()
    path = _within(folder, name)
    listed = _checked(_Intents, {"intents": read_toml(path)}, path).intents
    return tuple((text, intent) for intent, texts in listed.items() for text in texts)


def _listed(rules: tuple[Rule, ...]) -> str:
    return "# Rules\n" + "\n".join(f"- [{rule.id}] {rule.text}" for rule in rules) if rules else ""


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text.strip()


def _text(folder: Path, name: str | None) -> str:
    if name is None:
        return ""
    path = _within(folder, name)
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _documents(folder: Path, patterns: list[str]) -> tuple[Document, ...]:
    """The files that names and patterns (`knowledge/*.md`) stand for, each once, by name.

    Raises `ConfigError` for a name without a file and a pattern that leads outside.
    """
    found: dict[str, Document] = {}
    for pattern in patterns:
        _within(folder, pattern)
        paths = sorted(folder.glob(pattern)) if _PATTERN.search(pattern) else [folder / pattern]
        if not any(path.is_file() for path in paths):
            raise ConfigError(f"{folder / 'pack.toml'}: knowledge: `{pattern}` names no file")
        for path in paths:
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                found[name] = _document(folder, name)
    return tuple(found.values())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data else ""


def _document(folder: Path, name: str) -> Document:
    if Path(name).suffix.lower() in TEXTS:
        return Document(name, _text(folder, name))
    path = _within(folder, name)
    try:
        return Document(name, "", path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _within(folder: Path, name: str) -> Path:
    """A pack names only its own files: nothing outside its folder is ever read."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigError(f"{folder / 'pack.toml'}: `{name}` lies outside the pack")
    return path


def _checked(kind: type[_Known], tables: dict[str, Any], path: Path) -> _Known:
    try:
        return kind.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(f"{path}: {told(error, tuple(kind.model_fields))}") from None
