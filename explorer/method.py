"""The text of the Method page: one section a method, with an anchor that every Fact of that method points to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("locales")
_HEAD = re.compile(r"^## (?P<title>.+?) \{#(?P<anchor>[a-z0-9-]+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One method: `anchor` is what Fact.method holds, `text` is Markdown."""

    anchor: str
    title: str
    text: str


@lru_cache(maxsize=4)
def sections(language: str) -> tuple[Section, ...]:
    """Return the sections of the Method page in `language`, in order."""
    text = (_FOLDER / language / "method.md").read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [h.start() for h in heads[1:]] + [len(text)]
    return tuple(
        Section(head["anchor"], head["title"], text[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    )
