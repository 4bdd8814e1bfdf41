"""Score calibration and stitching on recorded and simulated answers beside their peers, at equal requests.

    OMP_NUM_THREADS=1 python -m benchmarks.calibration [terms] [days] [recorded] [--worlds 20]

Run from the project root, as a module. `recorded` needs the evidence folder (../shared, or UNDERSAID_SHARED).

Peers, written anew from their papers and documentation: peak ratios along the path of least error (West 2020, Google Trends
Anchor Bank: peaks of 10 or more, rounding intervals multiplied along the path), scored against true ratios of peaks, only on
the terms it places; and long daily series as the plain average of windows bent to weeks (Denton 1971, proportional first
differences), as trendecon does. Errors are natural logarithms. "Connectable": joined to the reference by values above zero.
"""

from __future__ import annotations

import argparse
import heapq
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph, linalg

from sources.calibration import calibrate, quality, stitch
from sources.planner import ask_all
from tests.trends_worlds import Array, long_series, market, windows

ROOT = Path(__file__).resolve().parent.parent
CASES: dict[str, dict[str, float | bool]] = {
    "25 terms, 3 decades, rounding only": {"terms": 25, "decades": 3},
    "25 terms, 3 decades, sampling 20": {"terms": 25, "decades": 3, "sampled": 20},
    "25 terms, 4 decades, sampling 5": {"terms": 25, "decades": 4, "sampled": 5},
    "60 terms, 4 decades, rounding only": {"terms": 60, "decades": 4},
    "60 terms, 4 decades, sampling 5": {"terms": 60, "decades": 4, "sampled": 5},
    "25 terms, 3 decades, sampling 20 + 5 %": {"terms": 25, "decades": 3, "sampled": 20, "relative": 0.05},
    "25 terms, 3 decades, sampling 20, one draw a day": {"terms": 25, "decades": 3, "sampled": 20, "days": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="terms, days, recorded; all by default")
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")))
    options = parser.parse_args()
    # The peers divide by zeros; our own code must not warn, which the tests see to.
    warnings.simplefilter("ignore", RuntimeWarning)
    parts = options.parts or ["terms", "days", "recorded"]
    if "terms" in parts:
        terms(options.worlds)
    if "days" in parts:
        days(options.worlds)
    if "recorded" in parts:
        recorded(options.shared / "data" / "google_trends_raw_batches_gtab")


def terms(worlds: int) -> None:
    """Levels of many terms: the same answers to both, and the requests our planner chooses from terms in no order."""
    print("\n## Terms on one scale\n")
    print(
        "| world | requests | connectable placed | error | peak chain | ratio | p90 | chain p90 | covers | chain covers | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, law in CASES.items():
        for plan in ("stride 3", "stride 1", "planned"):
            row(name, plan, law, worlds)


def row(name: str, plan: str, law: dict[str, float | bool], worlds: int) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    hits: list[bool] = []
    their_hits: list[bool] = []
    requests = placed = able = 0
    seconds = 0.0
    for seed in range(worlds):
        world = market(seed, **law)  # type: ignore[arg-type]
        reference = world.names[len(world.names) // 2]
        groups = windows(world.names, stride=3 if plan == "stride 3" else 1)
        requests = len(groups)
        answers = world.ask_groups(groups)
        mine = answers
        if plan == "planned":
            mine = ask_all(list(np.random.default_rng(seed).permutation(world.names)), world.ask, requests)
        began = time.process_time()
        found = calibrate(mine, reference=reference).set_index("term").drop(reference)
        seconds += time.process_time() - began
        reachable = connectable(mine, reference).drop(reference)
        able += len(reachable)
        placed += int(found.loc[reachable, "level"].notna().sum())
        truth = world.levels(reference)[found.index]
        ours += np.log(found["level"] / truth).abs().dropna().tolist()
        hits += within(found, truth)
        chain = peak_chain(answers, reference).drop(reference)
        peaks = pd.Series(world.searches.max(axis=1), world.names)
        peaks = (peaks / peaks[reference])[chain.index]
        theirs += np.log(chain["level"] / peaks).abs().tolist()
        their_hits += within(chain, peaks)
    error, other = np.median(ours), np.median(theirs)
    print(
        f"| {name}, {plan} | {requests} | {placed}/{able} | {error:.4f} | {other:.4f} | {other / error:.1f} | "
        f"{np.quantile(ours, 0.9):.4f} | {np.quantile(theirs, 0.9):.4f} | {np.mean(hits):.3f} | {np.mean(their_hits):.3f} | "
        f"{seconds / worlds:.2f} |",
        flush=True,
    )


def within(found: pd.DataFrame, truth: pd.Series) -> list[bool]:
    known = found["level"].notna()
    hit = (found["lo"] <= truth * (1 + 1e-9)) & (truth <= found["hi"] * (1 + 1e-9))
    return [bool(h) for h in hit[known]]


def connectable(requests: pd.DataFrame, reference: str) -> pd.Index:
    """Terms that a chain of requests joins to the reference by values above zero."""
    pairs = requests[requests["value"] > 0][["request", "term"]].drop_duplicates()
    names = pd.Index(pairs["term"].unique())
    k, r = names.get_indexer(pairs["term"]), len(names) + pairs["request"].factorize()[0]
    n = int(r.max()) + 1
    _, part = csgraph.connected_components(
        sparse.coo_array((np.ones(len(pairs)), (k, r)), shape=(n, n)), directed=False
    )
    return names[part[: len(names)] == part[names.get_loc(reference)]]


def peak_chain(requests: pd.DataFrame, reference: str, least: int = 10) -> pd.DataFrame:
    """`level`, `lo`, `hi` by term: peak ratios multiplied along the path of least relative rounding error."""
    edges: dict[str, dict[str, tuple[float, float, float, float]]] = {}
    for _, peaks in requests.groupby(["request", "term"])["value"].max().groupby(level=0):
        own = peaks.droplevel(0)
        own = own[own >= least]
        for a in own.index:
            for b in own.index.drop(a):
                (lo_a, hi_a), (lo_b, hi_b) = rounding(own[a]), rounding(own[b])
                if own[a] == own[b] == 100:
                    lo_a = lo_b = 99.5
                cost = float(np.log(hi_b / lo_b * hi_a / lo_a))
                if b not in edges.setdefault(a, {}) or cost < edges[a][b][0]:
                    edges[a][b] = (cost, own[b] / own[a], lo_b / hi_a, hi_b / lo_a)
    best = {reference: (0.0, 1.0, 1.0, 1.0)}
    queue, done = [(0.0, reference)], set()
    while queue:
        cost, at = heapq.heappop(queue)
        if at in done:
            continue
        done.add(at)
        for to, (step, *ratio) in edges.get(at, {}).items():
            if to not in best or cost + step < best[to][0]:
                best[to] = (cost + step, *(v * r for v, r in zip(best[at][1:], ratio, strict=True)))  # type: ignore[assignment]
                heapq.heappush(queue, (cost + step, to))
    return pd.DataFrame([v[1:] for v in best.values()], index=list(best), columns=["level", "lo", "hi"])


def rounding(peak: float) -> tuple[float, float]:
    return (peak - 0.5, peak + 0.5) if peak < 100 else (100.0, 100.0)


def days(worlds: int) -> None:
    """Three years of days out of windows of 252 days every 84 and one weekly answer, 12 requests."""
    print("\n## Long daily series\n")
    print("| world | drift | average + Denton | ratio | without the weeks | day | Denton day | covers | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, level, sampled in (
        ("popular", 400.0, 1.0),
        ("middle", 20.0, 1.0),
        ("niche", 2.0, 1.0),
        ("no sampling", 20.0, 0.0),
    ):
        joined, bent, alone, hits, seconds = [], [], [], [], 0.0
        for seed in range(worlds):
            x = long_series(seed, level=level)
            asked, weeks = windows_of(x, sampled, np.random.default_rng([seed, 9]))
            began = time.process_time()
            found = stitch(asked, anchors=weeks)
            seconds += time.process_time() - began
            known = (asked.groupby("ds")["value"].max() > 0).to_numpy()
            truth = x / x.mean() * found["value"].mean()
            hits.append(((found["lo"] <= truth) & (truth <= found["hi"])).mean())
            plain = np.maximum(asked.groupby("ds")["value"].mean().to_numpy(), 0.05)
            joined.append(errors(found["value"].to_numpy(), x, known))
            bent.append(errors(denton(plain, weeks["value"].to_numpy()), x, known))
            alone.append(errors(stitch(asked)["value"].to_numpy(), x, known))
        ours, theirs, without = (np.mean(v, axis=0) for v in (joined, bent, alone))
        print(
            f"| {name} | {ours[1]:.4f} | {theirs[1]:.4f} | {ours[1] / theirs[1]:.2f} | {without[1]:.4f} | {ours[0]:.3f} | "
            f"{theirs[0]:.3f} | {np.mean(hits):.3f} | {seconds / worlds:.2f} |",
            flush=True,
        )


def windows_of(x: Array, sampled: float, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Overlapping windows over x, and weeks over all of it, each of a sample and a peak of its own."""

    def answer(part: Array, width: int = 1) -> Array:
        drawn = rng.poisson(part * sampled) / sampled if sampled else part
        drawn = drawn.reshape(-1, width).mean(axis=1)
        return np.asarray(np.rint(100 * drawn / drawn.max()))

    starts = sorted({*range(0, len(x) - 251, 84), len(x) - 252})
    rows = [
        pd.DataFrame({"window": i, "ds": np.arange(s, s + 252), "value": answer(x[s : s + 252])})
        for i, s in enumerate(starts)
    ]
    return pd.concat(rows), pd.DataFrame({"ds": np.arange(0, len(x), 7), "value": answer(x, 7)})


def denton(series: Array, weeks: Array) -> Array:
    """Bend a series so that its weekly means are `weeks`, its proportions changing as little as can be."""
    n, m = len(series), len(weeks)
    step = sparse.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n))
    means = sparse.csr_array((series / 7, (np.repeat(np.arange(m), 7), np.arange(n))), shape=(m, n))
    system = sparse.block_array([[step.T @ step + 1e-9 * sparse.eye_array(n), means.T], [means, None]], format="csc")
    return np.asarray(np.maximum(series * linalg.spsolve(system, np.r_[np.zeros(n), weeks])[:n], 0))


def errors(found: Array, x: Array, known: Array) -> tuple[float, float]:
    """Median log error of the days on which any window showed a search, and of means over 28 days."""
    at = known & (found > 0)
    gap = np.log(found[at] / x[at])
    means = [v.reshape(-1, 28).mean(axis=1) / v.mean() for v in (found, x)]
    drift = np.abs(np.log(np.maximum(means[0], 1e-9) / means[1]))
    return float(np.median(np.abs(gap - gap.mean()))), float(np.median(drift))


def recorded(folder: Path) -> None:
    """The real batches: all of them, then two halves that share no answer, then answers printed anew from the fit."""
    print("\n## Recorded answers\n")
    if not folder.exists():
        print(f"skipped: {folder.name} is not here")
        return
    rows = pd.read_parquet(next(folder.glob("*.parquet")))
    rows = rows.rename(columns={"batch": "request", "date": "ds", "keyword": "term", "interest": "value"})
    began, cpu = time.perf_counter(), time.process_time()
    found = calibrate(rows)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    reference = found.loc[found["level"] == 1, "term"].iloc[0]
    able = connectable(rows, reference)
    got = found.set_index("term").loc[able, "level"].notna().sum()
    print(
        f"{rows['request'].nunique()} batches, {rows['term'].nunique()} keywords: {got} of {len(able)} connectable placed"
    )
    print(f"in {cpu:.1f} s CPU, {wall:.1f} s by the clock")
    told = quality(rows)
    print(
        f"residuals exceed rounding in {told.share:.1%} of batches; rounding possible everywhere: {told.rounding_possible}"
    )
    print(f"noise {told.noise}; median width of the 95 % interval {np.log(found['hi'] / found['lo']).median():.4f}")
    odd, even = (rows[rows["request"] % 2 == k] for k in (0, 1))
    ours = [calibrate(half, reference=reference).set_index("term") for half in (odd, even)]
    chains = [peak_chain(half, reference) for half in (odd, even)]
    placed = (
        ours[0].index[ours[0]["level"].notna()].intersection(ours[1].index[ours[1]["level"].notna()]).drop(reference)
    )
    both = chains[0].index.intersection(chains[1].index).intersection(placed)
    for name, pair, among in (
        ("", ours, placed),
        ("where the peak chain places too: ", ours, both),
        ("peak chain: ", chains, both),
    ):
        one, two = (half.loc[among] for half in pair)
        gap = np.log(one["level"] / two["level"]).abs()
        error = np.hypot(np.log(one["hi"] / one["lo"]), np.log(two["hi"] / two["lo"]))
        print(
            f"{name}two halves without a common answer differ by {gap.median():.4f} (median of {len(among)} terms); "
            f"no more than their 95 % intervals say in {(gap <= error / 2).mean():.3f}"
        )


if __name__ == "__main__":
    main()
