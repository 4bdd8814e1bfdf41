"""What rises in search before anybody speaks of it: the alarm, its lead, its evidence, and how often such alarms were false.

A topic is an alarm while its searches are emerging or breaking out and its posts are not (forecasting.trend_class on both),
and while the rise is more than its searches have always wandered, over all topics at a false discovery rate of 5 %, now and
half a level before (forecasting.rise). A rise that is not is shown as unproven and is no alarm. The false-alarm figure comes
from walking the same rule through the past of the same study: an alarm was false when posts had not risen within the follow-up
after it. Beside it stands how often posts rise within as long after any other period: an alarm that is right no more often
than that says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from explorer.panel import Panel, read_panel
from explorer.study import Study
from explorer.tallies import Tallies
from forecasting import lead_lag, trend_class
from forecasting.errors import ForecastError
from forecasting.rise import proven_rises
from forecasting.trend_class import trend_path

RISING = ("emerging", "breakout")
#: Periods after an alarm in which posts must rise for it to have been right: half a year, and the longest lag looked for.
FOLLOW_UP = {"hour": 26, "day": 26, "week": 26, "month": 6, "quarter": 2}
MAX_LAG = {"hour": 48, "day": 28, "week": 12, "month": 6, "quarter": 2}


@dataclass(frozen=True)
class Emerging:
    """What rises, and how far the alarm can be trusted.

    `table` : one row a topic, alarms first: `topic`, `status` ("ahead": searches rise, posts do not | "unproven": the same, but
    the rise is no more than these searches wander | "both" | "posts first" | "neither" | "cannot tell"), `since` (first period
    of the rise of searches), `periods` (since then), `growth`, `growth_lo`, `growth_hi` of searches and `said_growth`,
    `said_lo`, `said_hi` of posts [doublings]; `led` (posts of this topic have followed its searches in the past:
    forecasting.lead_lag), `lead`, `lead_lo`, `lead_hi` [periods; null where not], `p_value`.
    `backtest` : see `backtest`. `grain`. `level` of its intervals.
    """

    table: pd.DataFrame
    backtest: dict[str, float]
    grain: str
    level: float

    @property
    def follow_up(self) -> int:
        """Periods after an alarm in which posts must rise."""
        return FOLLOW_UP.get(self.grain, 0)


def find_emerging(
    study: Study, *, panel: Panel | None = None, tallies: Tallies | None = None, level: float = 0.9, seed: int = 0
) -> Emerging:
    """Return which topics rise in search before posts do, with the figure of false alarms of the same rule in the past.

    Raises
    ------
    BadStudy : the study has no topics.
    """
    panel = panel or read_panel(study, tallies)
    search, posts = sides(panel)
    if panel.grain == "year" or search.empty or posts.empty:
        return Emerging(pd.DataFrame(columns=_COLUMNS), _rates([], 0, 0, 0, level), panel.grain, level)
    asked = trend_class(search, freq=panel.freq).set_index("unique_id")
    said = trend_class(posts, freq=panel.freq).set_index("unique_id")
    proven = set(_newest(proven_rises(search, freq=panel.freq)).query("proven")["unique_id"])
    rows = [_row(str(t), asked.loc[t], said.loc[t] if t in said.index else None) for t in asked.index]
    table = pd.DataFrame(rows)
    table.loc[(table["status"] == "ahead") & ~table["topic"].isin(proven), "status"] = "unproven"
    for i in table.index[table["status"] == "ahead"]:
        table.loc[i, ["led", "lead", "lead_lo", "lead_hi", "p_value"]] = _lead(
            search, posts, table.at[i, "topic"], panel, seed
        )
    ends = search.groupby("unique_id")["ds"].max()
    since = pd.to_datetime(table["since"], utc=True).dt.tz_localize(None)
    step = pd.Timedelta(days=_days(panel.grain))
    table["periods"] = [
        round((ends[t].tz_localize(None) - s) / step) + 1 if pd.notna(s) else np.nan
        for t, s in zip(table["topic"], since, strict=True)
    ]
    order = {"ahead": 0, "unproven": 1, "both": 2, "posts first": 3, "neither": 4, "cannot tell": 5}
    table = table.sort_values(["status", "growth_lo"], key=lambda c: c.map(order) if c.name == "status" else -c)
    return Emerging(
        table.reset_index(drop=True).reindex(columns=_COLUMNS),
        backtest(search, posts, freq=panel.freq, follow_up=FOLLOW_UP[panel.grain], level=level),
        panel.grain,
        level,
    )


_COLUMNS = [
    "topic", "status", "since", "periods", "growth", "growth_lo", "growth_hi", "said_growth", "said_lo", "said_hi", "led",
    "lead", "lead_lo", "lead_hi", "p_value",
]  # fmt: skip


def backtest(
    search: pd.DataFrame, posts: pd.DataFrame, *, freq: str, follow_up: int, level: float = 0.9
) -> dict[str, float]:
    """Return how the alarm did in the past of these series.

    Parameters
    ----------
    search, posts : long frames `unique_id`, `ds`, `y`. follow_up : periods in which posts must rise after an alarm.

    Returns
    -------
    `alarms` (with a whole follow-up behind them), `right`, `false_share` with `lo`, `hi` (Wilson; null without alarms),
    `a_year` (alarms a series and year), `lead` (median periods from a right alarm to the rise of posts; null without one),
    `base` (share of all other periods after which posts rose within the follow-up), `open` (alarms too young to tell).
    """
    asked, said = trend_path(search, freq=freq), trend_path(posts, freq=freq)
    both = asked.merge(said, on=["unique_id", "ds"], suffixes=("", "_said"))
    both = both.merge(proven_rises(search, freq=freq), on=["unique_id", "ds"], how="left")
    leads: list[float] = []
    open_, quiet, quiet_right, years = 0, 0, 0, 0.0
    for _, own in both.sort_values("ds").groupby("unique_id"):
        up = own["trend"].isin(RISING).to_numpy() & own["proven"].eq(True).to_numpy()
        spoken = own["trend_said"].isin(RISING).to_numpy()
        alarm = up & ~spoken
        onset = alarm & ~np.concatenate([[False], alarm[:-1]])
        span = (own["ds"].iloc[-1] - own["ds"].iloc[0]).days / 365.25 if len(own) > 1 else 0.0
        years += span
        for t in np.flatnonzero(onset):
            later = np.flatnonzero(spoken[t + 1 : t + 1 + follow_up])
            if t + follow_up >= len(own) and not len(later):
                open_ += 1
            else:
                leads.append(float(later[0] + 1) if len(later) else np.nan)
        for t in np.flatnonzero(~spoken & ~alarm):
            if t + follow_up < len(own):
                quiet += 1
                quiet_right += bool(spoken[t + 1 : t + 1 + follow_up].any())
    found = _rates(leads, quiet, quiet_right, open_, level)
    return found | {"a_year": (len(leads) + open_) / years if years else float("nan")}


def sides(panel: Panel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the two sides of a panel as `unique_id`, `ds`, `y`: searches, and people where they are counted, else posts."""
    search = panel.search.rename(columns={"topic": "unique_id", "period": "ds", "value": "y"})
    spoken = panel.social.rename(columns={"topic": "unique_id", "period": "ds"})
    if len(spoken):
        spoken = spoken.assign(y=spoken["authors"] if spoken["authors"].notna().any() else spoken["posts"])
    return tuple(
        f.reindex(columns=["unique_id", "ds", "y"]).assign(
            ds=lambda d: pd.to_datetime(d["ds"], utc=True).dt.tz_localize(None)
        )
        for f in (search, spoken)
    )


def _newest(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("ds").drop_duplicates("unique_id", keep="last")


def _row(topic: str, asked: pd.Series, said: pd.Series | None) -> dict[str, object]:
    words = asked["trend"], "cannot tell" if said is None else said["trend"]
    up = [w in RISING for w in words]
    status = "cannot tell" if "cannot tell" in words else {
        (True, False): "ahead", (True, True): "both", (False, True): "posts first", (False, False): "neither",
    }[up[0], up[1]]  # fmt: skip
    row = {"topic": topic, "status": status, "since": asked["since"] if up[0] else pd.NaT}
    row |= {c: asked[c] for c in ("growth", "growth_lo", "growth_hi")}
    row |= {f"said_{c}": np.nan if said is None else said[f"growth_{c}"] for c in ("lo", "hi")}
    nothing = dict.fromkeys(("lead", "lead_lo", "lead_hi", "p_value"), np.nan)
    return row | {"said_growth": np.nan if said is None else said["growth"], "led": None} | nothing


def _lead(
    search: pd.DataFrame, posts: pd.DataFrame, topic: str, panel: Panel, seed: int
) -> tuple[object, float, float, float, float]:
    x, y = (f.loc[f["unique_id"] == topic, ["ds", "y"]].dropna().sort_values("ds") for f in (search, posts))
    try:
        found = lead_lag(x, y, max_lag=MAX_LAG[panel.grain], seed=seed, freq=panel.freq)
    except ForecastError:
        return None, np.nan, np.nan, np.nan, np.nan
    known = (found.periods, found.lo, found.hi) if found.leads else (np.nan,) * 3
    return found.leads, *known, found.p_value


def _rates(leads: list[float], quiet: int, quiet_right: int, open_: int, level: float) -> dict[str, float]:
    n, right = len(leads), int(np.isfinite(leads).sum()) if leads else 0
    lo, hi = proportion_confint(n - right, n, alpha=1 - level, method="wilson") if n else (np.nan, np.nan)
    return {
        "alarms": n,
        "right": right,
        "false_share": (n - right) / n if n else float("nan"),
        "lo": float(lo),
        "hi": float(hi),
        "a_year": float("nan"),
        "lead": float(np.nanmedian(leads)) if right else float("nan"),
        "base": quiet_right / quiet if quiet else float("nan"),
        "open": open_,
    }


def _days(grain: str) -> float:
    # Hours and days are classed as whole weeks.
    return {"month": 30.44, "quarter": 91.31}.get(grain, 7.0)
