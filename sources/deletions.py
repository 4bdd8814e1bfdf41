"""Looking again: posts that their authors or the service have deleted are forgotten here too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast

from sources.clock import Clock, SystemClock
from sources.connector import RecheckSource, Source
from sources.errors import Changed, SourceError, Throttled, Unavailable
from sources.forgetting import forget_posts
from sources.store import Store
from sources.walk import BACKOFF, PATIENCE, TRIES

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
    """
    clock = clock or SystemClock()
    posts = store.read("posts", columns=["platform", "id", "url", "source"]).to_pandas()
    posts = posts.drop_duplicates(["platform", "id"])
    found = []
    for source in sources:
        own = posts[posts["source"] == source.name].reset_index(drop=True)
        if source.caps.recheck < 1 or not hasattr(source, "gone"):
            found.append(Deleted(source.name, len(own), 0, 0, "it cannot tell what was deleted" if len(own) else ""))
            continue
        if not (health := source.check()).works:
            found.append(Deleted(source.name, len(own), 0, 0, health.why))
            continue
        gone: list[tuple[str, str]] = []
        looked, note = 0, ""
        for first in range(0, len(own), source.caps.recheck):
            if stop is not None and stop():
                note = "stopped"
                break
            some = own.iloc[first : first + source.caps.recheck]
            try:
                missing = set(_asked(partial(cast(RecheckSource, source).gone, some), clock, patience))
            except SourceError as error:
                note = str(error)
                break
            gone += [(p, i) for p, i in zip(some["platform"], some["id"], strict=True) if i in missing]
            looked += len(some)
            if progress is not None:
                progress(source.name, looked, len(own))
        if looked >= ENOUGH and len(gone) > TOO_MANY * looked and not certain:
            warning = f"it says that {len(gone)} of {looked} posts are gone, which is not likely: nothing was deleted"
            found.append(Deleted(source.name, len(own), looked, 0, warning))
            continue
        if gone:
            forget_posts(store, gone)
        found.append(Deleted(source.name, len(own), looked, len(gone), note))
    return found


def _asked(ask: Callable[[], Sequence[str]], clock: Clock, patience: timedelta) -> Sequence[str]:
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
