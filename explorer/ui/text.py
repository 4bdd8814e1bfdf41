"""Other people's text, shown letter by letter."""

from __future__ import annotations


def plain(text: str) -> str:
    """Return other people's text so that Markdown shows it letter by letter."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:@" else c for c in text)
