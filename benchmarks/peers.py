"""The methods that the forecasts are scored beside: stock Prophet, prophet-batch, statsmodels, statsforecast, naive ones."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from forecasting import members, prophet_bulk
from forecasting.frames import Panel, grain_of
from forecasting.members import Batch
from forecasting.prophet_member import quiet

LEVELS = (80, 95)
Series = dict[str, np.ndarray]


def frame(train: Series, freq: str, last: str) -> pd.DataFrame:
    grain = grain_of(freq)
    parts = [
        pd.DataFrame({"unique_id": u, "ds": grain.past(pd.Timestamp(last), len(y)), "y": y}) for u, y in train.items()
    ]
    return pd.concat(parts, ignore_index=True)


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


def prophet(train: Series, h: int, freq: str, *, intervals: bool = True) -> dict[str, pd.DataFrame]:
    """Return stock Prophet, fitted and predicted (future rows only) with its own 80 and 95 % intervals, if wanted."""
    with quiet():
        from prophet import Prophet

        out, grain = {}, grain_of(freq)
        for u, y in train.items():
            dates = grain.past(pd.Timestamp("2017-12-31"), len(y))
            model = Prophet(interval_width=0.8, uncertainty_samples=1000 if intervals else 0)
            model.fit(pd.DataFrame({"ds": dates, "y": y}))
            future = pd.DataFrame({"ds": grain.future(dates[-1], h)})
            made = model.predict(future)
            out[u] = pd.DataFrame({"yhat": made["yhat"]})
            if intervals:
                draws = model.predictive_samples(future)["yhat"]
                ends = np.quantile(draws, [0.025, 0.975], axis=1)
                out[u] = out[u].assign(yhat_lo_80=made["yhat_lower"], yhat_hi_80=made["yhat_upper"])
                out[u] = out[u].assign(yhat_lo_95=ends[0], yhat_hi_95=ends[1])
            if model.stan_fit is not None:
                out[u].attrs["log posterior"] = model.stan_fit.optimized_params_dict["lp__"]
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


def in_bulk(train: Series, h: int, freq: str) -> dict[str, pd.DataFrame]:
    """Return Prophet's point forecasts by the path that the ensemble's member takes."""
    grain = grain_of(freq)
    past = [grain.past(pd.Timestamp("2017-12-31"), len(y)) for y in train.values()]
    with quiet():
        made = prophet_bulk.fit(past, list(train.values()), [grain.future(dates[-1], h) for dates in past])
    out = {}
    for u, found in zip(train, made, strict=True):
        out[u] = pd.DataFrame({"yhat": found.ahead})
        out[u].attrs["log posterior"] = found.log_posterior
    return out


def prophet_batched(train: Series, h: int, freq: str) -> dict[str, pd.DataFrame]:
    """Return Prophet's point forecasts by prophet-batch."""
    with quiet():
        import prophet_batch

        long = frame(train, freq, "2017-12-31")
        made = prophet_batch.forecast_many(
            long, h, freq=freq, include_history=False, columns="yhat", uncertainty_samples=0
        )
    return {str(u): g.reset_index(drop=True) for u, g in made.groupby("unique_id", sort=False)}
