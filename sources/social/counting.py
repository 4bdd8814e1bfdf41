"""How many items match a query, a period at a time, from services that tell the size of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd

from sources.connector import Page, Query, State, Window
from sources.errors import BadQuery
from sources.social.clauses import Clause, any_of, union_size

#: Clauses of a query of which a union is still counted: n clauses cost 2^n - 1 requests a period.
MOST_CLAUSES = 4
#: Periods a page: what a kill costs at most.
_BATCH = 13


def periods(window: Window, grain: str) -> list[Window]:
    """Return the whole periods inside `window`, in order; weeks start on Monday, days in UTC."""
    starts = _starts(window.start, grain)
    found, start = list[Window](), next(starts)
    for end in starts:
        if end > window.end:
            return found
        if start >= window.start:
            found.append(Window(start, end))
        start = end
    return found


def count_pages(
    query: Query,
    window: Window,
    state: State | None,
    size: Callable[[Clause, Window], tuple[int, bytes]],
    *,
    service: str,
) -> Iterator[Page]:
    """Yield pages of `counts`: the size of the union of the query's clauses in every whole period.

    Parameters
    ----------
    size : asks the service; gives the number of items and the answer as it came.

    Raises
    ------
    BadQuery : the query has more than MOST_CLAUSES clauses.
    """
    clauses = any_of(query.text, service=service)
    if len(clauses) > MOST_CLAUSES:
        raise BadQuery(
            f"a query of {len(clauses)} clauses cannot be counted",
            f"query {query.text!r}",
            f"at most {MOST_CLAUSES}; fetch the posts themselves instead",
        )
    grain = "week" if query.grain == "auto" else query.grain
    asked = periods(window, grain)
    done = int((state or {}).get("done", 0))
    if not asked:
        yield Page({"counts": _frame([])}, complete=True, notes=(f"no whole {grain} in the span",))
    for first in range(done, len(asked), _BATCH):
        rows, raw = [], list[bytes]()
        for span in asked[first : first + _BATCH]:

            def sized(clause: Clause, span: Window = span, raw: list[bytes] = raw) -> int:
                n, answer = size(clause, span)
                raw.append(answer)
                return n

            rows.append(
                {
                    "query": query.text,
                    "geo": "",
                    "period": span.start,
                    "grain": grain,
                    "posts": float(union_size(clauses, sized)),
                    "unit": "count",
                }
            )
        done = min(first + _BATCH, len(asked))
        yield Page({"counts": _frame(rows)}, complete=done == len(asked), state={"done": done}, raw=tuple(raw))


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["query", "geo", "period", "grain", "posts", "unit"])
    frame["period"] = pd.to_datetime(frame["period"], utc=True)
    return frame


def _starts(instant: datetime, grain: str) -> Iterator[datetime]:
    """Yield first instants of periods, from the one that holds `instant` on."""
    at = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if grain == "hour":
        while True:
            yield at
            at += timedelta(hours=1)
    at = at.replace(hour=0)
    if grain in ("day", "week"):
        at -= timedelta(days=at.weekday() if grain == "week" else 0)
        while True:
            yield at
            at += timedelta(days=7 if grain == "week" else 1)
    months = {"month": 1, "quarter": 3, "year": 12}.get(grain)
    if months is None:
        raise BadQuery(f"there is no period {grain!r}", "grain", "hour, day, week, month, quarter or year")
    month = at.year * 12 + (at.month - 1) // months * months
    while True:
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        month += months
