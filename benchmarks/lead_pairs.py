"""Who leads whom where search and what is said are both known: the rule on every real pair of the evidence, both directions.

    OMP_NUM_THREADS=1 python -m benchmarks.lead_pairs [--write]

Run from the project root, as a module. Needs the evidence folder (../shared, or UNDERSAID_SHARED). `pairs` is the number of
series, `tested` how many of them hold enough past origins; `alone` the claims that pass every check of the rule by themselves,
`claims` those that also survive Benjamini & Hochberg over the pairs of the set and direction. No truth is known here: the
figures tell how often the rule speaks on data of this kind. The daily searches for bitcoin are windows that were never
stitched, each with a scale of its own: nothing should be found there.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.record import ROOT, recorded
from forecasting.lead_checks import ALPHA
from forecasting.lead_lags import lead_lags
from forecasting.led import MAX_LAG

#: Periods over which a series must hold anything but zero and missing values.
ENOUGH = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    data = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")) / "data"
    rows, told = [], []
    for name, (freq, grain, table) in real_pairs(data).items():
        for leader, follower in (("search", "said"), ("said", "search")):
            x, y = (
                table.rename(columns={c: "y"})[["unique_id", "ds", "y"]].dropna(subset="y") for c in (leader, follower)
            )
            found = lead_lags(x, y, max_lag=MAX_LAG[grain], freq=freq, seed=0)
            alone = found["note"].str.startswith(("x helps", "alone it would pass"))
            rows.append(
                {
                    "set": name,
                    "direction": f"{leader} leads",
                    "pairs": len(found),
                    "tested": int(found["p_value"].notna().sum()),
                    "p < .05": int((found["p_value"] < ALPHA).sum()),
                    "alone": int(alone.sum()),
                    "claims": int(found["leads"].sum()),
                    "median gain": found["gain"].median(),
                }
            )
            told += [
                f"{name}, {row.leader}: {leader} leads by {row.periods:.0f} ({row.lo:.0f} to {row.hi:.0f}) periods, "
                f"saves {row.gain:.0%}, p {row.p_value:.4f}, q {row.q_value:.4f}, {row.n} origins"
                for row in found[found["leads"]].itertuples()
            ]
    with recorded("lead_pairs", write=options.write):
        print(pd.DataFrame(rows).round(3).to_string(index=False))
        print("\n".join(["", "claims:", *(told or ["none"])]))


def real_pairs(data: Path) -> dict[str, tuple[str, str, pd.DataFrame]]:
    """Return pandas frequency, grain and the long table `unique_id`, `ds`, `search`, `said` of each set."""
    months = pd.read_csv(data / "pair_programming_languages" / "pair_monthly.csv.gz", parse_dates=["month"])
    # Some months come twice, with other shares of search; the mean is taken.
    months = months.groupby(["topic", "month"], as_index=False).mean()
    months = months.rename(columns={"topic": "unique_id", "month": "ds", "search_share": "search", "questions": "said"})
    weeks = pd.read_csv(data / "pair_dem2020_primary" / "pair_weekly.csv", parse_dates=["week"])
    weeks = weeks.rename(columns={"candidate": "unique_id", "week": "ds"})
    day = f"W-{weeks['ds'].iloc[0]:%a}".upper()
    hits = pd.read_csv(data / "pair_dem2020_primary" / "search_daily.csv.gz", parse_dates=["date"])
    hits = hits.groupby(["candidate", "date"])["hits"].mean().rename("search")
    people = pd.read_csv(data / "pair_dem2020_primary" / "twitter_followers_daily.csv.gz", parse_dates=["date"])
    people = people.set_index(["candidate", "date"])["followers"].unstack("candidate").asfreq("D")
    gained = people.diff().stack().rename("said").swaplevel()
    days = pd.concat([hits, gained], axis=1).dropna().rename_axis(["unique_id", "ds"]).reset_index()
    tweets = pd.read_csv(data / "pair_bitcoin_tweets_2017_2018" / "pair_daily.csv", parse_dates=["Date"])
    tweets = tweets.melt(["Date", "tweet_count"], var_name="unique_id", value_name="search")
    storms = pd.read_csv(data / "pair_hurricanes_2017" / "538_google_trends.csv")
    storms.columns = ["ds", *(c.split('"')[1].removeprefix("Hurricane ") for c in storms.columns[1:])]
    said = pd.read_csv(data / "pair_hurricanes_2017" / "538_mediacloud_hurricanes.csv").rename(columns={"Date": "ds"})
    long = [t.melt("ds", var_name="unique_id", value_name=v) for t, v in ((storms, "search"), (said, "said"))]
    storm = long[0].assign(ds=pd.to_datetime(long[0]["ds"]))
    storm = storm.merge(long[1].assign(ds=pd.to_datetime(long[1]["ds"], format="%m/%d/%y")), on=["unique_id", "ds"])
    sets = {
        "languages, questions asked, monthly": ("MS", "month", months),
        "candidates, online stories, weekly": (day, "week", weeks.rename(columns={"online_stories": "said"})),
        "candidates, cable clips, weekly": (day, "week", weeks.rename(columns={"cable_clips": "said"})),
        "candidates, followers gained, weekly": (day, "week", weeks.rename(columns={"followers_gain": "said"})),
        "candidates, followers gained, daily": ("D", "day", days),
        "bitcoin, tweets, daily": ("D", "day", tweets.rename(columns={"Date": "ds", "tweet_count": "said"})),
        "hurricanes, news sentences, daily": ("D", "day", storm),
    }
    return {name: (freq, grain, whole(table)) for name, (freq, grain, table) in sets.items()}


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the series in which both sides are there often enough."""
    both = table[["search", "said"]].replace(0, np.nan).notna().all(axis=1).groupby(table["unique_id"]).transform("sum")
    return table.loc[both >= ENOUGH, ["unique_id", "ds", "search", "said"]].reset_index(drop=True)


if __name__ == "__main__":
    main()
