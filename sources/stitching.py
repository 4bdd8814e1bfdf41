"""One long series out of overlapping windows, each printed on a scale of its own, and of coarser answers over all of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.sparse import csgraph

from sources.errors import BadQuery
from sources.scales.answers import Answers, Array, Flags, read_answers
from sources.scales.fit import pairs_of
from sources.scales.series import Joined, Series, join


def stitch(windows: pd.DataFrame, *, anchors: pd.DataFrame | None = None, level: float = 0.95) -> pd.DataFrame:
    """Join overlapping windows of one term to one long series.

    One value z a period and one factor c a window: printed = c z + noise, rounding and sampling, the law of sampling
    estimated by moments from periods answered several times. An anchor is a coarser answer over many windows (weeks beside
    days): printed = c mean(z of its periods) + noise. All z and c are fitted together, so that the scale of a window rests on
    all periods it shares with others and not on one of them, and no day is bent to a week that itself was drawn from a
    sample. A printed 0 is what the noise lets it be: no search drawn, or less than half a step.

    Parameters
    ----------
    windows : one row per value: `window`, `ds`, `value` (0..100 of that window). Optional: `sample` (number of a repeated
        answer), `has_data`, `lo`, `hi` as for `calibrate`. Every window must share periods above zero with another, or lie
        under an anchor.
    anchors : coarser answers of the same term: `ds` (start of the week, month, ...), `value`, and `window` where there are
        several; optional columns as above. Only the periods that the windows cover without a gap are used.
    level : coverage of `lo`, `hi`, 0..1.

    Returns
    -------
    One row per period of the windows, sorted: `ds`, `value` (largest = 100; NaN where no window has data), `lo`, `hi`. The
    interval is that of the value relative to the mean of the whole series: the index of one term has no other scale. If no
    period was drawn twice, or all windows came out of one draw, sampling cannot be seen and the interval holds rounding only.

    Raises
    ------
    BadQuery : a column is missing, a value is no interest, everything is zero, or nothing joins the windows.

    References
    ----------
    Golub & Pereyra (1973), variable projection; Wilson (1927) for score intervals. Denton (1971) and Chow & Lin (1971), who
    bend a series to coarser ones instead, taking these as exact.
    """
    if not 0 < level < 1:
        raise BadQuery(f"the coverage {level!r} is not between 0 and 1", "stitch", "give 0.95 for 95 %")
    answers = _read(windows, "windows")
    coarse = None if anchors is None or anchors.empty else _read(anchors.assign(**_one_window(anchors)), "anchors")
    series = _laid_out(answers, coarse)
    joined = join(series, _start(series, list(answers.asked.get_level_values(0))))
    lo, hi = _interval(joined, float(stats.norm.ppf((1 + level) / 2)))
    every = pd.Index(np.sort(pd.unique(windows["ds"])), name="ds")
    found = pd.DataFrame({"value": joined.z, "lo": lo, "hi": hi}, index=answers.cells.get_level_values(1))
    return (found * (100 / joined.z.max())).reindex(every).reset_index()


def _one_window(anchors: pd.DataFrame) -> dict[str, object]:
    return {} if "window" in anchors else {"window": "anchor"}


def _read(windows: pd.DataFrame, what: str) -> Answers:
    """Read the windows as answers on one term."""
    absent = [c for c in ("window", "ds", "value") if c not in windows]
    if absent:
        raise BadQuery(f"the column(s) {', '.join(absent)} of the {what} are missing", "stitch")
    answers = read_answers(windows.rename(columns={"window": "request"}).assign(term=""), "stitch")
    if not (answers.printed > 0).any():
        raise BadQuery(
            f"the {what} hold nothing above zero", "stitch", "ask again with a larger term, place or time range"
        )
    return answers


def _laid_out(answers: Answers, coarse: Answers | None) -> Series:
    """Lay the values out as windows x periods; repeats of one answer and windows without values are left out."""
    kept, row = np.unique(answers.request, return_inverse=True)
    shape = (len(kept), len(answers.cells))
    value, unit, floor = np.full(shape, np.nan), np.ones(shape), np.zeros(shape, dtype=bool)
    at = (row, answers.cell)
    value[at], unit[at] = np.where(answers.floor, answers.printed, answers.value), answers.unit
    floor[at] = answers.floor
    rounding = pairs_of(answers).alike
    if coarse is None:
        none = np.zeros(0)
        return Series(value, unit, floor, rounding, none, none, none.astype(np.int64), sparse.csr_array((0, shape[1])))
    means, whole = _means(answers, coarse)
    used = whole[coarse.cell]
    anchor = np.unique(coarse.request[used], return_inverse=True)[1]
    return Series(value, unit, floor, rounding, coarse.value[used], coarse.unit[used], anchor, means[coarse.cell[used]])


def _means(answers: Answers, coarse: Answers) -> tuple[sparse.csr_array, Flags]:
    """Return the mean over the fine periods of each coarse one, and whether the windows cover all of it."""
    fine, starts = (a.cells.get_level_values(1) for a in (answers, coarse))
    if len(starts) < 2 or len(fine) < 2:
        raise BadQuery("anchors need at least two periods", "stitch", "ask for a longer time range")
    ends = starts[1:].append(pd.Index([starts[-1] + pd.Series(np.diff(starts)).median()]))
    first, last = fine.searchsorted(starts), fine.searchsorted(ends)
    grain = pd.Series(np.diff(fine)).mode().iloc[0]
    expected = np.round(np.asarray((ends - starts) / grain, float))
    n = last - first
    whole = (n == expected) & (n > 1)
    rows = np.repeat(np.arange(len(starts)), n)
    columns = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    return sparse.csr_array((1 / n[rows], (rows, columns)), shape=(len(starts), len(fine))), whole


def _start(series: Series, names: list[object]) -> Array:
    """Log factors by least squares on sums over what two answers share; refuse where nothing joins them."""
    n, size = series.n_windows, series.periods
    k = n + int(series.anchor.max(initial=-1)) + 1
    seen, value = np.isfinite(series.value), np.nan_to_num(series.value)
    # Row i, column j: sum of answer i over what answer j has too.
    sums = np.zeros((k, k))
    sums[:n, :n] = value @ seen.T
    covered = (series.means @ seen.T.astype(float)).T > 1 - 1e-9
    average = np.where(covered, (series.means @ value.T).T, 0.0)
    for j in range(n, k):
        own = series.anchor == j - n
        sums[:n, j] = average[:, own] @ size[own]
        sums[j, :n] = covered[:, own] @ (size * series.coarse)[own]
    a, b = np.nonzero(np.triu((sums > 0) & (sums.T > 0), 1))
    _, part = csgraph.connected_components(sparse.coo_array((np.ones(len(a)), (a, b)), shape=(k, k)), directed=False)
    if len(np.unique(part[:n])) > 1:
        apart = names[int(np.flatnonzero(part[:n] != part[0])[0])]
        raise BadQuery(
            f"nothing joins window {apart!r} to window {names[0]!r}: they share no period above zero",
            "stitch",
            "ask for windows that overlap, or give a coarser answer over both as anchor",
        )
    weight = 1 / (1 / sums[a, b] + 1 / sums[b, a])
    design = np.zeros((len(a), k))
    design[np.arange(len(a)), a], design[np.arange(len(a)), b] = 1, -1
    gap = np.log(sums[a, b] / sums[b, a])
    normal = design.T @ (design * weight[:, None])
    return np.asarray(np.linalg.pinv(normal, hermitian=True) @ (design.T @ (weight * gap)))


def _interval(joined: Joined, q: float) -> tuple[Array, Array]:
    """Score interval: the true values at which the one found lies no more than q standard errors away."""
    z, noise = joined.z, joined.noise
    # error(t) = fixed + counting t + relative t^2, in the proportions that the windows give at the value found.
    counting, relative = noise.counting / joined.draws, noise.relative / joined.draws
    parts = counting * z + relative * z**2
    fixed = np.maximum(joined.own - parts, 0.0)
    gain = joined.error / np.maximum(fixed + parts, 1e-300)
    fixed, counting, relative = fixed * gain, counting * gain, np.minimum(relative * gain, 0.5 / q**2)
    a = 1 - q**2 * relative
    b = z + q**2 * counting / 2
    root = np.sqrt(np.maximum(b**2 - a * (z**2 - q**2 * fixed), 0.0))
    return np.maximum((b - root) / a, 0.0), (b + root) / a
