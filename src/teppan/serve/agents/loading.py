"""The Python files of a pack, loaded as one package, so that they may import each other.

They are files that the operator put there, and run with all rights of the gateway; nothing that
comes over HTTP names one.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from sqlalchemy import MetaData

from teppan.core.errors import ConfigError
from teppan.core.ids import content_hash


def load(path: Path) -> ModuleType:
    """The module of a pack's file. Raises `ConfigError` that says what is wrong with it."""
    folder = path.parent
    package = f"teppan_pack_{re.sub(r'[^0-9a-zA-Z]', '_', folder.name)}_{_mark(folder)}"
    if package not in sys.modules:
        whole = ModuleType(package)
        whole.__path__ = [str(folder)]
        sys.modules[package] = whole
    if not path.is_file():
        raise ConfigError(f"{path}: no such file, but `pack.toml` names it")
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        if isinstance(error, ConfigError):
            raise
        told = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{path}: cannot be loaded: {told}{_where(error, folder)}") from error
    return module


def tables_of(path: Path) -> MetaData:
    """The tables a pack describes. Raises `ConfigError` where it describes none."""
    found = getattr(load(path), "metadata", None)
    if not isinstance(found, MetaData) or not found.tables:
        raise ConfigError(f"{path}: needs `metadata`, a SQLAlchemy MetaData with tables in it")
    return found


def _where(error: BaseException, folder: Path) -> str:
    """The line of the pack at which it went wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if Path(each.filename).parent == folder]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _mark(folder: Path) -> str:
    return content_hash(str(folder.resolve()).encode())[:8]
