"""What a collection says of its own completeness: spans of time, each with a status, rows and the reason.

A capped fetch looks exactly like silence, so every window ends here, whatever became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from sources.connector import Ask, Window
from sources.ledger import LATE, OPEN, SPLIT, Step

#: Column of a table that holds the name under which coverage is written, and the one without which a row measures nothing.
_NAME = {"interest": "term", "regions": "term", "queries": "term", "counts": "query", "posts": "query"}
_MEASURE = {"interest": "value", "regions": "value", "counts": "posts"}


class Span(NamedTuple):
    """One row of coverage before it has a table and a query."""

    window: Window
    status: str
    rows: int
    rejected: int
    note: str


def spans(steps: list[Step], name: str, by_name: bool, note: str) -> list[Span]:
    """Return the spans of a question with neighbours of one status joined.

    Parameters
    ----------
    name : coverage name; `by_name` True when the question has several, each with its own rows.
    note : why windows were not tried, where they do not say so themselves.
    """
    joined: list[Span] = []
    for step in steps:
        rows, measured = step.tallies.get(name, (0, 0)) if by_name else (step.rows, 1)
        status = {LATE: "unavailable", OPEN: "partial" if step.rows else "not_tried"}.get(step.status, step.status)
        if status == "complete" and not measured:
            status = "empty"
        why = step.note or (note if status in ("not_tried", "partial") else "")
        last = joined[-1] if joined else None
        # A half of a window that happens to be empty is no news: the window is complete.
        alike = last is not None and (last.status == status or {last.status, status} == {"complete", "empty"})
        if last is not None and alike and last.window.end == step.window.start:
            texts = "; ".join(dict.fromkeys(filter(None, [*last.note.split("; "), *why.split("; ")])))
            both = status if last.status == status else "complete"
            window = Window(last.window.start, step.window.end)
            joined[-1] = Span(window, both, last.rows + rows, last.rejected + step.rejected, texts)
        else:
            joined.append(Span(step.window, status, rows, step.rejected, why))
    return joined


def overtaken(told: list[Window], now: list[Span]) -> Iterator[Span]:
    """Yield what was said earlier in the run on other spans, as it stands now: a hole that has been filled is none."""
    said = {span.window for span in now}
    for window in told:
        for whole in now:
            if window not in said and whole.window.start <= window.start and window.end <= whole.window.end:
                where = f"{whole.window.start:%Y-%m-%d %H:%M} to {whole.window.end:%Y-%m-%d %H:%M}"
                yield Span(window, whole.status, 0, 0, f"counted in {where}")


def cut(step: Step, covered: Window) -> list[Step]:
    """Shorten a window to what of it is covered; return the window as it was (split), and what is missing at either end."""
    whole, late, old = step.window, "not yet published", "older than what the service still holds"
    held = Window(max(whole.start, covered.start), min(whole.end, covered.end))
    if held.length <= timedelta(0):
        step.status, step.note = LATE, late if covered.end <= whole.start else old
        return []
    if held == whole:
        return []
    step.window = held
    missing = [(Window(whole.start, held.start), old), (Window(held.end, whole.end), late)]
    rest = [Step(window, status=LATE, note=note) for window, note in missing if window.length > timedelta(0)]
    return [Step(whole, status=SPLIT), *rest]


def either(queries: Sequence[str]) -> str:
    """Return the query of a post that several queries of one question matched."""
    return queries[0] if len(queries) == 1 else " OR ".join(f"({q})" for q in queries)


def tally(ask: Ask, table: str, rows: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return by coverage name how many rows there are, and how many of them measure something."""
    if rows.empty:
        return {}
    column, measure = _NAME.get(table), _MEASURE.get(table)
    measured = rows[measure].notna() if measure else pd.Series(True, index=rows.index)
    if column is None or len(ask.query.names) == 1:
        return {ask.query.names[0]: (len(rows), int(measured.sum()))}
    if table == "posts":
        of_each = {name: int(rows["query"].map(partial(_names, name)).sum()) for name in ask.query.names}
        return {name: (n, n) for name, n in of_each.items() if n}
    return {
        str(name): (len(group), int(measured[group.index].sum())) for name, group in rows.groupby(column, sort=False)
    }


def _names(name: str, query: str) -> bool:
    """Whether a query, alone or beside others (`either`), is `name`."""
    return query == name or query.startswith(f"({name}) OR ") or f" OR ({name})" in query


def coverage_rows(table: str, query: str, found: list[Span]) -> list[dict[str, Any]]:
    """Return spans as rows of the `coverage` table."""
    return [
        {
            "table": table,
            "query": query,
            "start": span.window.start,
            "end": span.window.end,
            "status": span.status,
            "rows": span.rows,
            "rejected": span.rejected,
            "note": span.note,
        }
        for span in found
    ]


def coverage_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of coverage as a frame; it has its columns without rows too."""
    return pd.DataFrame(rows, columns=["table", "query", "start", "end", "status", "rows", "rejected", "note"])
