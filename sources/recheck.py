"""What a connector tells of the posts of a kept answer, for sources whose stored ids are hashes (`sources.deletions`).

What is looked up are the kept answers, since the native ids name the author and are not stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sources.connector import Source


@dataclass(frozen=True)
class Seen:
    """What became of the posts of one kept answer: ids still shown, ids that are gone, and the answer without these."""

    here: tuple[str, ...]
    gone: tuple[str, ...]
    raw: bytes


@runtime_checkable
class LooksAgain(Source, Protocol):
    """A connector that can look up the posts of an answer that it gave."""

    platform: str

    def look_again(self, raw: bytes) -> Seen:
        """Return what became of the posts of a kept answer; raise one of the six errors when that cannot be told."""
        ...
