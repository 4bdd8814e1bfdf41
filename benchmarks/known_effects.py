"""How many standard errors a known effect must lie from nothing before it is believed: error and false names by threshold.

    OMP_NUM_THREADS=1 python -m benchmarks.known_effects [--write]

Run from the project root, as a module. Needs the evidence folder (../shared, or UNDERSAID_SHARED). Daily page views, 14 days
ahead, at origins older than those that benchmarks.forecasting scores the choice at, with the public holidays of the readers'
country as known effects. `OWA` is relative to the last value; `believed` the share of (holiday, series) that count, `by chance`
the same when each holiday is moved to another day of the year, drawn at random, where there is nothing to believe. inf = none.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from benchmarks.forecasting import DAYS, load, pageviews
from benchmarks.peers import Series, frame
from benchmarks.record import ROOT, recorded
from forecasting import forecast, known_effects
from forecasting.frames import fill, grain_of

THRESHOLDS = (1.0, 2.0, 2.5, 3.0, 3.5, 4.0, np.inf)
#: The cheap members of each kind: what is compared is the threshold.
MEMBERS = ("theta_log", "damped_log", "seasonal_naive")
MOVES = 5
#: Wikipedia in a language -> the country whose holidays its readers have.
LAND = {"en": "US", "fr": "FR", "ru": "RU", "ja": "JP", "de": "DE"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    shared = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared"))
    score = load(shared / "bench" / "m4_score.py")
    pages, logs = pageviews(shared)
    groups: dict[str, Series] = {}
    for u, y in pages.items():
        groups.setdefault(LAND[u.split(".wikipedia")[0][-2:]], {})[u] = y
    cuts = [140 + DAYS * j for j in range(10)]
    sets = {"page views": [Group(data, "2016-12-31", cuts, land) for land, data in groups.items()]}
    older = [294 + 28 * j for j in range(21)]
    ends = {"peyton_manning": "2016-01-20", "R": "2015-12-19"}
    sets["two logs of eight years"] = [Group({u: logs[u]}, end, cuts + older, "US") for u, end in ends.items()]
    rows = []
    for name, parts in sets.items():
        for threshold in THRESHOLDS:
            owa, n = error(score, parts, threshold)
            told, chance = named(parts, threshold)
            row = {"standard errors": threshold, "OWA": owa, "windows": n, "believed": told, "by chance": chance}
            rows.append({"set": name, **row})
    with recorded("known_effects", write=options.write):
        print(pd.DataFrame(rows).round(4).to_string(index=False))


@dataclass(frozen=True)
class Group:
    """Series of one country that end on one day, and the days before it at which they are cut off."""

    data: Series
    last: str
    cuts: list[int]
    country: str


@contextlib.contextmanager
def at(threshold: float) -> Iterator[None]:
    before = known_effects.CLEAR
    known_effects.CLEAR = threshold
    try:
        yield
    finally:
        known_effects.CLEAR = before


def error(score: ModuleType, parts: list[Group], threshold: float) -> tuple[float, int]:
    smape, mase, n = np.zeros(2), np.zeros(2), 0
    for part in parts:
        for cut in part.cuts:
            train = {u: fill(y[: len(y) - cut]) for u, y in part.data.items()}
            test = {u: y[len(y) - cut :][:DAYS] for u, y in part.data.items()}
            test = {u: y for u, y in test.items() if np.isfinite(y).all()}
            if not test:
                continue
            end = str((pd.Timestamp(part.last) - pd.Timedelta(cut, "D")).date())
            with at(threshold):
                made = forecast(frame(train, "D", end), DAYS, freq="D", members=MEMBERS, country=part.country)
            ours = {str(u): pd.DataFrame({"yhat": g["yhat"].to_numpy()}) for u, g in made.groupby("unique_id")}
            naive = {u: pd.DataFrame({"yhat": np.repeat(train[u][-1], DAYS)}) for u in test}
            for k, forecasts in enumerate((ours, naive)):
                scored = score.score(train, test, {u: forecasts[u] for u in test}, 1)
                smape[k] += scored["smape"].sum()
                mase[k] += scored["mase"].sum()
            n += len(test)
    return 0.5 * (smape[0] / smape[1] + mase[0] / mase[1]), n


def named(parts: list[Group], threshold: float) -> tuple[float, float]:
    """Return the share of (holiday, series) that are believed, as they are and moved to random days of the year."""
    rng, grain = np.random.default_rng(0), grain_of("D")
    true, moved = [], []
    for part in parts:
        for y in part.data.values():
            dates = grain.past(pd.Timestamp(part.last), len(y))
            known = known_effects.calendar(part.country, None, dates[0], dates[-1], grain)
            assert known is not None
            for move in range(MOVES + 1):
                days = known.days
                if move:
                    by = {e: pd.Timedelta(int(rng.integers(20, 345)), "D") for e in days["event"].unique()}
                    days = days.assign(day=days["day"] + days["event"].map(by)).sort_values(["event", "day"])
                names, here = known_effects.Calendar(days).matrix(dates, grain)
                seen = here[np.isfinite(y)].sum(axis=0) >= known_effects.SEEN
                with at(threshold):
                    believed = known_effects.learn(y, here, np.zeros((1, len(names))), grain)[2]
                (moved if move else true).extend(believed[seen])
    return float(np.mean(true)), float(np.mean(moved))


if __name__ == "__main__":
    main()
