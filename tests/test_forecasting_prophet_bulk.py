"""Prophet in bulk: the optimum of the posterior that prophet-batch and Stan look for, on every grain and in every corner."""

import numpy as np
import pandas as pd
import prophet_batch
import pytest
from prophet import Prophet

from forecasting import prophet_bulk
from forecasting.frames import grain_of
from forecasting.members import Batch
from forecasting.prophet_member import prophet, quiet


def wavy(n: int, cycle: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return (
        100
        + 0.1 * t
        + 20 * np.sin(2 * np.pi * t / cycle)
        - np.where(t > n // 2, 0.2 * (t - n // 2), 0)
        + rng.normal(0, 2, n)
    )


GAPS = np.r_[0:30, 37:90, 95:140]
CASES = {
    "three years of weeks": (pd.date_range("2019-01-06", periods=160, freq="W"), wavy(160, 52, 1)),
    "days with gaps": (pd.date_range("2020-02-01", periods=140)[GAPS], wavy(140, 7, 2)[GAPS]),
    "hours": (pd.date_range("2020-02-01", periods=200, freq="h"), wavy(200, 24, 3)),
    "months": (pd.date_range("2015-01-01", periods=70, freq="MS"), wavy(70, 12, 4)),
    "eight points": (pd.date_range("2020-01-05", periods=8, freq="W"), wavy(8, 4, 5)),
    "negative": (pd.date_range("2019-01-06", periods=60, freq="W"), wavy(60, 9, 6) - 120),
}


def test_every_grain_gets_the_optimum_that_prophet_batch_finds() -> None:
    past, values = [c[0] for c in CASES.values()], [c[1] for c in CASES.values()]
    ahead = [pd.DatetimeIndex(p[-1] + (p[1] - p[0]) * np.arange(1, 6)) for p in past]
    long = pd.concat(
        pd.DataFrame({"unique_id": n, "ds": p, "y": y}) for n, p, y in zip(CASES, past, values, strict=True)
    )
    made = prophet_bulk.fit(past, values, ahead)
    with quiet():
        models = prophet_batch.fit_many(long, uncertainty_samples=0)
        for name, own, y, after in zip(CASES, made, values, ahead, strict=True):
            told = models[name].predict(pd.DataFrame({"ds": after}))["yhat"]
            np.testing.assert_allclose(own.ahead, told, atol=1e-5 * np.ptp(y), err_msg=name)


def test_the_optimum_lies_no_lower_than_where_stan_stops() -> None:
    dates, y = CASES["three years of weeks"]
    own = prophet_bulk.fit([dates], [y], [dates[:1]])[0]
    with quiet():
        stock = Prophet(uncertainty_samples=0).fit(pd.DataFrame({"ds": dates, "y": y}))
    reached = stock.stan_fit.optimized_params_dict["lp__"]
    assert reached <= own.log_posterior
    assert reached == pytest.approx(own.log_posterior, abs=1.0)


def test_series_are_answered_alike_alone_and_together() -> None:
    dates, y = CASES["three years of weeks"]
    ahead = pd.date_range(dates[-1], periods=5, freq="W")[1:]
    many = prophet_bulk.fit([dates, dates, dates[5:]], [y, 3 * y, y[5:]], [ahead] * 3)
    for found, own, when, factor in zip(many, (y, y, y[5:]), (dates, dates, dates[5:]), (1, 3, 1), strict=True):
        np.testing.assert_allclose(found.ahead, factor * prophet_bulk.fit([when], [own], [ahead])[0].ahead, rtol=1e-8)


def test_a_constant_stays_and_a_perfect_fit_is_left_to_stan() -> None:
    dates, line = pd.date_range("2020-01-05", periods=12, freq="W"), np.arange(12.0)
    flat, zero, perfect = prophet_bulk.fit([dates] * 3, [np.full(12, 7.0), np.zeros(12), line], [dates[:3]] * 3)
    assert (flat.ahead == 7).all()
    assert (zero.ahead == 0).all()
    assert np.isnan(perfect.ahead).all()
    batch = Batch((line,), (dates[-1],), grain_of("W-SUN"), 3)
    np.testing.assert_allclose(prophet(batch)[0], [12, 13, 14], atol=0.01)
