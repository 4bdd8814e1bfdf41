"""Who people are, only in groups: no cell of fewer than k persons is shown, nor what would give one away by difference.

A table by gender and age is published with its sums (all ages, all genders, everybody). A cell of fewer than k persons is
suppressed; so are further cells, until no sum less the published cells gives a group of fewer than k, and until the published
figures leave every suppressed cell a range of at least k (checked by linear programming).

References
----------
Cox (1980), Suppression methodology and statistical disclosure control; Hundepool et al. (2012), Statistical Disclosure Control,
ch. 4 (primary and complementary suppression, audit by linear programming).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linprog

K = 10
#: The value of a column in a row that sums over it, and of persons of whom the source says nothing.
ALL, UNKNOWN = "all", "unknown"

Cell = tuple[str, ...]


def people_in_groups(people: pd.DataFrame, by: Sequence[str], *, k: int = K) -> pd.DataFrame:
    """Count persons by one or two columns, with sums, so that nobody stands in a group of fewer than k.

    Whatever is to be shown side by side (a table of all, and of each topic) must be one call with the topic as a column: two
    calls know nothing of each other, and their difference may name a person.

    Parameters
    ----------
    people : `author_key` and the columns of `by`; several rows of one person with one value count once. Rows without a key are
        left out. A person with several values of one column is "unknown" there.
    by : one or two columns of people, such as gender, age_band, country or topic.
    k : smallest group that may be shown.

    Returns
    -------
    The columns of `by` ("all" = sum over it), `people` (Int64; null = suppressed) and `suppressed` (bool). A group of nobody is
    0 and is shown. When all persons together are fewer than k, everything is suppressed.

    Raises
    ------
    ValueError : no column, more than two, a column that is not there, or k below 2.
    """
    if not 1 <= len(by) <= 2 or len(set(by)) != len(by):
        raise ValueError("give one or two columns to group by")
    if k < 2:
        raise ValueError("k below 2 protects nobody")
    if missing := [c for c in ("author_key", *by) if c not in people]:
        raise ValueError(f"there is no column {missing[0]!r}")
    known = people[people["author_key"].notna()]
    keys = known["author_key"].drop_duplicates()
    values = pd.DataFrame({c: _one(known, c).reindex(keys, fill_value=UNKNOWN) for c in by}, index=keys)
    axes = [sorted(values[c].unique()) for c in by]
    counts = dict.fromkeys(product(*([*axis, ALL] for axis in axes)), 0)
    for row in values.itertuples(index=False):
        for cell in product(*((str(v), ALL) for v in row)):
            counts[cell] += 1
    hidden = _suppressed(counts, axes, k)
    frame = pd.DataFrame(list(counts), columns=list(by))
    frame["people"] = pd.array([None if c in hidden else n for c, n in counts.items()], dtype="Int64")
    frame["suppressed"] = [c in hidden for c in counts]
    return frame


def _one(known: pd.DataFrame, column: str) -> pd.Series:
    """Return the value of every person who has a single one."""
    told = known[["author_key", column]].dropna().astype({column: str}).drop_duplicates()
    single = told[~told["author_key"].duplicated(keep=False)]
    # "all" is the name of the sums; a source that uses it as a value tells nothing either.
    return single[~single[column].isin([ALL, ""])].set_index("author_key")[column]


def _suppressed(counts: Mapping[Cell, int], axes: Sequence[Sequence[str]], k: int) -> set[Cell]:
    """Return the cells to leave out: the small ones, then what would give them away."""
    everybody = (ALL,) * len(axes)
    if counts[everybody] < k:
        return set(counts)
    hidden = {cell for cell, n in counts.items() if 0 < n < k}
    lines = list(_lines(axes))
    while True:
        give_away = next((more for line in lines if (more := _weak(line, counts, hidden, k)) is not None), None)
        if give_away is None:
            give_away = _pinned(counts, hidden, lines, k)
        if give_away is None:
            return hidden
        hidden.add(give_away)


def _lines(axes: Sequence[Sequence[str]]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield every sum with the cells that it adds up."""
    for i, axis in enumerate(axes):
        for rest in product(*([*a, ALL] for j, a in enumerate(axes) if j != i)):
            yield _set(rest, i, ALL), [_set(rest, i, value) for value in axis]


def _set(rest: Sequence[str], i: int, value: str) -> Cell:
    return (*rest[:i], value, *rest[i:])


def _weak(line: tuple[Cell, list[Cell]], counts: Mapping[Cell, int], hidden: set[Cell], k: int) -> Cell | None:
    """Return the cell to suppress next where a sum gives a suppressed cell, or a group of fewer than k, away."""
    total, parts = line
    left = [c for c in parts if c in hidden]
    # A hidden sum is given away when all its cells are shown; a shown sum gives away what its shown cells leave over.
    shared = len(left) >= 2 and sum(counts[c] for c in left) >= k
    safe = bool(left) if total in hidden else not left or shared
    return None if safe else _next([*parts], counts, hidden) or (total if total not in hidden else None)


def _next(cells: Sequence[Cell], counts: Mapping[Cell, int], hidden: set[Cell]) -> Cell | None:
    """Return the smallest shown group of somebody: what costs least to leave out."""
    shown = [c for c in cells if c not in hidden and counts[c] > 0]
    return min(shown, key=lambda c: (counts[c], c), default=None)


def _pinned(
    counts: Mapping[Cell, int], hidden: set[Cell], lines: Sequence[tuple[Cell, list[Cell]]], k: int
) -> Cell | None:
    """Return the cell to suppress next where the published figures leave a suppressed cell a range of fewer than k."""
    cells = sorted(hidden)
    place = {c: i for i, c in enumerate(cells)}
    rows, sums = [], []
    for total, parts in lines:
        row, known = np.zeros(len(cells)), 0.0
        for cell, sign in ((total, -1.0), *((p, 1.0) for p in parts)):
            if cell in place:
                row[place[cell]] += sign
            else:
                known += sign * counts[cell]
        if row.any():
            rows.append(row)
            sums.append(-known)
    for cell in cells:
        if not 0 < counts[cell] < k:
            continue
        aim = np.zeros(len(cells))
        aim[place[cell]] = 1.0
        low, high = (linprog(s * aim, A_eq=np.array(rows), b_eq=np.array(sums), bounds=(0, None)) for s in (1.0, -1.0))
        # Status 3 = without bound: nothing is given away.
        if low.status == 0 and high.status == 0 and -high.fun - low.fun < k - 1e-6:
            near = [c for total, parts in lines for c in (total, *parts) if cell in (total, *parts)]
            return _next(near, counts, hidden) or _next(list(counts), counts, hidden)
    return None
