"""The next peaks of a projection: when each side will stand highest, how sure the date is, and whether it is a rise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.gap_errors import median

#: A peak is a rise when it stands above the present level by this factor.
RISE = 1.25
#: Periods that make up the present level.
PRESENT = 4


def next_peaks(
    ahead: np.ndarray, past: np.ndarray, dates: pd.DatetimeIndex, topics: Sequence[object], *, level: float = 0.8
) -> pd.DataFrame:
    """Return the highest period of each side of each topic within the horizon.

    Parameters
    ----------
    ahead : (2, topics, h, draws) simulated futures of search and voice, >= 0.
    past : (2, topics, n) observed values up to now, NaN = missing.
    dates : the h periods ahead.
    level : coverage of `lo`, `hi`, 0..1.

    Returns
    -------
    `topic`, `side` ("search" | "social"), `peak` (date at which the median of the futures is highest), `lo`, `hi` (dates
    between which the futures peak), `probability` (of a peak within one period of `peak`, 0..1), `p_rise` (that the peak
    stands above the present level by a quarter, 0..1; NaN where no present level is known).
    """
    n = ahead.shape[1]
    place = median(ahead).argmax(axis=2)
    highest = ahead.argmax(axis=2)
    ends = np.quantile(highest, [(1 - level) / 2, (1 + level) / 2], axis=2, method="nearest").astype(int)
    near = (np.abs(highest - place[..., None]) <= 1).mean(axis=2)
    top = ahead.max(axis=2)
    rows = []
    for s, side in enumerate(("search", "social")):
        for i in range(n):
            recent = past[s, i, -PRESENT:]
            known = recent[np.isfinite(recent)]
            rise = float((top[s, i] > RISE * known.mean()).mean()) if len(known) else np.nan
            lo, hi = min(ends[0, s, i], place[s, i]), max(ends[1, s, i], place[s, i])
            rows.append((topics[i], side, dates[place[s, i]], dates[lo], dates[hi], float(near[s, i]), rise))
    return pd.DataFrame(rows, columns=["topic", "side", "peak", "lo", "hi", "probability", "p_rise"])
