"""What a printed interest figure says: a number, the interval that rounding leaves open, and the kind of the cell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.exports.numerals import Numbers


def interest_values(found: Numbers, unit: str, *, rounded: bool, blank: str = "blank") -> pd.DataFrame:
    """Return `value`, `lo`, `hi`, `kind` of printed interest figures.

    A printed whole number v stands for [v - 0.5, v + 0.5], a printed 0 for [0, 0.5) and "<1" for (0, 1), of which the middle
    is the value. Percents are shares: one point is 0.01. An empty cell is null, never 0.

    Parameters
    ----------
    unit : index | share | a volume, see sources.tables.UNITS.
    rounded : the service rounds to whole numbers (or whole percents); otherwise `lo` and `hi` are null.
    blank : kind of an empty cell: "no_data" where the service leaves cells empty for want of data.
    """
    point = 0.01 if unit == "share" else 1.0
    value = found.value.copy()
    kind = np.full(len(value), "measured", dtype=object)
    below = np.isin(found.kind, ["below_one", "below_one_percent"])
    value[below] = 0.5 * point
    kind[below] = "below_one"
    kind[found.kind == "missing"] = blank
    kind[found.kind == "text"] = "blank"
    kind[found.kind == "no_data"] = "no_data"
    zero = (value == 0) & ~below
    kind[zero] = "zero"
    lo, hi = np.full(len(value), np.nan), np.full(len(value), np.nan)
    if rounded:
        lo, hi = value - 0.5 * point, value + 0.5 * point
        lo[zero], hi[zero] = 0.0, 0.5 * point
    lo[below], hi[below] = 0.0, point
    if unit == "share":
        hi = np.minimum(hi, 1.0)  # a printed 100 % cannot stand for more
    return pd.DataFrame({"value": value, "lo": lo, "hi": hi, "kind": kind})
