"""Long series of many terms: their level by coarse answers over the whole span, their course by overlapping windows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.calibration import Fit, on_one_scale
from sources.errors import BadQuery
from sources.stitching import stitch

#: Windows of a term that are joined, the newest answers first: every collection adds its own, and old ones add ever less.
MOST_WINDOWS = 60


def on_one_long_scale(windows: pd.DataFrame, coarse: pd.DataFrame) -> tuple[pd.DataFrame, Fit]:
    """Return every term's series in the grain of the windows, all on one scale, and the fit of the coarse answers.

    The coarse answers (weeks over the whole span) put the terms on one scale, see `on_one_scale`; each term's windows are
    joined under them, see `stitch`, and brought to the mean of the coarse series over the periods that both know.

    Parameters
    ----------
    windows : `request`, `term`, `ds`, `value` (0..100 of that request), `lo`, `hi`; optional `fetched_at`.
    coarse : the same over the whole span, in a coarser grain.

    Returns
    -------
    As `on_one_scale`: `term`, `ds`, `value`, `lo`, `hi` (with rounding and sampling), `scale_error`, `component`. A term that
    the coarse answers do not place, or whose windows show nothing or cannot be joined, has no rows: it is not guessed.

    Raises
    ------
    BadQuery : as `on_one_scale`.
    """
    columns = ["request", "term", "ds", "value", "lo", "hi"]
    levels, fit = on_one_scale(coarse[columns])
    found = []
    for term, level in levels.groupby("term", sort=False):
        own, above = windows[windows["term"] == term], coarse[coarse["term"] == term]
        if own.empty:
            continue
        try:
            series = stitch(
                _newest(own)[_WINDOW].rename(columns=_AS_WINDOW), anchors=above[_WINDOW].rename(columns=_AS_WINDOW)
            )
            scale = _scale(series, level)
        except BadQuery:
            continue
        series[["value", "lo", "hi"]] *= scale
        found.append(
            series.assign(term=term, scale_error=level["scale_error"].iloc[0], component=level["component"].iloc[0])
        )
    names = ["term", "ds", "value", "lo", "hi", "scale_error", "component"]
    return (pd.concat(found, ignore_index=True)[names] if found else pd.DataFrame(columns=names)), fit


_WINDOW = ["request", "ds", "value", "lo", "hi"]
_AS_WINDOW = {"request": "window"}


def _newest(windows: pd.DataFrame) -> pd.DataFrame:
    if "fetched_at" not in windows or windows["request"].nunique() <= MOST_WINDOWS:
        return windows
    newest = windows.groupby("request")["fetched_at"].max().sort_values().index[-MOST_WINDOWS:]
    return windows[windows["request"].isin(newest)]


def _scale(series: pd.DataFrame, level: pd.DataFrame) -> float:
    """Factor that brings the mean of `series` to that of the coarse series, over coarse periods known whole in both."""
    level = level.sort_values("ds").dropna(subset=["value"])
    starts = pd.Index(level["ds"])
    at = starts.searchsorted(series["ds"], side="right") - 1
    known = series["value"].notna().to_numpy() & (at >= 0) & (at < len(starts) - 1)
    fine = pd.Series(series["value"].to_numpy()[known]).groupby(at[known])
    size = fine.size()
    whole = size.index[size == size.max()] if len(size) else size.index
    mean, total = fine.mean()[whole].sum(), level["value"].to_numpy()[whole].sum()
    if not mean > 0 or not np.isfinite(total):
        raise BadQuery("the windows and the coarser answers share no period", "on_one_long_scale")
    return float(total / mean)
