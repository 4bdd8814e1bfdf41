"""Direct autoregression by ridge regression: what the past of a series says about its next h values.

Coefficients are learned in two steps: from the normalised windows of all series together, then, for each series, as its
own departure from the common ones. With few series the common step is left out and each series learns alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.frames import alike

#: Series from which on the common step is worth its noise.
POOL = 20
#: Normalised values beyond this many mean absolute changes are cut: a spike should not steer all series.
CLIP = 20.0
#: Windows in all; beyond, each series gives fewer (time and memory stay bounded).
MAX_WINDOWS = 150_000
#: Series that are solved at once at most.
STACK = 64
#: Reweighting rounds that turn least squares into (nearly) least absolute errors, which is what MASE measures.
ROUNDS = 1
#: A window whose error is below this share of the median error gains no further weight.
FLOOR = 0.2


def pooled_ridge(
    series: Sequence[np.ndarray],
    h: int,
    lags: int,
    *,
    noise: int,
    span: int,
    common: float = 1000.0,
    own: float = 1000.0,
    windows: int = 400,
    pool: int = POOL,
) -> np.ndarray:
    """Return (n, h): direct forecasts, one linear rule per horizon.

    A window is centred on its last value and divided by the mean absolute change of its last `noise` steps, so that a
    series of millions and one of units teach each other.

    Parameters
    ----------
    series : filled series (no NaN), each ending at the origin.
    lags : values read. A series that has not at least `lags + h` of them gets no answer.
    span : periods of history that windows are taken from; at most `windows` of them, evenly spread.
    common, own : ridge penalties of the common coefficients and of each series' departure from them.
    pool : series from which on there is a common step.

    Returns
    -------
    (n, h) forecasts, NaN for a series that is too short.

    References
    ----------
    Montero-Manso & Hyndman (2021), Principles and algorithms for forecasting groups of time series, IJF 37 (pooling);
    Schlossmacher (1973), JASA 68 (least absolute deviations by reweighting).
    """
    out = np.full((len(series), h), np.nan)
    able = [i for i, y in enumerate(series) if len(y) >= lags + h]
    if not able:
        return out
    windows = max(30, min(windows, MAX_WINDOWS // len(able)))
    past, ahead = zip(*(_windows(series[i], h, lags, span, windows, noise) for i in able), strict=True)
    rule = _common(past, ahead, common) if len(able) >= pool else np.zeros((lags - 1, h), dtype=np.float32)
    last = np.stack([series[i][-lags:] for i in able])
    centre, spread = _normal(last, noise)
    now = np.clip((last[:, :-1] - centre) / spread, -CLIP, CLIP)
    for at in alike([len(x) for x in past], STACK):
        x, y = (np.stack([side[j] for j in at]) for side in (past, ahead))
        own_rule = (rule + _own(x, y - x @ rule, own)).astype(float)
        rows = np.array(able)[at]
        out[rows] = centre[at] + spread[at] * (now[at, None] @ own_rule)[:, 0]
    return out


def _windows(y: np.ndarray, h: int, lags: int, span: int, windows: int, noise: int) -> tuple[np.ndarray, np.ndarray]:
    """Return normalised past (w, lags - 1) and future (w, h) of evenly spread windows; float32 halves the time."""
    high = len(y) - h
    low = max(lags, high - span)
    ends = np.unique(np.linspace(low, high, min(windows, high - low + 1)).astype(int))
    rows = np.lib.stride_tricks.sliding_window_view(y, lags + h)[ends - lags]
    centre, spread = _normal(rows[:, :lags], noise)
    scaled = np.clip((rows - centre) / spread, -CLIP, CLIP).astype(np.float32)
    return scaled[:, : lags - 1], scaled[:, lags:]


def _normal(past: np.ndarray, noise: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the last value and the recent mean absolute change of each row, as columns; never zero."""
    centre = past[:, -1:]
    spread = np.abs(np.diff(past[:, -noise - 1 :], axis=1)).mean(axis=1, keepdims=True)
    size = np.abs(past).mean(axis=1, keepdims=True)
    return centre, np.maximum(spread, np.maximum(1e-4 * size, 1e-290))


def _common(past: Sequence[np.ndarray], ahead: Sequence[np.ndarray], penalty: float) -> np.ndarray:
    x, y = np.concatenate(past), np.concatenate(ahead)
    rule = _solve(x, y, np.ones(len(x), dtype=np.float32), penalty)
    for _ in range(ROUNDS):
        rule = _solve(x, y, _weights(y - x @ rule), penalty)
    return rule


def _own(x: np.ndarray, rest: np.ndarray, penalty: float) -> np.ndarray:
    """Return (s, lags - 1, h): what each of s series adds to the common rule, from what that left unexplained (`rest`)."""
    rule = np.zeros((len(x), x.shape[2], rest.shape[2]), dtype=np.float32)
    for _ in range(1 + ROUNDS):
        rule = _solve(x, rest, _weights(rest - x @ rule), penalty)
    return rule


def _solve(x: np.ndarray, y: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """Return the coefficients of the ridge regression of y (..., w, h) on x (..., w, p), windows weighted."""
    weighted = np.swapaxes(x * weight[..., None], -1, -2)
    gram = (weighted @ x).astype(float)
    at = np.arange(gram.shape[-1])
    gram[..., at, at] += penalty
    return np.linalg.solve(gram, (weighted @ y).astype(float)).astype(np.float32)


def _weights(error: np.ndarray) -> np.ndarray:
    size = np.abs(error).mean(axis=-1)
    middle = np.maximum(np.median(size, axis=-1, keepdims=True), 1e-6)
    return (middle / np.maximum(size, FLOOR * middle)).astype(np.float32)
