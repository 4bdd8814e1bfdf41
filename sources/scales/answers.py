"""Printed answers as arrays: what each printed value allows, which cell it measures, which answer it stands in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from sources.errors import BadQuery

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

COLUMNS = ("request", "term", "ds", "value")
#: The largest value of an answer is exact because all others were divided by it; a hair of width (in steps) keeps weights
#: finite.
EXACT = 0.01
#: Decimals beyond these are taken for noise of binary fractions.
DECIMALS = 6


@dataclass(frozen=True)
class Answers:
    """Printed values as parallel arrays, one entry a value that was answered.

    `value` is the middle of what rounding allows (`lo`..`hi`, in units of the answer), `printed` the value as it was
    answered (a 0 is 0 there), `floor` marks values of which only
    an upper bound is known (a printed 0 or "<1"). `term`, `cell` (a term in a period) and `request` are positions in
    `terms`, `cells` and `asked`. `draw` numbers, by request, the sample of searches that the service drew; `copy_of` names,
    by request, the answer it repeats to the digit (itself if none).
    """

    value: Array
    printed: Array
    lo: Array
    hi: Array
    floor: Flags
    term: Ints
    cell: Ints
    request: Ints
    terms: pd.Index
    asked: pd.MultiIndex
    cells: pd.MultiIndex
    draw: Ints
    copy_of: Ints

    @property
    def unit(self) -> Array:
        """Width of what rounding allows, in units of the answer."""
        return self.hi - self.lo

    def where(self, keep: Flags) -> Answers:
        """Return the values marked by `keep`, with the same terms, cells and requests."""
        arrays = {
            f: getattr(self, f)[keep] for f in ("value", "printed", "lo", "hi", "floor", "term", "cell", "request")
        }
        return replace(self, **arrays)


def read_answers(requests: pd.DataFrame, caller: str = "calibrate") -> Answers:
    """Check the table of `sources.calibration.calibrate` and return it as arrays.

    Where the table has no `lo`, `hi`: a value v was v - 0.5 .. v + 0.5, a 0 was 0 .. 0.5 (with decimals in the answer: half
    a step of the last decimal). A value of 100 that is the
    largest of its answer is what everything was divided by: exact if alone, else at most 100. Rows without value, or with
    `has_data` False, are missing. Samples (`sample`) are answers of their own, because each was divided by its own peak.
    Rows that agree in request, sample, term and period are averaged. An answer that repeats another to the digit came out
    of the service's cache and counts once.

    Raises
    ------
    BadQuery : a column is missing, or a value is negative or not a number; the message names the row.
    """
    absent = [c for c in COLUMNS if c not in requests]
    if absent:
        raise BadQuery(f"the column(s) {', '.join(absent)} are missing", caller)
    rows = requests[requests["value"].notna()]
    if "has_data" in rows:
        rows = rows[rows["has_data"].isna() | rows["has_data"].eq(True)]
    value = pd.to_numeric(rows["value"], errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(value) & (value >= 0))
    if wrong.any():
        row = rows[wrong].iloc[0]
        raise BadQuery(
            f"the value {row['value']!r} of {row['term']!r} in request {row['request']!r} is no interest",
            caller,
            "give numbers of 0 or more, and leave empty what was not measured",
        )
    key = [c for c in ("request", "sample") if c in rows]
    frame = rows[[*key, "term", "ds"]].assign(n=1.0, printed=value)
    frame["lo"], frame["hi"] = _rounding(rows, value, key)
    # Sorted, so that the order of the rows changes nothing, not even the last digit.
    frame = frame.groupby([*key, "term", "ds"], sort=True, observed=True, dropna=False).sum().reset_index()
    lo, hi = (frame["lo"] / frame["n"]).to_numpy(float), (frame["hi"] / frame["n"]).to_numpy(float)
    asked = pd.MultiIndex.from_frame(requests[key].drop_duplicates())
    terms = pd.Index(pd.unique(requests["term"]), name="term")
    cell, cells = pd.MultiIndex.from_frame(frame[["term", "ds"]]).factorize(sort=True)
    answers = Answers(
        value=(lo + hi) / 2,
        printed=(frame["printed"] / frame["n"]).to_numpy(float),
        lo=lo,
        hi=hi,
        floor=lo <= 0,
        term=terms.get_indexer(frame["term"]).astype(np.int64),
        cell=cell.astype(np.int64),
        request=asked.get_indexer(pd.MultiIndex.from_frame(frame[key])).astype(np.int64),
        terms=terms,
        asked=asked,
        cells=cells,
        draw=_draws(requests, key, asked),
        copy_of=np.arange(len(asked)),
    )
    return _without_copies(answers)


def components(answers: Answers) -> Ints:
    """Number of the component of every request, -1 without a value: two requests are joined by a cell both answered."""
    n = len(answers.asked)
    graph = sparse.coo_array(
        (np.ones(len(answers.cell)), (answers.request, n + answers.cell)), shape=(n + len(answers.cells),) * 2
    )
    _, label = csgraph.connected_components(graph, directed=False)
    out = label[:n].astype(np.int64)
    out[~np.isin(np.arange(n), answers.request)] = -1
    return out


def _rounding(rows: pd.DataFrame, value: Array, key: list[str]) -> tuple[Array, Array]:
    """Return the lowest and the highest value that rounding allows."""
    groups = [rows[k] for k in key]
    step = 10.0 ** -pd.Series(_decimals(value), rows.index).groupby(groups).transform("max").to_numpy(float)
    lo, hi = np.where(value >= step / 2, value - step / 2, 0.0), value + step / 2
    lo = np.where((value == 0.5) & (step == 1), 0.0, lo)
    if "lo" in rows and "hi" in rows:
        given = rows["lo"].notna().to_numpy() & rows["hi"].notna().to_numpy()
        lo = np.where(given, np.minimum(rows["lo"].to_numpy(float), value), lo)
        hi = np.where(given, np.maximum(rows["hi"].to_numpy(float), value), hi)
    peak = (value == 100) & (pd.Series(value, rows.index).groupby(groups).transform("max").to_numpy() == 100)
    alone = peak & (pd.Series(peak, rows.index).groupby(groups).transform("sum").to_numpy() == 1)
    lo, hi = np.where(alone, 100 - EXACT * step, lo), np.where(peak, 100.0, hi)
    return lo, np.maximum(hi, lo + EXACT * step)


def _decimals(value: Array) -> Ints:
    """Decimals a value was printed with; 0.5, the middle of "<1", counts as a whole number."""
    out = np.full(len(value), DECIMALS, dtype=np.int64)
    for d in range(DECIMALS - 1, -1, -1):
        out[np.abs(value - np.round(value, d)) < 1e-9 * np.maximum(value, 1)] = d
    out[value == 0.5] = 0
    return out


def _draws(requests: pd.DataFrame, key: list[str], asked: pd.MultiIndex) -> Ints:
    """Number of the sample behind every request: what `drawn` says, else each answer has one of its own."""
    if "drawn" not in requests:
        return np.arange(len(asked))
    said = requests.drop_duplicates(key)["drawn"]
    number, _ = pd.factorize(said)
    return np.where(number >= 0, number, len(asked) + np.arange(len(asked))).astype(np.int64)


def _without_copies(answers: Answers) -> Answers:
    """Drop answers that repeat another one to the digit."""
    order = np.lexsort((answers.cell, answers.request))
    starts = np.flatnonzero(np.diff(answers.request[order], prepend=-1))
    copy_of = answers.copy_of.copy()
    seen: dict[bytes, int] = {}
    for at in np.split(order, starts[1:]) if len(order) else []:
        request = int(answers.request[at[0]])
        digits = answers.cell[at].tobytes() + answers.lo[at].tobytes() + answers.hi[at].tobytes()
        copy_of[request] = seen.setdefault(digits, request)
    kept = copy_of[answers.request] == answers.request
    return replace(answers.where(kept), copy_of=copy_of)
