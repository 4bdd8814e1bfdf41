"""Prophet as shipped, as one member among others: fitted in bulk, imported when first used, quiet only while it runs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from forecasting.members import Batch

_CHATTY = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy", "prophet_batch", "prophet_batch.batch")


def prophet(batch: Batch) -> np.ndarray:
    """Return (n, h) forecasts of Prophet with its default settings; NaN for a series on which its optimiser fails.

    All series are fitted in one call of prophet-batch, which finds the optimum of Prophet's own posterior without Stan,
    and at which Stan's optimiser stops a little short. Missing values are left out, as Prophet's documentation asks. Its
    interval is not used: on M4 weekly data its nominal 80 % holds 55 %.

    References
    ----------
    Taylor & Letham (2018), Forecasting at scale, The American Statistician 72.
    """
    out = np.full((len(batch.values), batch.h), np.nan)
    past, ahead = [], {}
    for i, y in enumerate(batch.values):
        known = np.isfinite(y)
        if known.sum() >= 2:
            before, after = (dates.tz_localize(None) for dates in batch.dates(i))
            past.append(pd.DataFrame({"unique_id": i, "ds": before[known], "y": y[known]}))
            ahead[i] = after
    if not past:
        return out
    with quiet():
        import prophet_batch  # over a second to import: only who asks for it pays

        fitted = prophet_batch.fit_many(pd.concat(past), on_error="skip", uncertainty_samples=0)
    for i, model in fitted.items():
        out[i] = _ahead(model, ahead[i])
    return out


def _ahead(model: Any, dates: pd.DatetimeIndex) -> np.ndarray:
    """Return what `predict` of a default model gives as yhat; a third of all time went into the frames around it."""
    t = np.asarray((dates - model.start) / model.t_scale, dtype=float)
    k, m, beta = (model.params[name][0] for name in ("k", "m", "beta"))
    trend = model.piecewise_linear(t, model.params["delta"][0], k, m, model.changepoints_t)
    waves = [
        model.fourier_series(pd.Series(dates), s["period"], s["fourier_order"]) for s in model.seasonalities.values()
    ]
    season = np.concatenate(waves, axis=1) @ beta if waves else 0.0
    return np.asarray((trend + season) * model.y_scale, dtype=float)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the loggers and warnings of Prophet and its Stan driver inside the block, and give them back after it."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, state in zip(loggers, before, strict=True):
            logger.disabled = state
