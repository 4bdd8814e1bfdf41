"""The explanation takes a planted series apart into what was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import TooLittleData
from forecasting.explanation import explain


def test_planted_trend_bend_weekday_and_event_are_found(capfd: pytest.CaptureFixture[str]) -> None:
    t = np.arange(500)
    ds = pd.date_range("2022-01-03", periods=500)  # a Monday
    trend = np.where(t < 250, 100.0, 100 * np.exp(0.004 * (t - 250)))
    y = trend * np.where(t % 7 == 6, 2.0, 1.0) * np.exp(np.random.default_rng(0).normal(0, 0.02, 500))
    sales = ds[[40, 140, 240, 340]]
    y[[40, 140, 240, 340]] *= 3
    df = pd.DataFrame({"unique_id": "a", "ds": ds, "y": y})
    found = explain(df, freq="D", events=pd.DataFrame({"event": "sale", "ds": sales}))
    assert capfd.readouterr() == ("", "")
    assert found.factors
    assert found.n == 500
    assert found.share_explained > 0.9
    weekly = found.seasons[found.seasons["season"] == "weekly"]["effect"].to_numpy()
    assert len(weekly) == 7
    assert weekly[6] / weekly[:6].mean() == pytest.approx(2.0, rel=0.1)
    assert found.holidays.loc[0, "event"] == "sale"
    assert found.holidays.loc[0, "effect"] == pytest.approx(3.0, rel=0.15)
    assert abs((found.changepoints["ds"].iloc[0] - ds[250]).days) <= 30
    assert found.path["trend"].iloc[-1] / found.path["trend"].iloc[0] == pytest.approx(np.exp(0.996), rel=0.15)


def test_a_series_below_zero_is_explained_in_its_unit_and_gaps_stay_missing() -> None:
    y = np.random.default_rng(0).normal(0, 1, 60)
    y[20] = np.nan
    df = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2023-01-02", periods=60, freq="W-MON"), "y": y})
    found = explain(df, freq="W")
    assert not found.factors
    assert np.isnan(found.path["actual"].iloc[20])
    assert np.isfinite(found.path["fitted"]).all()
    assert "no_year" in {note.code for note in found.notes}


def test_a_constant_series_has_no_bend() -> None:
    df = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2023-01-02", periods=60, freq="W-MON"), "y": 5.0})
    found = explain(df, freq="W")
    assert found.changepoints.empty
    np.testing.assert_allclose(found.path["trend"], 5.0, rtol=1e-3)


def test_too_little_and_too_much_are_refused() -> None:
    ds = pd.date_range("2023-01-02", periods=12, freq="W-MON")
    one = pd.DataFrame({"unique_id": "a", "ds": ds, "y": np.arange(12.0)})
    with pytest.raises(TooLittleData, match="at least 20"):
        explain(one, freq="W")
    with pytest.raises(TooLittleData, match="one is explained at a time"):
        explain(pd.concat([one, one.assign(unique_id="b")]), freq="W")
