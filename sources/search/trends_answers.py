"""What Google Trends answers, read cell by cell: a number, a real zero, "<1", no data, and not-told are five things."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sources.connector import NotEnoughData
from sources.errors import BadQuery, Changed
from sources.exports.interest_values import interest_values
from sources.exports.numerals import Numbers
from sources.search.trends_arguments import Question
from sources.transport import clean

_HOST = "Google Trends"
_REPORT = "report it with the kept answer; meanwhile import the CSV from trends.google.com"
#: Spacing of the stamps in hours -> grain; between the two numbers, to leave room for days of 23 and 25 hours.
_GRAINS = (("hour", 0.99, 1.01), ("day", 22.9, 25.1), ("week", 166.9, 169.1), ("month", 660, 750), ("year", 8700, 8800))
_ECHOED = {"HOUR": "hour", "DAY": "day", "WEEK": "week", "MONTH": "month", "YEAR": "year"}
_LEVELS = {"COUNTRY": "country", "REGION": "region", "CITY": "city", "DMA": "metro"}


def terms_of(request: Mapping[str, Any], question: Question) -> list[str]:
    """Return the terms of `question` in the order in which the service echoes them.

    Raises
    ------
    Changed : the service answers another question: other terms, or another place.
    """
    try:
        items = request["comparisonItem"]
        echoed = [item["complexKeywordsRestriction"]["keyword"][0]["value"] for item in items]
        places = [item.get("geo", request.get("geo", {})) for item in items]
    except (KeyError, TypeError, IndexError) as error:
        raise changed("the answer does not tell which question it answers", request) from error
    known = {_fold(t): t for t in question.terms}
    if len(echoed) != len(known) or {_fold(str(e)) for e in echoed} != set(known):
        raise changed(f"asked for {', '.join(question.terms)}, answered for {', '.join(map(str, echoed))}", request)
    for place in places:
        found = [str(v) for v in place.values()] if isinstance(place, dict) else [str(place)]
        here = any(v == question.geo or question.geo.endswith(f"-{v}") for v in found)
        if (question.geo and not here) or (not question.geo and any(found)):
            raise changed(
                f"asked for {question.geo or 'the world'}, answered for {', '.join(found) or 'the world'}", request
            )
    return [known[_fold(str(e))] for e in echoed]


def timeline(data: Mapping[str, Any], request: Mapping[str, Any], question: Question) -> pd.DataFrame:
    """Return interest over time as rows of the `interest` table without `scale`.

    Raises
    ------
    NotEnoughData : no points, or none with data.
    Changed : the answer has another shape, or another number of values than terms.
    """
    points = _list(data, "timelineData")
    terms = terms_of(request, question)
    if not points:
        raise _nothing(question)
    stamps = pd.to_datetime([_stamp(p, data) for p in points], unit="s", utc=True)
    order = np.argsort(stamps.to_numpy(), kind="stable")
    grain = _grain(stamps[order], str(request.get("resolution", "")))
    cells = _cells(points, terms, data)
    partial = np.array([bool(p.get("isPartial", False)) for p in points])
    parts = []
    for j, term in enumerate(terms):
        values = _values([c[j] for c in cells], "index")
        frame = values.assign(term=term, period=_starts(stamps, grain), partial=partial).iloc[order]
        if frame["period"].duplicated().any():
            raise changed("a period is there twice", data)
        parts.append(frame)
    table = pd.concat(parts, ignore_index=True).assign(geo=question.geo, grain=grain, unit="index")
    _refuse_nothing(table, question)
    table["partial"] = table["partial"].astype("boolean")
    return table


def regions(data: Mapping[str, Any], request: Mapping[str, Any], question: Question) -> pd.DataFrame:
    """Return interest by place as rows of the `regions` table without `scale`.

    One term is an `index` (100 = the place with the largest share of searches for it); several are each term's `share` of the
    searches for all of them within the place. Two measures: they can never be compared.

    Raises
    ------
    NotEnoughData, Changed : as for `timeline`.
    BadQuery : the service answered at another level than was asked (cities instead of countries).
    """
    places = _list(data, "geoMapData")
    terms = terms_of(request, question)
    if not places:
        raise _nothing(question)
    _check_level(places, question, data)
    cells = _cells(places, terms, data)
    printed = [str(f) for row in cells for _, f, _ in row if f]
    percents = any("%" in f for f in printed)
    measure = "share" if len(terms) > 1 else "index"
    if (measure == "share") != percents and printed:
        raise changed("it cannot be told whether the values are an index or shares", data)
    names = pd.Series([str(p.get("geoName", "")) for p in places])
    again = names.groupby(names).cumcount()
    names = names.where(again == 0, names + " #" + (again + 1).astype(str))
    parts = [
        _values([c[j] for c in cells], measure).assign(term=term, place=names.to_numpy())
        for j, term in enumerate(terms)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(measure=measure, level=_LEVELS[question.resolution], window=_printed(question))
    _refuse_nothing(table, question)
    return table


def related(data: Mapping[str, Any], question: Question, item: str) -> pd.DataFrame:
    """Return related queries or topics (`item`: query | topic) as rows of the `queries` table.

    `top` is an index of the most searched, `rising` the growth against the period before, as a ratio. No rows when the
    service has none to give.

    Raises
    ------
    Changed : the answer has another shape.
    """
    rows = []
    for ranking, block in zip(("top", "rising"), _list(data, "rankedList"), strict=False):
        for entry in _list(block, "rankedKeyword"):
            name = entry.get("query") if item == "query" else (entry.get("topic") or {}).get("title")
            value, printed = entry.get("value"), str(entry.get("formattedValue", ""))
            if not isinstance(name, str) or not isinstance(value, int | float) or isinstance(value, bool):
                raise changed(f"a related {item} has no name or value", data)
            rows.append({"query": name, "ranking": ranking, "raw": printed, **_related_value(ranking, value, printed)})
    columns = ["query", "ranking", "raw", "value", "lo", "hi", "kind", "unit"]
    table = pd.DataFrame(rows, columns=columns)
    # Two topics of one title differ in an id that the table does not hold.
    again = table.groupby(["ranking", "query"]).cumcount() if len(table) else pd.Series(dtype="int64")
    table["query"] = table["query"].where(again == 0, table["query"].astype(str) + " #" + (again + 1).astype(str))
    place = question.geo or "worldwide"
    return table.assign(term=question.terms[0], item=item, window=f"{_printed(question)}, {place}")


def topics(data: Mapping[str, Any]) -> pd.DataFrame:
    """Return the topics that a text may mean: `id`, `title`, `type`, the likeliest first."""
    rows = []
    for entry in _list(data, "topics"):
        if not all(isinstance(entry.get(k), str) for k in ("mid", "title", "type")):
            raise changed("a topic has no id, title or type", data)
        rows.append((entry["mid"], entry["title"], entry["type"]))
    return pd.DataFrame(rows, columns=["id", "title", "type"])


def titles_of(explored: Mapping[str, Any]) -> dict[str, str]:
    """Return the title of every topic id among the terms, as "Pizza (Dish)"."""
    found = {}
    for entry in explored.get("keywords") or []:
        if isinstance(entry, dict) and str(entry.get("keyword", "")).startswith("/"):
            found[str(entry["keyword"])] = f"{entry.get('name', '')} ({entry.get('type', '')})"
    return found


def changed(what: str, sample: Any) -> Changed:
    """Return the error for an answer of another shape, with a cleaned piece of it."""
    return Changed(what, _HOST, _REPORT, sample=clean(json.dumps(sample, default=str).encode()))


def _related_value(ranking: str, value: float, printed: str) -> dict[str, object]:
    if ranking == "top":
        below = printed.lstrip().startswith("<")
        if below:
            return {"value": 0.5, "lo": 0.0, "hi": 1.0, "kind": "below_one", "unit": "index"}
        return {"value": value, "lo": max(value - 0.5, 0.0), "hi": value + 0.5, "kind": "measured", "unit": "index"}
    ratio = value / 100
    # A word instead of a number is a breakout in every language; the growth itself comes beside it.
    kind = "measured" if any(c.isdigit() for c in printed) else "breakout"
    return {"value": ratio, "lo": ratio - 0.005, "hi": ratio + 0.005, "kind": kind, "unit": "growth"}


def _cells(
    points: Sequence[Mapping[str, Any]], terms: Sequence[str], data: Mapping[str, Any]
) -> list[list[tuple[float | None, str, bool | None]]]:
    """Return (value, as printed, has data) of every point and term; a point without values is a row of unknowns."""
    rows = []
    for point in points:
        values = point.get("value")
        if not isinstance(values, list) or (values and len(values) != len(terms)):
            raise changed(f"{len(terms)} terms were asked, a point has {values!r}", data)
        printed, has = point.get("formattedValue") or [], point.get("hasData") or []
        row: list[tuple[float | None, str, bool | None]] = []
        for j in range(len(terms)):
            value = values[j] if values else None
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise changed(f"a value is {value!r}", data)
            row.append((value, str(printed[j]) if j < len(printed) else "", bool(has[j]) if j < len(has) else None))
        rows.append(row)
    return rows


def _values(cells: Sequence[tuple[float | None, str, bool | None]], unit: str) -> pd.DataFrame:
    """Return `value`, `lo`, `hi`, `kind`, by the same rule as the website's files."""
    value, kind = np.full(len(cells), np.nan), np.full(len(cells), "missing", dtype=object)
    for i, (number, printed, has) in enumerate(cells):
        if number is None:
            continue
        if has is False:
            kind[i] = "no_data"
        elif printed.lstrip().startswith("<"):
            kind[i] = "below_one"
        elif number == 0 and has is None:
            continue  # without hasData a 0 may be a want of data: unknown
        else:
            kind[i], value[i] = "number", number / (100 if unit == "share" else 1)
    if ((value < 0) | (value > (1 if unit == "share" else 100))).any():
        raise changed("a value lies outside 0 to 100", [c[0] for c in cells])
    return interest_values(Numbers(value, kind, whole=True), unit, rounded=True)


def _check_level(places: Sequence[Mapping[str, Any]], question: Question, data: Mapping[str, Any]) -> None:
    codes = [str(p["geoCode"]) for p in places if p.get("geoCode")]
    if not codes:
        found = "CITY" if all("coordinates" in p for p in places) else ""
    elif all(c.isdigit() for c in codes):
        found = "DMA"
    else:
        found = "REGION" if all("-" in c for c in codes) else "COUNTRY" if all(len(c) == 2 for c in codes) else ""
    if not found:
        raise changed("the places have no code by which their level can be told", data)
    if found != question.resolution:
        raise BadQuery(
            f"asked for {_LEVELS[question.resolution]} figures, answered with {_LEVELS[found]} figures",
            "resolution",
            f"ask for {found}; Google does not give {question.resolution} here",
        )


def _refuse_nothing(table: pd.DataFrame, question: Question) -> None:
    if not ((table["value"] > 0) & (table["kind"] != "no_data")).any():
        raise _nothing(question)


def _nothing(question: Question) -> NotEnoughData:
    return NotEnoughData(
        f"not enough data for {', '.join(question.terms)} in {question.geo or 'the world'}, {_printed(question)}",
        _HOST,
        "widen the place or the time range, or choose a term that is searched more",
    )


def _grain(stamps: pd.DatetimeIndex, echoed: str) -> str:
    if len(stamps) > 1:
        hours = float(np.median(np.diff(stamps.as_unit("s").asi8))) / 3600
        for grain, low, high in _GRAINS:
            if low <= hours <= high:
                return grain
        if hours < 0.99:
            raise BadQuery("the answer is finer than an hour, which is not kept", "timeframe", "ask for a week or more")
        raise changed(f"the points are {hours:g} hours apart", [str(s) for s in stamps[:5]])
    if echoed in _ECHOED:
        return _ECHOED[echoed]
    raise changed("one point, and nothing tells how long it lasts", echoed)


def _starts(stamps: pd.DatetimeIndex, grain: str) -> pd.DatetimeIndex:
    # Days are calendar days; a stamp an hour off midnight comes from a change of the clocks.
    exact = stamps if grain == "hour" else (stamps + pd.Timedelta(hours=12)).floor("D")
    return exact.as_unit("us")


def _stamp(point: Any, data: Any) -> int:
    try:
        return int(point["time"])
    except (KeyError, TypeError, ValueError) as error:
        raise changed("a point has no time", data) from error


def _list(data: Any, key: str) -> list[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise changed(f"the answer has no list {key!r}", data)
    return found


def _printed(question: Question) -> str:
    last = question.window.end - pd.Timedelta(microseconds=1)
    return f"{question.window.start:%Y-%m-%d} {last:%Y-%m-%d}"


def _fold(term: str) -> str:
    return " ".join(term.split()).casefold()
