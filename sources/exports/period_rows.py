"""One row a period: what to do when a file gives a period twice, or its rows out of order."""

from __future__ import annotations

import pandas as pd

from sources.errors import BadFile
from sources.exports.reading import Rejects

_VALUES = ("value", "kind", "found", "authors")


def one_row_a_period(
    table: pd.DataFrame, keys: list[str], name: str, rejects: Rejects, notes: list[str]
) -> pd.DataFrame:
    """Return `table` with one row a period of each series, in the order of time; rows that repeat another are refused.

    Parameters
    ----------
    table : `period`, `row` (of the file), the columns `keys` that make up a series, and its figures.

    Raises
    ------
    BadFile : two rows give one period different values; the message names both.
    """
    by = [*keys, "period"]
    again = table.duplicated(by, keep="first")
    if again.any():
        values = [c for c in _VALUES if c in table]
        pairs = table[again].merge(table.loc[~again, [*by, *values, "row"]], on=by, suffixes=("", " first"))
        differ = pd.Series(False, index=pairs.index)
        for column in values:
            one, other = pairs[column], pairs[f"{column} first"]
            differ |= ~((one == other) | (one.isna() & other.isna()))
        if differ.any():
            worst = pairs[differ].iloc[0]
            day = pd.Timestamp(worst["period"]).isoformat().removesuffix("T00:00:00")
            of = f" for {worst[keys[0]]!r}" if worst[keys[0]] else ""
            raise BadFile(
                f"row {worst['row first']} and row {worst['row']} give different values for the period {day}{of}",
                name,
                "keep one of them; two exports belong into two files, because each has its own scale",
            )
        repeats = pairs.drop_duplicates("row")
        reasons = [f"repeats row {r}; row left out" for r in repeats["row first"]]
        rejects.add(repeats["row"].to_numpy(), "", repeats["period"].astype(str).to_numpy(), reasons)
        table = table[~again]
    place = table.groupby(keys, sort=False).ngroup()  # topics stay in the order of the file
    if (table.groupby(place.to_numpy(), sort=False)["period"].diff() < pd.Timedelta(0)).any():
        notes.append(f"The rows of {name} were not in the order of time; they were sorted.")
    return (
        table.assign(place=place)
        .sort_values(["place", "period"], kind="stable", ignore_index=True)
        .drop(columns="place")
    )
