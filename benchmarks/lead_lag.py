"""How often a lead is claimed that is not there, how often one that is there is found, and what it does to forecasts.

    OMP_NUM_THREADS=1 python -m benchmarks.lead_lag [--pairs 120] [--seeds 3]

Run from the project root, as a module. Needs the evidence folder (../shared, or UNDERSAID_SHARED). Pairs of unrelated real
series (M4 Weekly, last 156 weeks); the same with one yearly season laid on both; independent random walks; and the same
pairs with a true lead of two weeks, whose strength is given in standard deviations of the led series' weekly change.
Beside the rule stands the plain out-of-sample test: logarithms, differences, harmonics removed, autoregression with and
without four lags of the other series, expanding window, Diebold-Mariano with the correction of Harvey, Leybourne & Newbold.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.errors import TooLittleData
from forecasting.evaluation import diebold_mariano
from forecasting.lead_lag import lead_lag

ROOT = Path(__file__).resolve().parent.parent
WEEKS = 156
LAG = 2
Pairs = list[tuple[np.ndarray, np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    shared = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / "m4_weekly" / "Weekly-train.csv.gz"
    rows = []
    for seed in range(options.seeds):
        pairs = m4_pairs(file, options.pairs, seed=seed)
        worlds = {"unrelated real pairs": pairs, "with a shared season": shared_season(pairs, seed=seed)}
        worlds["independent random walks"] = walks(options.pairs, seed=seed)
        worlds |= {f"true lead, {s} sd": lead_of(pairs, s) for s in (0.2, 0.4, 0.7)}
        rows += [{"world": name, **judge(x, y, seed)} for name, world in worlds.items() for x, y in world]
    table = pd.DataFrame(rows)
    shown = table.groupby("world", sort=False).agg(
        plain=("plain", "mean"), rule=("rule", "mean"), error=("error", "mean"), lag_right=("lag_right", "mean")
    )
    print(f"{options.pairs} pairs x {options.seeds} seeds, {WEEKS} weeks, 8 lags, 1 week ahead")
    print(
        "plain, rule: share of pairs in which a lead is claimed; error: mean change of the squared error at past origins"
    )
    print("when the leader is used wherever it is claimed; lag_right: lag found exactly, of the claims")
    print(shown.round(3).to_string())


def judge(x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    found = lead_lag(x, y, max_lag=8, h=1, seed=seed, freq="W-MON")
    return {
        "plain": plain_test(x, y) < 0.05,
        "rule": found.leads,
        "error": held_out(x, y, seed),
        "lag_right": float(found.periods == LAG) if found.leads else np.nan,
    }


def held_out(x: np.ndarray, y: np.ndarray, seed: int, weeks: int = 26) -> float:
    """Return the change of the mean squared error of the last weeks when the claim is made before them."""
    early = lead_lag(x[:-weeks], y[:-weeks], max_lag=8, h=1, seed=seed, freq="W-MON")
    if not early.leads:
        return 0.0
    error, gain = origins(x, y, early.periods)
    error, gain = error[-weeks:], gain[-weeks:]
    return float(((error - gain) ** 2).mean() / max((error**2).mean(), 1e-12) - 1)


def origins(x: np.ndarray, y: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    from forecasting import leading
    from forecasting.lead_lag import prepare
    from forecasting.pairs import pair

    own, changes, _ = prepare(pair(x, y, 8, "W-MON"))
    found = leading.roll(own, leading.lead_columns(changes, 1)[None, :, lag - 1], 1)
    known = np.isfinite(found.error)
    return found.error[known], found.gain[0, known]


def m4_pairs(file: Path, n: int, *, seed: int, weeks: int = WEEKS) -> Pairs:
    """Return n random pairs of the last `weeks` values of M4 Weekly series."""
    table = pd.read_csv(file, index_col=0).to_numpy(float)
    series = [row[~np.isnan(row)] for row in table]
    series = [v[-weeks:] for v in series if len(v) >= weeks and np.ptp(v[-weeks:]) > 0]
    rng = np.random.default_rng(seed)
    return [tuple(series[i] for i in rng.choice(len(series), 2, replace=False)) for _ in range(n)]  # type: ignore[misc]


def shared_season(pairs: Pairs, *, seed: int) -> Pairs:
    """Return the pairs with one yearly wave of +-65 % on both series."""
    rng = np.random.default_rng(seed)
    out = []
    for x, y in pairs:
        wave = np.exp(0.5 * np.sin(2 * np.pi * np.arange(len(x)) / 52.18 + rng.uniform(0, 2 * np.pi)))
        out.append((x * wave, y * wave))
    return out


def lead_of(pairs: Pairs, strength: float, lag: int = LAG) -> Pairs:
    """Return the pairs with y moved, `lag` weeks after x, by `strength` standard deviations of its weekly log change."""
    out = []
    for x, y in pairs:
        ahead, change = np.diff(np.log1p(x)), np.diff(np.log1p(y))
        moved = change.copy()
        moved[lag:] += strength * change.std() * ((ahead - ahead.mean()) / ahead.std())[:-lag]
        out.append((x, np.expm1(np.log1p(y[0]) + np.r_[0.0, np.cumsum(moved)])))
    return out


def walks(n: int, *, seed: int) -> Pairs:
    rng = np.random.default_rng(1000 + seed)
    return [tuple(np.exp(5 + 0.1 * np.cumsum(rng.normal(size=(2, WEEKS)), axis=1))) for _ in range(n)]  # type: ignore[misc]


def plain_test(x: np.ndarray, y: np.ndarray, lags: int = 4) -> float:
    """Return the p-value of the plain out-of-sample test that x helps to forecast y one week ahead."""
    t = np.arange(1, len(x))
    angles = 2 * np.pi * t[:, None] * np.array([1, 2]) / 52.18
    season = np.column_stack([np.ones(len(t)), np.cos(angles), np.sin(angles)])
    dx, dy = (np.diff(np.log1p(v)) for v in (x, y))
    dx, dy = (d - season @ np.linalg.lstsq(season, d, rcond=None)[0] for d in (dx, dy))
    n = len(dy)
    own = np.column_stack([np.ones(n - lags), *(dy[lags - k : n - k] for k in range(1, lags + 1))])
    both = np.column_stack([own, *(dx[lags - k : n - k] for k in range(1, lags + 1))])
    target = dy[lags:]
    loss = []
    for t0 in range(len(target) // 2, len(target)):
        fits = (target[t0] - w[t0] @ np.linalg.lstsq(w[:t0], target[:t0], rcond=None)[0] for w in (own, both))
        loss.append([e**2 for e in fits])
    try:
        return diebold_mariano(*np.array(loss).T).p_value
    except TooLittleData:
        return 1.0


if __name__ == "__main__":
    main()
