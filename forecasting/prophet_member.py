"""Prophet as shipped, as one member among others: imported when first used, and quiet only while it runs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from forecasting.members import Batch

_CHATTY = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy")


def prophet(batch: Batch) -> np.ndarray:
    """Return (n, h) forecasts of Prophet with its default settings; NaN for a series on which its optimiser fails.

    Missing values are left out, as Prophet's documentation asks. Its interval is not used: on M4 weekly data its nominal
    80 % holds 55 %.

    References
    ----------
    Taylor & Letham (2018), Forecasting at scale, The American Statistician 72.
    """
    out = np.full((len(batch.values), batch.h), np.nan)
    with quiet():
        from prophet import Prophet  # over a second to import: only who asks for it pays

        for i, y in enumerate(batch.values):
            past, ahead = (dates.tz_localize(None) for dates in batch.dates(i))
            known = np.isfinite(y)
            if known.sum() < 2:
                continue
            model = Prophet(uncertainty_samples=0)
            try:
                model.fit(pd.DataFrame({"ds": past[known], "y": y[known]}))
            except (RuntimeError, ValueError):  # Stan gave up on this series
                continue
            out[i] = model.predict(pd.DataFrame({"ds": ahead}))["yhat"].to_numpy(float)
    return out


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
