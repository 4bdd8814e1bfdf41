"""Which questions a study puts to Google Trends: first all terms once, then whatever makes the common scale surer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sources.connector import Ask, Brief, Query, Source, Window
from sources.errors import BadQuery
from sources.search.trends_arguments import MOST_TERMS, STRIDE, windows


def questions(source: Source, brief: Brief, options: Mapping[str, Any], now: datetime) -> list[Ask]:
    """Return the questions for a study, the later ones behind `Ask.further`, because they rest on the answers to the first.

    Over the whole span: all terms once, in groups of five that share an anchor; with more terms than that, the groups that
    `sources.planner` then chooses, until `options["requests"]` are spent or no new group is left. A span too long to be
    answered in the study's grain is answered in a coarser one, and is followed by overlapping windows in that grain, in
    groups of terms that are next to each other in level, so that no term is printed as zeros beside a giant.
    """
    span, terms = _whole_periods(brief, now), brief.terms
    common: dict[str, Any] = {
        "geo": brief.geo,
        "language": str(options.get("language", next(iter(brief.languages), "en-US"))),
        "options": {k: options[k] for k in ("category", "property") if k in options},
    }
    whole, *parts = windows(span, brief.grain)
    groups = rough(terms, str(options.get("anchor", "")))

    def ask(group: Sequence[str], window: Window, further: Any = None) -> Ask:
        grain = "auto" if parts and window == whole else brief.grain
        return Ask(source, Query("interest", terms=tuple(group), grain=grain, **common), window, further)

    budget = int(options.get("requests", enough(len(terms))))

    def further(answered: Sequence[tuple[Ask, pd.DataFrame]]) -> list[Ask]:
        if any(asked.window != whole for asked, _ in answered):
            return []
        every = list(dict.fromkeys(t for group in groups for t in group))
        more = chosen(every, answered, budget - len(answered))
        if more:
            return [ask(group, whole, further) for group in more]
        return [ask(group, part, further) for part in parts for group in neighbours(every, answered)]

    asks = [ask(group, whole, further if len(groups) > 1 else None) for group in groups]
    if len(groups) == 1:
        asks += [ask(groups[0], part) for part in parts]
    if options.get("regions"):
        more = {**common, "options": {**common["options"], "resolution": str(options["regions"])}}
        asks += [Ask(source, Query("regions", terms=(term,), **more), span) for term in terms]
    if options.get("related"):
        asks += [Ask(source, Query("queries", terms=(term,), **common), span) for term in terms]
    return asks


def rough(terms: Sequence[str], anchor: str = "") -> list[tuple[str, ...]]:
    """Return groups of at most five in which every term stands once, beside `anchor` (default: the first term)."""
    anchor = anchor or next(iter(terms), "")
    others = [t for t in terms if t.casefold() != anchor.casefold()]
    if not terms:
        return []
    if len(others) < MOST_TERMS:
        return [(anchor, *others)]
    step = MOST_TERMS - 1
    return [(anchor, *others[i : i + step]) for i in range(0, len(others), step)]


def enough(terms: int) -> int:
    """Return how many questions let every term stand in two: all beside an anchor, then in windows sorted by level."""
    if terms <= MOST_TERMS:
        return 1
    return math.ceil((terms - 1) / (MOST_TERMS - 1)) + math.ceil((terms - MOST_TERMS) / STRIDE) + 1


def chosen(terms: Sequence[str], answered: Sequence[tuple[Ask, pd.DataFrame]], budget: int) -> list[list[str]]:
    """Return the next groups to ask, at most `budget`, none of them asked before; none when there is nothing to gain."""
    if budget <= 0:
        return []
    from sources.planner import next_requests  # it fits scales, which takes a second to import

    return next_requests(terms, as_requests(terms, answered), budget, again=False)


def neighbours(terms: Sequence[str], answered: Sequence[tuple[Ask, pd.DataFrame]]) -> list[list[str]]:
    """Return the terms in groups of five, each with those next to it in level; those without a level come last."""
    from sources.calibration import calibrate

    try:
        level = calibrate(as_requests(terms, answered)).set_index("term")["level"].reindex(list(terms)).to_numpy()
    except BadQuery:
        level = np.full(len(terms), np.nan)
    order = np.argsort(-level, kind="stable")  # NaN comes last
    return [[terms[i] for i in order[start : start + MOST_TERMS]] for start in range(0, len(terms), MOST_TERMS)]


def as_requests(terms: Sequence[str], answered: Sequence[tuple[Ask, pd.DataFrame]]) -> pd.DataFrame:
    """Return the answers as the table of `calibrate`; a group without an answer stands in it without values."""
    as_asked = {_fold(t): t for t in terms}
    parts = []
    for number, (asked, rows) in enumerate(answered):
        rows = rows[rows["partial"].isna() | ~rows["partial"].fillna(False).astype(bool)] if len(rows) else rows
        if rows.empty:
            rows = pd.DataFrame({"term": list(asked.query.terms), "period": asked.window.start})
            rows[["value", "lo", "hi"]] = np.nan
        terms_of = rows["term"].map(lambda t: as_asked.get(_fold(t), t))
        parts.append(rows.assign(request=number, term=terms_of)[["request", "term", "period", "value", "lo", "hi"]])
    return pd.concat(parts, ignore_index=True).rename(columns={"period": "ds"})


def _fold(term: str) -> str:
    return " ".join(term.split()).casefold()


def _whole_periods(brief: Brief, now: datetime) -> Window:
    """Return the span in whole days (hours, for a study in hours), the running one included: its last value is partial.

    The same for every moment of a day, so that a collection that was stopped is taken up again.
    """
    unit = timedelta(hours=1) if brief.grain == "hour" else timedelta(days=1)
    start, end = _floor(brief.window.start, unit), _floor(brief.window.end, unit)
    end += unit if end < brief.window.end else timedelta(0)
    tomorrow = _floor(now, timedelta(days=1)) + timedelta(days=1)
    return Window(start, min(end, tomorrow))


def _floor(instant: datetime, unit: timedelta) -> datetime:
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (instant - midnight) // unit * unit
