"""A gate on public data: a part of M4 Weekly, with the competition's measures (needs the evidence folder)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.ensemble import forecast
from forecasting.evaluation import smape


@pytest.fixture(scope="module")
def weekly(shared: Callable[..., Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    train = pd.read_csv(shared("data", "m4_weekly", "Weekly-train.csv.gz"), index_col=0)
    test = pd.read_csv(shared("data", "m4_weekly", "Weekly-test.csv"), index_col=0)
    ids = np.random.default_rng(7).permutation(test.index)[:60]
    return train.loc[ids], test.loc[ids]


def test_sixty_weekly_series_beat_naive_by_fifteen_per_cent_and_are_covered(
    weekly: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    train, test = weekly
    series = {uid: row.dropna().to_numpy(float) for uid, row in train.iterrows()}
    frames = [
        pd.DataFrame({"unique_id": uid, "ds": pd.date_range(end="2017-12-31", periods=len(y), freq="W-SUN"), "y": y})
        for uid, y in series.items()
    ]
    out = forecast(pd.concat(frames), 13, freq="W")
    ids = out["unique_id"].unique()
    actual, last = test.loc[ids].to_numpy(float), np.array([series[u][-1] for u in ids])[:, None]
    point = out["yhat"].to_numpy().reshape(-1, 13)
    unit = np.array([np.abs(np.diff(series[u])).mean() for u in ids])[:, None]
    mase = np.mean(np.abs(actual - point) / unit) / np.mean(np.abs(actual - last) / unit)
    owa = (smape(actual, point).mean() / smape(actual, last * np.ones(13)).mean() + mase) / 2
    assert owa < 0.85
    for level, low, high in ((80, 0.74, 0.89), (95, 0.91, 0.99)):
        lo, hi = (out[f"yhat-{side}-{level}"].to_numpy().reshape(-1, 13) for side in ("lo", "hi"))
        assert low < ((lo <= actual) & (actual <= hi)).mean() < high
