"""Many pairs at once: which series help to forecast which, with the share of false discoveries bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from forecasting.errors import BadSeries, ForecastError
from forecasting.lead_checks import ALPHA
from forecasting.lead_lag import LeadLag, lead_both, lead_lag
from forecasting.pairs import Side, grain_from, sides_of

COLUMNS = ("leader", "follower", "leads", "periods", "lo", "hi", "gain", "p_value", "q_value", "n", "note")


def lead_lags(
    x: pd.DataFrame,
    y: pd.DataFrame,
    *,
    max_lag: int,
    h: int = 1,
    seed: int = 0,
    freq: str | None = None,
    pairs: Iterable[tuple[object, object]] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Test every pair with `lead_lag` and keep the claims that survive Benjamini & Hochberg over all of them.

    Parameters
    ----------
    x, y : long frames `unique_id`, `ds`, `y` (x also `known_at`): possible leaders, and series that may be led.
    pairs : (id in x, id in y); None = the ids that both frames hold, each with its namesake.
    max_lag, h, seed, freq, level : as in `lead_lag`.

    Returns
    -------
    One row a pair: `leader`, `follower`, `leads` (every check of `lead_lag` holds and q_value <= .05), `periods`, `lo`,
    `hi`, `gain`, `p_value`, `q_value` (Benjamini & Hochberg, NaN where the pair could not be tested), `n` past origins,
    `note`: the finding, or why there is none. A pair that cannot be tested is a row, never an error.

    Raises
    ------
    BadSeries : a column is absent. BadArgument : as `lead_lag`.

    References
    ----------
    Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57.
    """
    for frame, name in ((x, "x"), (y, "y")):
        absent = [c for c in ("unique_id", "ds", "y") if c not in frame]
        if absent:
            raise BadSeries(f"no column {', '.join(map(repr, absent))}", name, "name the columns unique_id, ds and y")
    frames = (x,) if x is y else (x, y)
    sides = [dict(list(frame.groupby("unique_id", sort=False))) for frame in frames] * (2 if x is y else 1)
    wanted = [(a, a) for a in sides[0] if a in sides[1]] if pairs is None else list(pairs)
    if wanted and freq is None:
        freq = grain_from(pd.concat([x["ds"], y["ds"]]))
    if wanted:
        checked = [sides_of(frame, str(freq)) for frame in frames] * (2 if x is y else 1)
        sides = [side | checked_ for side, checked_ in zip(sides, checked, strict=True)]
    settings = {"max_lag": max_lag, "h": h, "seed": seed, "level": level}
    known: dict[tuple[object, object], LeadLag] = {}
    mutual = set(wanted) if x is y else set()
    rows = []
    for a, b in wanted:
        if (b, a) in mutual and (a, b) not in known:
            known |= _both(sides[0], a, b, **settings)
        rows.append(_row(sides, a, b, known.get((a, b)), freq=freq, **settings))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    tested = table["p_value"].notna().to_numpy()
    if tested.any():
        q = stats.false_discovery_control(table.loc[tested, "p_value"].to_numpy(float))
        table.loc[tested, "q_value"] = q
    missed = table["leads"].to_numpy(bool) & ~(table["q_value"] <= ALPHA).to_numpy()
    table.loc[missed, "note"] = [f"alone it would pass, among {tested.sum()} pairs it does not"] * int(missed.sum())
    table["leads"] = table["leads"].to_numpy(bool) & ~missed
    return table


def _both(sides: dict, a: object, b: object, **settings: Any) -> dict[tuple[object, object], LeadLag]:
    """Return both directions of a pair; nothing where one of them has to be asked for by itself."""
    one, other = sides.get(a), sides.get(b)
    if not isinstance(one, Side) or not isinstance(other, Side):
        return {}
    try:
        return dict(zip(((a, b), (b, a)), lead_both(one, other, **settings), strict=True))
    except ForecastError:
        return {}


def _row(
    sides: list[dict], leader: object, follower: object, found: LeadLag | None, **settings: Any
) -> tuple[object, ...]:
    blank = (leader, follower, False, *[np.nan] * 6, 0)
    absent = [str(uid) for uid, side in zip((leader, follower), sides, strict=True) if uid not in side]
    if absent:
        return (*blank, f"no series {', '.join(absent)}")
    try:
        found = found or lead_lag(sides[0][leader], sides[1][follower], **settings)
    except ForecastError as error:
        return (*blank, str(error))
    figures = (float(found.periods), float(found.lo), float(found.hi), found.gain, found.p_value, np.nan)
    return (leader, follower, found.leads, *figures, found.n, str(found))
