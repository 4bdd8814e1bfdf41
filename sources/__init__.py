"""Where data comes from: connectors, export readers, the tables they fill and the store that keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sources.exports import Mapping, Reading, read_export

__all__ = ["Mapping", "Reading", "read_export"]


def __getattr__(name: str) -> Any:
    # The readers are imported when they are first asked for: `sources.errors` alone should not cost their start-up.
    if name in __all__:
        from sources import exports

        return getattr(exports, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
