"""A local level with season and controls, learned before an event and carried on through it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.errors import Note
from forecasting.frames import Grain

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

#: Observed periods that each regression coefficient asks for.
PER_COEFFICIENT = 10
#: Seasons that must be seen before one is believed, and its pairs of harmonics at most.
SEEN = 2.0
PAIRS = 3
YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "quarter": 4.0}
WEEK = {"day": 7.0, "hour": 24.0}


@dataclass(frozen=True)
class Counterfactual:
    """What is expected of a series, from any date before the event.

    Parameters
    ----------
    z : (T,) the series on the working scale, NaN = missing; `centre`, `unit` bring it to a common size.
    params : parameters of the state-space model, learned before the event.
    exog : (T, k) regressors of all periods.
    controls : names of the series among them.
    fit : `error`, `explained` before the event.
    """

    z: np.ndarray
    exog: np.ndarray
    params: np.ndarray
    centre: float
    unit: float
    controls: tuple[str, ...]
    fit: dict[str, float]
    notes: tuple[Note, ...]

    @cached_property
    def _passed(self) -> tuple[np.ndarray, np.ndarray]:
        """State (k, T + 1) and its covariance expected for each period from those before it: one pass serves every date."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _model((self.z - self.centre) / self.unit, self.exog)
            found = model.filter(self.params).filter_results
        return np.asarray(found.predicted_state), np.asarray(found.predicted_state_cov)

    def ahead(self, at: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return mean (length,) and covariance (length, length) of the periods from `at` on, given those before it."""
        states, covariances = self._passed
        state, known = states[:, at], covariances[:, :, at]
        noise, step = self.params[0], self.params[1]
        view = np.column_stack([np.ones(length), self.exog[at : at + length]])
        order = np.arange(length)
        spread = view @ known @ view.T + step * np.minimum(order[:, None], order) + noise * np.eye(length)
        return self.centre + self.unit * (view @ state), self.unit**2 * spread


def learn(z: np.ndarray, others: pd.DataFrame, start: int, grain: Grain) -> Counterfactual:
    """Learn the counterfactual of `z` (working scale, NaN = missing) from the periods before `start`."""
    before = z[:start]
    known = np.isfinite(before)
    centre, unit = float(before[known].mean()), float(before[known].std()) or 1.0
    own = (before - centre) / unit
    room = max(0, int(known.sum()) // PER_COEFFICIENT)
    season = _season(own, len(z), grain, room)
    names, notes = _related(own, others, start, room - season.shape[1])
    columns = [season]
    if names:
        taken = others[list(names)].to_numpy(float)
        columns.append((taken - taken[:start].mean(axis=0)) / taken[:start].std(axis=0))
    exog = np.column_stack(columns) if columns else np.zeros((len(z), 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimiser's remarks; what counts is how it does at the placebos
        result = _model(own, exog[:start]).fit(disp=0, maxiter=200)
    params = np.where(np.isfinite(result.params), np.maximum(result.params, 0.0), 0.1)
    step = np.asarray(result.filter_results.forecasts_error[0])
    burn = exog.shape[1] + 2
    error, change = step[burn:], np.diff(own)[burn - 1 :]
    both = np.isfinite(error) & np.isfinite(change)
    spread = float(np.var(change[both])) if both.any() else 0.0
    fit = {
        "error": float(np.nanmean(np.abs(error))) * unit if np.isfinite(error).any() else np.nan,
        "explained": 1 - float(np.mean(error[both] ** 2)) / spread if spread > 0 else np.nan,
    }
    return Counterfactual(z, exog, params, centre, unit, tuple(names), fit, tuple(notes))


def _model(endog: np.ndarray, exog: np.ndarray) -> UnobservedComponents:
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # the better part of a second to import

    return UnobservedComponents(
        endog, "local level", exog=exog if exog.shape[1] else None, mle_regression=False, use_exact_diffuse=False
    )


def _season(own: np.ndarray, periods: int, grain: Grain, room: int) -> np.ndarray:
    """Return (periods, k) harmonics that lower the BIC of the changes: of the week or day, and of the year."""
    out = np.zeros((periods, 0))
    seen = len(own)
    for cycle in (WEEK.get(grain.name), YEAR.get(grain.name)):
        if cycle is None or seen < SEEN * cycle or cycle < 3:
            continue
        options = [out]
        for pairs in range(1, min(PAIRS, int((cycle - 1) // 2)) + 1):
            if out.shape[1] + 2 * pairs <= room:
                angle = 2 * np.pi * np.arange(periods)[:, None] * np.arange(1, pairs + 1) / cycle
                options.append(np.column_stack([out, np.cos(angle), np.sin(angle)]))
        out = min(options, key=lambda w: _bic(own, w[:seen]))
    return out


def _bic(own: np.ndarray, columns: np.ndarray) -> float:
    change = np.diff(own)
    w = np.column_stack([np.ones(len(change)), np.diff(columns, axis=0)])
    known = np.isfinite(change)
    rest = change[known] - w[known] @ np.linalg.lstsq(w[known], change[known], rcond=None)[0]
    n = int(known.sum())
    return n * float(np.log(max(rest @ rest / n, 1e-12))) + w.shape[1] * float(np.log(n))


def _related(own: np.ndarray, others: pd.DataFrame, start: int, room: int) -> tuple[list[str], list[Note]]:
    """Return the controls whose changes go with those of the series, the closest first, as many as there is room for."""
    change, notes, rated = np.diff(own), [], []
    for name in others.columns:
        beside = np.diff(others[name].to_numpy(float)[:start])
        known = np.isfinite(change)
        if not beside[known].std() > 0 or not change[known].std() > 0:
            notes.append(Note("control_left_out", str(name), "it never changes before the event"))
            continue
        r = float(np.corrcoef(beside[known], change[known])[0, 1])
        if abs(r) > 2 / np.sqrt(known.sum()):
            rated.append((abs(r), str(name)))
        else:
            notes.append(Note("control_left_out", str(name), f"its changes say nothing of those of y (r = {r:.2f})"))
    rated.sort(key=lambda pair: (-pair[0], pair[1]))
    for _, name in rated[max(room, 0) :]:
        notes.append(Note("control_left_out", name, "the history is too short for so many controls"))
    return [name for _, name in rated[: max(room, 0)]], notes
