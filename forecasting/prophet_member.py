"""Prophet as shipped, as one member among others: fitted in bulk, imported when first used, quiet only while it runs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting import prophet_bulk

if TYPE_CHECKING:
    from forecasting.members import Batch

_CHATTY = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy", "prophet_batch", "prophet_batch.batch")


def prophet(batch: Batch) -> np.ndarray:
    """Return (n, h) forecasts of Prophet with its default settings; NaN for a series on which its optimiser fails.

    All series are fitted in one call (`prophet_bulk`), at the optimum of Prophet's own posterior, at which Stan's optimiser
    stops a little short; only a series that the model can fit perfectly goes to Stan. Missing values are left out, as
    Prophet's documentation asks. Its interval is not used: on M4 weekly data its nominal 80 % holds 55 %.

    References
    ----------
    Taylor & Letham (2018), Forecasting at scale, The American Statistician 72.
    """
    out = np.full((len(batch.values), batch.h), np.nan)
    asked, past, known, ahead = [], [], [], []
    for i, y in enumerate(batch.values):
        seen = np.isfinite(y)
        if seen.sum() >= 2:
            before, after = (dates.tz_localize(None) for dates in batch.dates(i))
            asked.append(i)
            past.append(before[seen])
            known.append(y[seen])
            ahead.append(after)
    if not asked:
        return out
    with quiet():
        fitted = prophet_bulk.fit(past, known, ahead)
    for i, made, *series in zip(asked, fitted, past, known, ahead, strict=True):
        out[i] = made.ahead if np.isfinite(made.ahead).all() else _stock(*series)
    return out


def _stock(past: pd.DatetimeIndex, y: np.ndarray, ahead: pd.DatetimeIndex) -> np.ndarray:
    with quiet():
        from prophet import Prophet

        model = Prophet(uncertainty_samples=0)
        try:
            model.fit(pd.DataFrame({"ds": past, "y": y}))
        except RuntimeError:  # what its driver raises when Stan gives up
            return np.full(len(ahead), np.nan)
        return model.predict(pd.DataFrame({"ds": ahead}))["yhat"].to_numpy(float)


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
