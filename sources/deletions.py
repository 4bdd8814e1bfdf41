"""Looking again: posts that their authors or the service have deleted are forgotten here too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar, cast

import pandas as pd
from filelock import FileLock, Timeout

from sources.archive import Archive
from sources.clock import Clock, SystemClock
from sources.connector import RecheckSource, Source
from sources.errors import Changed, SourceError, Throttled, Unavailable
from sources.forgetting import forget_posts
from sources.recheck import LooksAgain
from sources.store import Store
from sources.walk import BACKOFF, PATIENCE, TRIES

T = TypeVar("T")
_Found = tuple[Sequence[str], Sequence[tuple[str, str]]]

#: A source that says that more than this share of at least ENOUGH posts is gone has more likely changed than its authors.
TOO_MANY, ENOUGH = 0.5, 20


@dataclass(frozen=True)
class Deleted:
    """What looking again at one source gave.

    `stored` posts, `looked` at, `gone` and forgotten; `note` says why not all were looked at, or why nothing was deleted.
    """

    source: str
    stored: int
    looked: int
    gone: int
    note: str = ""


def forget_deleted(
    store: Store,
    sources: Sequence[Source],
    *,
    clock: Clock | None = None,
    patience: timedelta = PATIENCE,
    certain: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[Deleted]:
    """Ask each source which of its stored posts are no longer shown, and forget those.

    Parameters
    ----------
    sources : connectors; one that cannot tell is in the result with a note.
    patience : longest wait that a service may ask for.
    certain : delete even where a source says that most of its posts are gone.
    progress : told source, posts looked at, posts in all.
    stop : asked before every request; what was found gone until then is forgotten.

    Returns
    -------
    One `Deleted` per source. A source that fails is in it, not raised; what was found before is forgotten all the same.

    Raises
    ------
    Unavailable : a collection of this study is running, or the store cannot be written.
    """
    clock = clock or SystemClock()
    lock = FileLock(store.root / "collect.lock")
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except (Timeout, OSError) as error:
        raise Unavailable("a collection of this study is running", str(store.root), "wait for it to end") from error
    try:
        posts = store.read("posts", columns=["platform", "id", "url", "source"]).to_pandas()
        # A post that two sources have brought is looked at with each of them.
        posts = posts.drop_duplicates(["platform", "id", "source"])
        look = _Look(store, clock, patience, certain, progress, stop)
        return [look.at(source, posts[posts["source"] == source.name].reset_index(drop=True)) for source in sources]
    finally:
        lock.release()


@dataclass
class _Look:
    store: Store
    clock: Clock
    patience: timedelta
    certain: bool
    progress: Callable[[str, int, int], None] | None
    stop: Callable[[], bool] | None

    def at(self, source: Source, own: pd.DataFrame) -> Deleted:
        """Look at the posts of one source and forget what is gone."""
        by_answer = isinstance(source, LooksAgain)
        if not by_answer and (source.caps.recheck < 1 or not hasattr(source, "gone")):
            return Deleted(source.name, len(own), 0, 0, "it cannot tell what was deleted" if len(own) else "")
        if not (health := source.check()).works:
            return Deleted(source.name, len(own), 0, 0, health.why)
        looked: set[str] = set()
        gone: set[tuple[str, str]] = set()
        left: dict[str, bytes] = {}
        walk = self._answers(cast(LooksAgain, source), left) if by_answer else self._ids(source, own)
        note = ""
        try:
            for here, missing in walk:
                looked |= {*here, *(i for _, i in missing)}
                gone |= set(missing)
                if self.progress is not None:
                    self.progress(source.name, len(looked), len(own))
                if self.stop is not None and self.stop():
                    note = "stopped"
                    break
        except SourceError as error:
            note = str(error)
        stored = set(own["id"])
        if by_answer and not note and (late := len(stored - looked)):
            note = f"{late} posts are not in an answer that is still kept"
        if len(looked) >= ENOUGH and len(gone) > TOO_MANY * len(looked) and not self.certain:
            warning = (
                f"it says that {len(gone)} of {len(looked)} posts are gone, which is not likely: nothing was deleted"
            )
            return Deleted(source.name, len(own), len(looked & stored), 0, warning)
        if gone:
            forget_posts(self.store, sorted(gone))
        archive = Archive(self.store.root)
        for name, raw in left.items():
            # After the rows: a kill in between leaves an answer that is looked up once more.
            archive.keep(source.name, raw, now=self.clock.now())
            archive.drop(name)
        return Deleted(source.name, len(own), len(looked & stored), len({i for _, i in gone} & stored), note)

    def _ids(self, source: Source, own: pd.DataFrame) -> Iterator[_Found]:
        """Yield what is here and what is gone of stored posts, some at a time."""
        for first in range(0, len(own), source.caps.recheck):
            some = own.iloc[first : first + source.caps.recheck]
            missing = set(_asked(partial(cast(RecheckSource, source).gone, some), self.clock, self.patience))
            pairs = [(p, i) for p, i in zip(some["platform"], some["id"], strict=True) if i in missing]
            yield [i for i in some["id"] if i not in missing], pairs

    def _answers(self, source: LooksAgain, left: dict[str, bytes]) -> Iterator[_Found]:
        """Yield the same answer by answer; what answers are to be replaced by goes into `left`."""
        archive = Archive(self.store.root)
        for name in archive.names(source.name):
            seen = _asked(partial(source.look_again, archive.read(name)), self.clock, self.patience)
            if seen.gone:
                left[name] = seen.raw
            yield seen.here, [(source.platform, i) for i in seen.gone]


def _asked(ask: Callable[[], T], clock: Clock, patience: timedelta) -> T:
    """Return the answer of a source; tried again after what passes, as in a collection."""
    for attempt in range(1, TRIES + 1):
        try:
            return ask()
        except Throttled as error:
            wait = (
                (error.retry_at - clock.now()).total_seconds() if error.retry_at is not None else BACKOFF * 2**attempt
            )
            if attempt == TRIES or wait > patience.total_seconds():
                raise
            clock.sleep(max(wait, 0.0))
        except Unavailable:
            if attempt == TRIES:
                raise
            clock.sleep(BACKOFF * 2 ** (attempt - 1))
        except SourceError:
            raise
        except Exception as error:  # other people's code, one boundary
            what = f"the connector failed ({type(error).__name__}: {error})"
            raise Changed(what, remedy="report it to its author") from error
    raise AssertionError("unreachable: the last try returns or raises")
