"""Counts of posts as twarc writes them: `start`, `end` and a number, from minutes to days; nobody's posts, only how many."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.dates import Where, dates
from sources.exports.headers import Table, with_headers
from sources.exports.mapping import Mapping
from sources.exports.numerals import numbers
from sources.exports.period_rows import one_row_a_period
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading, fitted
from sources.exports.run import Run
from sources.exports.tools import header_name

SOURCE = "twarc_counts_export"
_COUNTS = ("tweet count", "day count", "hour count", "minute count")
_LENGTHS = {"hour": pd.Timedelta(hours=1), "day": pd.Timedelta(days=1)}


def recognise(raw: RawTable) -> int | None:
    """Return the row with the names `start`, `end` and a count; None if there is none."""
    for position, row in enumerate(raw.top[:3]):
        names = {header_name(c) for c in row if len(c) < 80}
        if {"start", "end"} <= names and names & set(_COUNTS):
            return position
    return None


def read(raw: RawTable, position: int, mapping: Mapping, _run: Run) -> Reading:
    """Read counts per minute, hour or day; minutes are summed to hours.

    The service cuts the first and the last period at the instant it is asked: those are shorter than the others, and left
    out, because a day of two hours would look like a day on which nobody spoke.

    Raises
    ------
    BadFile : no row with a start, or no period that is whole.
    """
    table = with_headers(raw, mapping, position)
    names = [header_name(h) for h in table.headers]
    count = next(c for c in _COUNTS if c in names)
    where = Where(raw.name, "start", table.rows)
    start = dates(table.cells[names.index("start")], where, utc=True)
    end = dates(table.cells[names.index("end")], where, utc=True)
    found = numbers(table.cells[names.index(count)], integer=True)
    frame = pd.DataFrame({"period": start.stamp, "end": end.stamp, "posts": found.value, "row": table.rows})
    bad = frame["period"].isna() | frame["end"].isna() | frame["posts"].isna()
    table.rejects.add(
        table.rows[bad], "start", table.cells[names.index("start")][bad].to_numpy(), "no period; row left out"
    )
    frame = frame[~bad]
    if frame.empty:
        raise BadFile("no row has a start, an end and a number", raw.name, "export it again")
    length = frame["end"] - frame["period"]
    usual = length.mode().iloc[0]
    grain = next((g for g, of in _LENGTHS.items() if of == usual), "hour" if usual == pd.Timedelta(minutes=1) else None)
    if grain is None:
        raise BadFile(
            f"the periods are {usual} long, which is none of the known grains", raw.name, "count by hour or day"
        )
    short = length != usual
    _refuse(table, frame[short], f"shorter than a whole {'minute' if usual < _LENGTHS['hour'] else grain}")
    frame = frame[~short]
    if usual < _LENGTHS["hour"]:
        frame = _hours(table, frame)
    query = mapping.query
    if query is None:
        query = raw.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        table.notes.append(f"The file does not name its query; the file name {query!r} is used. Set query to name it.")
    frame = frame.assign(query=query, geo=mapping.geo or "", value=frame["posts"])
    frame = one_row_a_period(frame, ["query", "geo"], raw.name, table.rejects, table.notes)
    frame["period"] = frame["period"].dt.tz_localize("UTC")
    frame = frame.assign(grain=grain, unit="count").drop(columns="value")
    filled = mapping.filled(kind="counts", source=SOURCE)
    rejected = table.rejects.frame()
    return Reading("counts", fitted(frame, "counts"), table.notes, rejected, SOURCE, filled, table.fingerprint)


def _hours(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    hour = frame["period"].dt.floor("h")
    sums = frame.groupby(hour).agg(posts=("posts", "sum"), n=("posts", "size"), row=("row", "first"))
    whole = sums["n"] == 60
    broken = frame[hour.map(whole).eq(False).to_numpy()]
    _refuse(table, broken, "in an hour of which not all minutes are there")
    table.notes.append("Counts by minute are summed to hours.")
    return sums[whole].reset_index(names="period")


def _refuse(table: Table, rows: pd.DataFrame, why: str) -> None:
    if len(rows):
        values = np.datetime_as_string(rows["period"].to_numpy().astype("datetime64[s]"))
        table.rejects.add(rows["row"].to_numpy(), "start", values, f"{why}; row left out")
