"""Day first or month first: judged from the whole column, and asked when the column does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sources.errors import BadFile

if TYPE_CHECKING:
    from sources.exports.dates import Where

_WORDS = {"dmy": "day first", "mdy": "month first"}


def find_order(
    a: np.ndarray,
    b: np.ndarray,
    year: np.ndarray,
    dotted: np.ndarray,
    which: np.ndarray,
    codes: np.ndarray,
    where: Where,
    texts: pd.Series,
    wanted: str | None,
) -> tuple[str, list[str]]:
    """Return dmy, mdy or ymd for dates printed as `a`/`b`/`year`, and what to say about it.

    Evidence, in this order: the user's word; a number above 12; dots between the numbers (day first everywhere); the
    order in which dates follow one another evenly; the order in which the rows are sorted.

    Parameters
    ----------
    a, b, year, dotted, which, texts : one entry for each distinct text; `which` marks those of this form.
    codes : for each row of the file, its distinct text.

    Raises
    ------
    BadFile : both orders occur, or nothing tells which one is meant.
    """
    if wanted is not None:
        return wanted, []
    name = where.name
    column = f"column {where.column!r} of {name}" if where.column else name
    remedy = "set date_order to 'dmy' or 'mdy' in the mapping"
    day_first, month_first = which & (a > 12) & (b <= 12), which & (b > 12) & (a <= 12)
    if day_first.any() and month_first.any():
        first, second = (np.flatnonzero(m[codes])[0] for m in (day_first, month_first))
        raise BadFile(
            f"row {where.rows[first]} ({texts.iloc[codes[first]]}) has the day first, "
            f"row {where.rows[second]} ({texts.iloc[codes[second]]}) the month first",
            column,
            "write all dates in one order, best as 2024-12-31",
        )
    if day_first.any() or month_first.any():
        found = "dmy" if day_first.any() else "mdy"
        row = np.flatnonzero((day_first | month_first)[codes])[0]
        return found, [
            f"Dates of {column} are read {_WORDS[found]}, as row {where.rows[row]} ({texts.iloc[codes[row]]}) shows."
        ]
    if dotted[which].all():
        return "dmy", [f"Dates of {column} are read day first, as dates with dots are."]
    if (a[which] == b[which]).all():
        return "dmy", []
    in_file = codes[which[codes]]
    readings = {"dmy": _stamps(a, b, year)[in_file], "mdy": _stamps(b, a, year)[in_file]}
    for test, because in (
        (_even, "they then follow one another evenly"),
        (_sorted, "the rows are then in the order of time"),
    ):
        fit = [order for order, stamps in readings.items() if test(stamps)]
        if len(fit) == 1:
            return fit[0], [f"Dates of {column} are read {_WORDS[fit[0]]}, because {because}."]
    example = texts.iloc[in_file[0]]
    raise BadFile(f"dates such as {example} can be read day first and month first", column, remedy)


def _stamps(day: np.ndarray, month: np.ndarray, year: np.ndarray) -> np.ndarray:
    month = np.clip(month, 1, 12)
    return ((year - 1970) * 372 + (month - 1) * 31 + (day - 1)).astype("int64")


def _even(numbers: np.ndarray) -> bool:
    """Return whether nearly all steps between neighbouring dates are the same, in a calendar of equal months."""
    distinct = np.unique(numbers)
    if len(distinct) < 6:
        return False
    steps = np.diff(distinct)
    # Days to the next date vary with the month's length; the bulk of the steps does not.
    return bool((steps == np.bincount(steps).argmax()).mean() >= 0.85) if steps.max() < 10_000 else False


def _sorted(numbers: np.ndarray) -> bool:
    steps = np.diff(numbers)
    steps = steps[steps != 0]
    return len(steps) >= 4 and bool((steps > 0).all() or (steps < 0).all())
