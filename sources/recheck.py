"""Looks again whether posts are still shown, and takes out of the store and of the kept answers what is gone.

A person who deletes a post takes back the leave to keep it; the terms of every network say so too. What is looked up are the
kept answers, since stored ids are hashes where the native ones name the author.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from filelock import FileLock, Timeout

from sources.archive import Archive
from sources.clock import Clock, SystemClock
from sources.connector import Source
from sources.errors import SourceError, Unavailable
from sources.store import Store


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


@dataclass(frozen=True)
class Rechecked:
    """Posts that were `looked` up and that were `gone`, by kept answer; `failed`: what could not be looked up, and why."""

    looked: int
    gone: int
    removed_rows: int
    failed: tuple[str, ...] = ()


def recheck(
    store: Store,
    sources: Sequence[LooksAgain],
    *,
    clock: Clock | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Rechecked:
    """Look up every post in the kept answers of `sources`, and remove those that are gone.

    A source that fails is left at its first fault; what was found until then is removed all the same. Nothing is ever removed
    because a service did not answer.

    Parameters
    ----------
    progress : called after every kept answer with how many are done and how many there are.

    Raises
    ------
    Unavailable : a collection of this study is running, or the store cannot be written.
    """
    clock, archive = clock or SystemClock(), Archive(store.root)
    lock = FileLock(store.root / "collect.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Unavailable("a collection of this study is running", str(store.root), "wait for it to end") from error
    looked: set[str] = set()
    gone: set[str] = set()
    failed: list[str] = []
    rows = done = 0
    try:
        total = sum(len(archive.names(source.name)) for source in sources)
        for source in sources:
            for name in archive.names(source.name):
                try:
                    seen = source.look_again(archive.read(name))
                except SourceError as error:
                    failed.append(f"{source.name}: {error}")
                    break
                if seen.gone:
                    # Rows first: a kill between the two leaves an answer that is looked up once more.
                    rows += store.remove_posts(source.platform, seen.gone)
                    archive.keep(source.name, seen.raw, now=clock.now())
                    archive.drop(name)
                looked |= {*seen.here, *seen.gone}
                gone |= set(seen.gone)
                done += 1
                if progress is not None:
                    progress(done, total)
    finally:
        lock.release()
    return Rechecked(len(looked), len(gone), rows, tuple(failed))
