"""Alerts against published detectors, against simulated outbreaks, and against their own promise; spread against counted trees.

    python benchmarks/alerts.py [nab] [weekly] [budget] [spread] [example] [--replicates 50] [--shared FOLDER]

nab: realTweets of the Numenta Anomaly Benchmark, one stream of alerts, the default of `explorer.alerts.score`. weekly: the 42
scenarios of Noufaily et al. (2013). budget: false alarms of quiet series against the number announced, by grain, level and
rarity. spread: the cascades of Marref and trees of a million edges. example: the planted crisis of the
example world. Figures are printed whatever they are; docs/alerts-log.md holds
those of the last run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

# Run as a script its folder would come first, and in it stands a benchmark named like the package `forecasting`.
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import explorer.alerts
from explorer.alert_budget import SENSITIVITY, limits
from explorer.alerts import score
from explorer.baseline import regular, shape
from explorer.carriers import SMALL, path_credit
from explorer.crisis import crisis_of
from explorer.demo import example_study
from explorer.drill import drill
from explorer.early_warning import measured_days, warnings_of
from explorer.spread import cascades, structural_virality
from explorer.tallies import Tallies
from explorer.trees import forest_of_edges
from sources.example import Truth, make

PUBLISHED = {"standard": 83.17, "reward_low_FP_rate": 74.58, "reward_low_FN_rate": 88.78}
FACTORS = np.round(np.arange(0.85, 1.151, 0.025), 3)
WEEK = 7.0


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def alerts_at(factor: float, truth: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the alerts of every file with all thresholds multiplied by `factor`."""

    def scaled(*arguments: Any) -> Any:
        limit = limits(*arguments)
        return replace(limit, threshold=limit.threshold * factor)

    found = {}
    with patch.object(explorer.alerts, "limits", scaled):
        for name, series in truth.items():
            frame = pd.DataFrame({"ds": series.ts, "y": series.value}).groupby("ds", as_index=False)["y"].sum()
            found[name] = score(frame).set_index("ds")["alert"].reindex(series.ts).to_numpy().astype(float)
    return found


def nab(shared: Path) -> None:
    scorer = load(shared / "bench" / "nab_score.py")
    truth = scorer.load_truth(str(shared / "data" / "nab"), "realTweets")
    streams = {f: alerts_at(f, truth) for f in FACTORS}
    now = streams[1.0]

    def normal(alerts: dict[str, np.ndarray], profile: str) -> float:
        return float(scorer.normalise(scorer.raw_at(alerts, truth, profile, 0.5), truth, profile))

    print("realTweets, one stream, one default         " + "  ".join(f"{p:>18}" for p in scorer.PROFILES))
    print("  reached                                   " + "  ".join(f"{normal(now, p):18.2f}" for p in PUBLISHED))
    print("  best published (looks ahead)              " + "  ".join(f"{v:18.2f}" for v in PUBLISHED.values()))
    for factor in (0.95, 1.05):
        values = "  ".join(f"{normal(streams[factor], p):18.2f}" for p in PUBLISHED)
        print(f"  threshold x {factor:<30}" + values)
    left_out = []
    for profile in PUBLISHED:
        raw = {f: {n: scorer.raw_at({n: s[n]}, {n: truth[n]}, profile, 0.5) for n in truth} for f, s in streams.items()}
        total = 0.0
        for name in truth:
            best = max(FACTORS, key=lambda f: (sum(v for n, v in raw[f].items() if n != name), -abs(f - 1)))
            total += raw[best][name]
        left_out.append(float(scorer.normalise(total, truth, profile)))
    print("  threshold chosen on the nine other files  " + "  ".join(f"{v:18.2f}" for v in left_out))
    seen = scorer.alarms(now, truth, 0.5, 0)
    near = sum(
        bool(((d >= -1) & (d <= 3)).any())
        for n, t in truth.items()
        for label in t.labels
        for d in [(t.ts[now[n] >= 0.5] - label) / np.timedelta64(1, "h")]
    )
    total_labels = sum(len(t.labels) for t in truth.values())
    print(f"  windows {seen['hit']}/{seen['windows']}, false alarms a series-week {seen['fa_per_week']}, ", end="")
    print(f"labelled instants met within [-1 h, +3 h] {near}/{total_labels}")


def weekly(shared: Path, replicates: int) -> None:
    simulator = load(shared / "bench" / "weekly_outbreak_sim.py")
    rng = np.random.default_rng(2013)
    ds = pd.date_range("2010-01-04", periods=624, freq="7D")
    false = quiet = hit = outbreaks = 0
    delays = []
    for scenario in ((i, trend, m) for i in range(7) for trend in (0, 1) for m in (0, 1, 2)):
        for _ in range(replicates):
            y, outbreak = simulator.sim(rng, *scenario, rng.integers(1, 11))
            alert = score(pd.DataFrame({"ds": ds, "y": y}))["alert"].to_numpy()[simulator.CUR]
            now = outbreak[simulator.CUR]
            false, quiet = false + int((alert & ~now).sum()), quiet + int((~now).sum())
            if now.any():
                outbreaks, caught = outbreaks + 1, np.flatnonzero(alert & now)
                hit += bool(len(caught))
                delays += [caught[0] - np.flatnonzero(now)[0]] if len(caught) else []
    print(
        f"weekly counts, 42 scenarios x {replicates}: false positive rate {100 * false / quiet:.2f} %, detection ",
        end="",
    )
    print(f"{100 * hit / outbreaks:.1f} %, mean delay {np.mean(delays):.2f} weeks (EARS C1: 3.60 %, 50.2 %)")


def quiet_series(rng: np.random.Generator, step: str, days: int, mean: float, phi: float, day: float) -> pd.DataFrame:
    """Counts with the pattern of a week and of a day (`day`: its strength) or a year, and nothing else in them."""
    ds = pd.date_range("2022-01-03", periods=round(days * (pd.Timedelta(1, "D") / pd.Timedelta(step))), freq=step)
    level = np.full(len(ds), mean)
    if pd.Timedelta(step) < pd.Timedelta(1, "D"):
        level = level * np.exp(day * np.sin(2 * np.pi * (ds.hour + ds.minute / 60 - 9) / 24))
    if pd.Timedelta(step) <= pd.Timedelta(1, "D"):
        level = level * np.where(ds.day_of_week >= 5, 0.7, 1.0)
    else:
        level = level * np.exp(0.3 * np.sin(2 * np.pi * ds.day_of_year / 365.25))
    return pd.DataFrame({"ds": ds, "y": rng.negative_binomial(level / (phi - 1), 1 / phi)})


def budget() -> None:
    """Budgets in words, and the rarer ones of a study that shares its budget among many series."""
    print("false alarms of quiet series / those announced (1.00 = as announced) +- standard error between series;")
    print("dispersions 1.2, 3 and 8, flat to strong pattern of the day; only where the threshold is the series' own")
    for step, grain, days, means, series, far in (
        ("5min", "fine", 120, (0.2, 1, 5, 30, 200), 8, ()),
        ("15min", "fine", 150, (0.2, 1, 5, 30, 200), 8, ()),
        ("1h", "fine", 400, (0.2, 1, 5, 30, 200, 500), 12, (91.0, 200.0, 400.0)),
        ("1D", "day", 3000, (0.5, 2, 5, 20, 100, 500), 12, (200.0, 400.0, 850.0)),
        ("7D", "week", 7300, (0.5, 2, 5, 20, 100, 500), 12, (3000.0,)),
    ):
        asked: list[tuple[str, float]] = [*SENSITIVITY[grain].items(), *((f"1 in {d:.0f} d", d) for d in far)]
        print(f"  {step:>5} " + " ".join(f"{name:>18}" for name, _ in asked))
        for mean in means:
            seen, span = quiet_alarms(step, days, mean, series, [apart for _, apart in asked])
            ratio = seen.sum(axis=1) / [span.sum() / apart for _, apart in asked]
            error = seen.std(axis=1, ddof=1) * np.sqrt(seen.shape[1]) / [span.sum() / apart for _, apart in asked]
            cells = (f"{r:.2f} +- {e:.2f} ({n:.0f})" for r, e, n in zip(ratio, error, seen.sum(axis=1), strict=True))
            print(f"  {mean:>5} " + " ".join(f"{c:>18}" for c in cells), flush=True)


def quiet_alarms(step: str, days: int, mean: float, series: int, apart: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the false alarms [budget, series] and the days counted [series] of quiet series of one level."""
    rng = np.random.default_rng([8, int(mean * 10)])
    seen, span = [], []
    for phi in (1.2, 3.0, 8.0):
        for k in range(series):
            frame = quiet_series(rng, step, days, mean, phi, (0.0, 0.6, 1.2)[k % 3])
            # The shape does not depend on the budget, and takes half of the time.
            known = shape(regular(frame, step))
            with patch.object(explorer.alerts, "shape", lambda _, known=known: known):
                found = [score(frame, freq=step, budget=a) for a in apart]
            ready = found[0]["state"] == "ready"
            seen.append([float((f["alert"] & ready).sum()) for f in found])
            span.append(float(ready.sum()) * (pd.Timedelta(step) / pd.Timedelta(1, "D")))
    return np.array(seen).T, np.array(span)


def example() -> None:
    truth = make().truth
    planted = truth.crisis
    with tempfile.TemporaryDirectory() as folder:
        study = example_study(Path(folder))
        tallies = Tallies(study.store)
        warned = warnings_of(study, tallies)
        events = warned.events[(warned.events["topic"] == planted.topic) & (warned.events["side"] == "posts")]
        event = events[events["at"] > planted.start].iloc[-1]
        found = crisis_of(warned, str(event["id"]), tallies, own=study.brand["accounts"])
        replay = drill(warned, tallies, event=str(event["id"]))
        measured = {word: measured_days(warned, word) for word in ("fewer", "balanced", "more")}
        times = tallies.posts_between(study.topics, planted.start, planted.end).set_index("id")["created_at"]
    times = times[times.index.isin(planted.ids)]
    share = float((times < event["at"]).mean())
    print(f"planted crisis: {len(planted.ids)} posts from {planted.start:%Y-%m-%d %H:%M} on")
    hours = (event["at"] - planted.start) / pd.Timedelta(1, "h")
    print(f"  alert {hours:.1f} h after the first post, {100 * share:.1f} % of the planted posts said (bound 10 %)")
    for row in replay.itertuples():
        told = f"{row.hours:.1f} h, {100 * row.share_said:.1f} % said" if pd.notna(row.at) else "would not have fired"
        print(f"    {row.by}: {told}")
    print(f"  origin {'found' if found.cascades['root'].iloc[0] == planted.origin_id else 'NOT found'}")
    small = planted_small(truth)
    inside = found.small.lo <= small <= found.small.hi
    print(f"  due to small accounts {found.small.value:.3f} [{found.small.lo:.3f}, {found.small.hi:.3f}], ", end="")
    print(f"planted {small:.3f}: {'inside' if inside else 'OUTSIDE'}")
    for word, (seen, announced) in measured.items():
        print(f"  quiet copies, {word}: {seen:.0f} false alarms, {announced:.1f} announced")


def planted_small(truth: Truth) -> float:
    """Return the share of path credit of accounts below 10,000 followers in the planted tree, where every size is known."""
    tree, root = truth.cascade, truth.crisis.origin_id
    followers = truth.authors.set_index("author_key")["followers"]
    ids = pd.Index([root, *tree["child"]])
    size = np.array([followers[truth.crisis.origin_author], *tree["followers"]])
    credit = path_credit(forest_of_edges(pd.Series(ids), pd.Series([None, *tree["parent"]])))
    return float(credit[size < SMALL].sum() / credit.sum())


def spread(shared: Path) -> None:
    names = ["child", "parent", "tree", "generation"]
    edges = pd.read_csv(shared / "data" / "cascade_marref" / "full_data_Marref.csv.gz", header=None, names=names)
    table = cascades(edges)
    print(f"Marref: {len(table)} trees, {table['n'].sum()} posts, mean virality {table['virality'].mean():.3f} (1.430)")
    for least, published in ((10, 2.55), (50, 3.53), (100, 3.91)):
        kept = table[table["n"] >= least]
        print(f"  n >= {least:<3}: {len(kept):>5} trees, median {kept['virality'].median():.2f} ({published})")
    n = 1_000_000
    rng = np.random.default_rng(0)
    shapes: dict[str, np.ndarray] = {
        "random": (rng.random(n) * np.arange(1, n + 1)).astype(int),
        "chain": np.arange(n),
        "star": np.zeros(n, dtype=int),
    }
    for name, parent in shapes.items():
        frame = pd.DataFrame({"child": np.arange(1, n + 1), "parent": parent})
        start = time.perf_counter()
        value = structural_virality(frame)
        print(f"  {name} of {n:,} edges: virality {value:.4f} in {time.perf_counter() - start:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["nab", "weekly", "budget", "spread", "example"])
    parser.add_argument("--replicates", type=int, default=50)
    beside = Path(__file__).resolve().parent.parent.parent / "shared"
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("UNDERSAID_SHARED", beside)))
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "nab": lambda: nab(given.shared),
        "weekly": lambda: weekly(given.shared, given.replicates),
        "budget": budget,
        "example": example,
        "spread": lambda: spread(given.shared),
    }
    for part in given.parts:
        if part not in parts:
            sys.exit(f"there is no part {part!r}; choose from {', '.join(parts)}")
        parts[part]()


if __name__ == "__main__":
    main()
