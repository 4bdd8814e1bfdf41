"""The gap against planted truth: worlds whose silent topics are known, beside what dashboards do today.

    python benchmarks/gap_worlds.py [--seeds 40] [--worlds PATH]

A world (`gap_world.py` of the evidence folder) plants the gap of 24 topics, shows an estimator what Google Trends and a
listening tool would show, and keeps the truth. Printed: rank correlation with the truth, how many of the five most silent
topics are found, mean absolute error in doublings, coverage of the 90 % interval, topics called silent that are not.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

# This folder has a forecasting.py of its own, which must not stand before the package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from forecasting import gap

World = Callable[[int], tuple[pd.DataFrame, pd.DataFrame, pd.Series]]
WINDOW = 52


def last_weeks(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.pivot(index="topic", columns="period", values=column).iloc[:, -WINDOW:]


def difference_of_indices(search: pd.DataFrame, social: pd.DataFrame) -> pd.Series:
    """What dashboards show: both sides as 0-100 of their own peak, one minus the other."""
    s, p = last_weeks(search, "value"), last_weeks(social, "posts")
    own = [x.div(x.max(axis=1).replace(0, np.nan), axis=0).mean(axis=1).fillna(0) * 100 for x in (s, p)]
    return own[0] - own[1]


def share_of_posts(search: pd.DataFrame, social: pd.DataFrame) -> pd.Series:
    """Log ratio of share of search and share of posts: no people, no floor, no interval."""
    s, p = last_weeks(search, "value").sum(axis=1), last_weeks(social, "posts").sum(axis=1)
    return np.log2((s + 0.5) / s.sum()) - np.log2((p + 0.5) / p.sum())


def score(estimate: pd.Series, truth: pd.Series) -> dict[str, float]:
    estimate = estimate.reindex(truth.index)
    silent = set(truth.nlargest(5).index)
    return {
        "rank correlation": spearmanr(estimate, truth)[0],
        "5 most silent": len(silent & set(estimate.nlargest(5).index)) / 5,
        "mean abs error": float((estimate - truth).abs().mean()),
    }


def run(world: World, seeds: range) -> pd.DataFrame:
    rows = []
    for seed in seeds:
        search, social, truth = world(seed)
        found = gap(search, social, window=WINDOW, level=0.9, seed=seed).set_index("topic").reindex(truth.index)
        called = found["verdict"] == "silent"
        rows.append(
            {
                "method": "gap (undersaid)",
                **score(found["gap"], truth),
                "90 % covers": ((found["lo"] <= truth) & (truth <= found["hi"])).mean(),
                "false silent": float((called & (truth <= 0)).sum()),
                "silent found": float((called & (truth > 0.5)).sum()),
                "silent planted": float((truth > 0.5).sum()),
            }
        )
        rows.append({"method": "share of posts", **score(share_of_posts(search, social), truth)})
        rows.append({"method": "difference of indices", **score(difference_of_indices(search, social), truth)})
    return pd.DataFrame(rows).groupby("method", sort=False).mean()


def load_world(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("gap_world", path)
    if spec is None or spec.loader is None or not path.exists():
        sys.exit(f"{path} is not here; point UNDERSAID_SHARED at the evidence folder or pass --worlds")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(os.environ.get("UNDERSAID_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    parser.add_argument("--seeds", type=int, default=40, help="worlds to score, seeds 0..n-1")
    parser.add_argument("--worlds", type=Path, default=shared / "bench" / "gap_world.py")
    arguments = parser.parse_args()
    start = time.process_time()
    table = run(load_world(arguments.worlds).world, range(arguments.seeds))
    print(table.round(3).to_string(na_rep="-"))
    each = (time.process_time() - start) / arguments.seeds
    print(f"{arguments.seeds} worlds, {each:.2f} CPU seconds a world, all methods")


if __name__ == "__main__":
    main()
