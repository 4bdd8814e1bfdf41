"""Whether a forecast that uses a leading series is ever worse for it: error with the leader relative to without, week by week.

    OMP_NUM_THREADS=1 python -m benchmarks.led [--pairs 80] [--seeds 2] [--earlier 26] [--write]

Run from the project root, as a module. Needs the evidence folder (../shared, or UNDERSAID_SHARED). The pairs are those of
benchmarks.lead_lag: random M4 Weekly series, unrelated, with a season laid on both, and with a true lead of two weeks planted.
The last 8 weeks are forecast from the 156 before; `--earlier` leaves out that many weeks at the end: settings are chosen
there. Errors are absolute, on logarithms, in units of the series' usual weekly change; each figure is the mean error with a
leader relative to without, minus 1, over all series of the world (`used` of which had a leader), with its standard error.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lead_lag import WEEKS, Pairs, lead_of, m4_pairs, shared_season
from benchmarks.record import ROOT, recorded
from forecasting import forecast, forecast_led

WEEKS_AHEAD = 8
#: What is compared is the leader: two cheap members make the forecast that it moves.
MEMBERS = ("theta_log", "damped_log")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--earlier", type=int, default=0, help="weeks left out at the end")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/benchmarks.md")
    options = parser.parse_args()
    shared = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / "m4_weekly" / "Weekly-train.csv.gz"
    with recorded("led", write=options.write):
        rows = {}
        for name in ("unrelated", "shared season", "lead .2 sd", "lead .4 sd", "lead .7 sd"):
            parts = [errors(world(name, file, options, seed)) for seed in range(options.seeds)]
            plain, led, used = (np.concatenate(column) for column in zip(*parts, strict=True))
            rows[name] = summary(plain, led, used)
        print(
            f"{options.pairs} pairs x {options.seeds} seeds, {WEEKS} weeks of history, {options.earlier} left out at the end"
        )
        print("change of the mean absolute error by the leader, %, by weeks ahead (se = its standard error over pairs)")
        print(pd.DataFrame(rows).T.to_string(float_format="%.2f"))


def world(name: str, file: Path, options: argparse.Namespace, seed: int) -> Pairs:
    """Return pairs of WEEKS + 8 weeks: what is planted is planted over all of them."""
    length = WEEKS + WEEKS_AHEAD
    whole = m4_pairs(file, options.pairs, seed=seed, weeks=length + options.earlier)
    pairs = [(x[:length], y[:length]) for x, y in whole]
    pairs = [(x, y) for x, y in pairs if np.ptp(x[:WEEKS]) > 0 and np.ptp(y[:WEEKS]) > 0]
    if name.startswith("lead"):
        return lead_of(pairs, float(name.split()[1]))
    return shared_season(pairs, seed=seed) if name == "shared season" else pairs


def errors(pairs: Pairs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (pairs, 8) errors without and with a leader, in usual weekly changes, and whether one was used."""
    ds = pd.date_range("2014-01-05", periods=WEEKS + WEEKS_AHEAD, freq="W")
    x, y = (
        pd.concat(
            pd.DataFrame({"unique_id": f"{i:03d}", "ds": ds[:WEEKS], "y": p[k][:WEEKS]}) for i, p in enumerate(pairs)
        )
        for k in (0, 1)
    )
    plain = forecast(y, WEEKS_AHEAD, freq="W-SUN", members=MEMBERS)
    led = forecast_led(y, x, WEEKS_AHEAD, freq="W-SUN", members=MEMBERS)
    actual = np.stack([p[1][WEEKS:] for p in pairs])
    usual = np.array([np.abs(np.diff(np.log1p(p[1][:WEEKS]))).mean() for p in pairs])
    missed = [
        np.abs(np.log1p(table["yhat"].to_numpy().reshape(actual.shape)) - np.log1p(actual)) / usual[:, None]
        for table in (plain, led)
    ]
    used = led.groupby("unique_id")["leader"].first().notna().to_numpy()
    return missed[0], missed[1], used


def summary(plain: np.ndarray, led: np.ndarray, used: np.ndarray) -> dict[str, float]:
    row = {"used %": 100 * used.mean()}
    for step in range(WEEKS_AHEAD):
        row[f"{step + 1}"] = 100 * (led[:, step].mean() / plain[:, step].mean() - 1)
    each = (led - plain).mean(axis=1)
    row["all"] = 100 * each.mean() / plain.mean()
    row["se"] = 100 * each.std(ddof=1) / np.sqrt(len(each)) / plain.mean()
    return row


if __name__ == "__main__":
    main()
