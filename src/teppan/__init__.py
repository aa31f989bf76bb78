"""Teppan: many models behind one API, the best answer served."""

from typing import TYPE_CHECKING, Any

from teppan.core.tool import Talk, ToolRefused, tool

if TYPE_CHECKING:
    from teppan.client import Answered, AsyncTeppan, Teppan

__all__ = ["Answered", "AsyncTeppan", "Talk", "Teppan", "ToolRefused", "tool"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The Python API, loaded when first asked for: importing one room must not build the house."""
    if name in __all__:
        from teppan import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
