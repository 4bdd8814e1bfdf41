"""The stage of a crisis at every moment: a state machine with hysteresis that looks back only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from explorer.baseline import window_sum
from explorer.pace import growth

STAGES = ("normal", "weak signal", "snowball", "peak", "decline", "aftermath", "closed")
#: A weak signal: this share of the threshold in two of the last three periods; the way back is lower by EXIT.
WEAK, EXIT = 0.6, 0.7
#: Periods by grain: over which growth is judged, without a new maximum before it counts as the peak, below a tenth of the peak
#: before the aftermath, and quiet before it is closed.
SPANS = {"fine": ("3h", "2h", "24h", "72h"), "day": ("3D", "2D", "2D", "7D"), "week": ("21D", "14D", "14D", "42D")}


def stages(
    scored: pd.DataFrame, *, grain: str, step: pd.Timedelta, weak: Sequence[pd.Timestamp] = (), level: float = 0.9
) -> pd.Series:
    """Return the stage of each row of a scored series (one of STAGES).

    *Weak signal*: the score reaches 0.6 of its threshold in two of three periods, or a scenario matched. *Snowball*: an alert.
    *Peak*: the smoothed excess has made no new maximum for a while and its growth may be zero. *Decline*: below half of the
    peak. *Aftermath*: below a tenth of it for a day (two, for days) while the level is still above what was usual before.
    *Closed*: the score has been below 0.6 x 0.7 of its threshold for three days (a week, for days); then normal again.

    Parameters
    ----------
    scored : from explorer.alerts.score. grain, step : "fine", "day" or "week", and the length of a period.
    weak : instants at which a scenario matched below its trigger.
    level : of the interval of growth.
    """
    rows_of = [max(1, round(pd.Timedelta(span) / step)) for span in SPANS[grain]]
    span, still, low_for, quiet_for = max(rows_of[0], 3), max(rows_of[1], 1), rows_of[2], rows_of[3]
    score, limit = scored["score"].to_numpy(float), scored["threshold"].to_numpy(float)
    y = scored["y"].to_numpy(float)
    ratio = np.nan_to_num(score / limit)
    near = (pd.Series(ratio >= WEAK).rolling(3, min_periods=1).sum() >= 2).to_numpy()
    matched = scored["ds"].isin([pd.Timestamp(t).floor(step) for t in weak]).to_numpy() if len(weak) else near & False
    fired = scored["alert"].to_numpy(bool) & scored["kind"].isin(["spike", "rise", "escalation"]).to_numpy()
    smooth_rows = max(1, round(pd.Timedelta(1, "h") / step))
    volume = window_sum(y, smooth_rows) / smooth_rows
    found, now = [], "normal"
    peak, peak_row, before, low, quiet = 0.0, 0, 0.0, 0, 0
    for row in range(len(y)):
        excess = np.nan_to_num(volume[row] - before) if now not in ("normal", "weak signal") else 0.0
        quiet = quiet + 1 if ratio[row] < WEAK * EXIT else 0
        if fired[row] and now not in ("snowball", "peak"):
            if now in ("normal", "weak signal", "closed"):
                before = float(np.nan_to_num(scored["expected"].iloc[row]))
                peak = 0.0
            now, excess = "snowball", float(np.nan_to_num(volume[row] - before))
        elif now in ("normal", "weak signal", "closed"):
            held = now == "weak signal" and quiet == 0
            now = "weak signal" if near[row] or matched[row] or held else "normal"
        if now in ("snowball", "peak", "decline", "aftermath"):
            if excess > peak:
                peak, peak_row = excess, row
                now = "snowball"
            low = low + 1 if excess < 0.1 * peak else 0
            if now == "snowball" and row - peak_row >= still:
                g = growth(y[max(0, row - span + 1) : row + 1], step / pd.Timedelta(1, "h"), level=level)
                now = "peak" if not g.lo > 0 else now
            if (
                now in ("peak", "snowball")
                and row > peak_row
                and excess < 0.5 * peak * (EXIT if row - peak_row < still else 1)
            ):
                now = "decline"
            if now == "decline" and low >= low_for:
                now = "aftermath"
            if now in ("decline", "aftermath") and quiet >= quiet_for:
                now, peak = "closed", 0.0
        found.append(now)
    return pd.Series(found, index=scored.index, name="stage")
