"""Alarms of what rises in search before posts do: false alarms, planted rises found, and the lead, on simulated markets.

    python benchmarks/emerging.py [--worlds 20]

Each world is a market of the bundled example under another seed: 14 topics, three years of weeks, one of which rises in search
eight weeks before people speak of it. The rule is that of explorer.emerging, as it stands: nothing is chosen on these worlds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
# This folder has a forecasting.py of its own, which must not stand before the package.
sys.path.insert(0, str(ROOT))

from statsmodels.stats.proportion import proportion_confint

from explorer.emerging import FOLLOW_UP, RISING, backtest
from forecasting.rise import proven_rises
from forecasting.trend_class import trend_path
from sources.example import market
from sources.example.voices import OVERDISPERSION

FREQ = "W-SUN"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    asked = parser.parse_args()
    start = time.process_time()
    rows = [world(1000 + number) for number in range(asked.worlds)]
    table = pd.DataFrame(rows)
    alarms, right = int(table["alarms"].sum()), int(table["right"].sum())
    lo, hi = proportion_confint(alarms - right, max(alarms, 1), alpha=0.1, method="wilson")
    leads = table["planted_lead"].dropna()
    print(f"worlds {len(table)}, topics 14 each, {time.process_time() - start:.0f} CPU seconds")
    print(f"alarms judged {alarms}, false {(alarms - right) / max(alarms, 1):.3f} ({lo:.3f} … {hi:.3f}, 90 %)")
    print(f"alarms a topic and year {table['a_year'].mean():.2f}")
    print(f"posts rise as soon after any other period in {table['base'].mean():.3f}")
    print(
        f"planted rise: alarm before its posts rise in {len(leads)} of {len(table)}, median lead {leads.median():.0f} weeks"
    )


def world(seed: int) -> dict[str, float]:
    """One market: the backtest of its topics, and the planted topic's weeks from the alarm to the rise of its posts."""
    weeks = pd.date_range("2023-07-02", periods=market.WEEKS, freq="7D")
    latent = market.latent(np.random.default_rng([seed, 0]), weeks)
    interest = market.interest(np.random.default_rng([seed, 9]), latent)
    topic = {term: t.id for t in market.TOPICS for term in t.search}
    summed = interest.assign(unique_id=interest["term"].map(topic)).groupby(["unique_id", "period"])["value"].sum()
    search = summed.rename("y").rename_axis(["unique_id", "ds"]).reset_index()
    search["ds"] = search["ds"].dt.tz_localize(None)
    rng = np.random.default_rng([seed, 2])
    people = rng.negative_binomial(OVERDISPERSION, OVERDISPERSION / (OVERDISPERSION + latent.speak))
    posts = pd.DataFrame(
        {
            "unique_id": np.repeat([t.id for t in market.TOPICS], market.WEEKS),
            "ds": np.tile(weeks, len(market.TOPICS)),
            "y": people.ravel().astype(float),
        }
    )
    found = backtest(search, posts, freq=FREQ, follow_up=FOLLOW_UP["week"])
    return found | {"planted_lead": planted_lead(search, posts)}


def planted_lead(search: pd.DataFrame, posts: pd.DataFrame) -> float:
    """Weeks from the first alarm on the planted topic's searches, after its onset, to the word of rising for its posts."""
    first = []
    proven = proven_rises(search, freq=FREQ).query("proven")
    for side, alarms in ((search, proven), (posts, None)):
        path = trend_path(side[side["unique_id"] == market.EMERGING], freq=FREQ)
        onset = path["ds"].max() - pd.Timedelta(7 * market.RISE_ONSET, "D")
        up = path[(path["ds"] >= onset) & path["trend"].isin(RISING)]
        first.append((up if alarms is None else up.merge(alarms, on=["unique_id", "ds"]))["ds"].min())
    lead = (first[1] - first[0]) / pd.Timedelta(7, "D") if pd.notna(first[0]) and pd.notna(first[1]) else np.nan
    return float(lead) if lead > 0 else float("nan")


if __name__ == "__main__":
    main()
