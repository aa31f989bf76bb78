"""The Python files of a pack, loaded as one package, so that they may import each other.

They are files that the operator put there, and run with all rights of the gateway; nothing that
comes over HTTP names one.
"""

from __future__ import annotations

import importlib.util
import re
import sys
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
        raise ConfigError(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def tables_of(path: Path) -> MetaData:
    """The tables a pack describes. Raises `ConfigError` where it describes none."""
    found = getattr(load(path), "metadata", None)
    if not isinstance(found, MetaData) or not found.tables:
        raise ConfigError(f"{path}: needs `metadata`, a SQLAlchemy MetaData with tables in it")
    return found


def _mark(folder: Path) -> str:
    return content_hash(str(folder.resolve()).encode())[:8]
