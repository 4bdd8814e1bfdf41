"""Many requests of a few terms each, put on one scale by the terms they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.sparse import csgraph

from sources.errors import BadQuery

Array = NDArray[np.float64]

#: Rounding of a printed integer is uniform on +-0.5: variance 1/12 a cell (Sheppard 1898).
ROUNDING = 1 / 12
#: A term whose mean in a request is below this is too close to the floor to tell the request's scale.
CLEAR = 3.0


@dataclass(frozen=True)
class Fit:
    """log(sum of a term in a request) = level of the term + factor of the request.

    `levels`, `errors` by term (natural logs; errors relative to the component's mean level), `factors` by request,
    `component` by term, `misfit` the weighted residual sum over its degrees of freedom (1 = only the noise assumed).
    """

    levels: pd.Series
    errors: pd.Series
    covariance: pd.DataFrame
    factors: pd.Series
    component: pd.Series
    sampling: float
    misfit: float


def calibrate(requests: pd.DataFrame, *, reference: str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Put any number of terms on one scale.

    Weighted least squares on the bipartite graph of terms and requests, on sums instead of peaks: with S the sum of a
    term's T printed values in a request, log S = level + factor + e, Var(e) = T / (12 S^2) for rounding + a sampling
    variance estimated from the residuals by moments. Terms that no chain of shared terms connects are reported in
    another `component` and never guessed.

    Parameters
    ----------
    requests : one row per value: `request`, `term`, `ds`, `value` (integers 0..100 of that request); optional `has_data`,
        False where the service says it has none (the cell is then missing, not zero).
    reference : the term whose level is 1; by default the one that most requests share.
    level : coverage of `lo`, `hi`.

    Returns
    -------
    One row per term: `term`, `level` (reference = 1; NaN where the term cannot be placed), `lo`, `hi`, `component`.

    Raises
    ------
    BadQuery : a column is missing, or the reference is not among the terms.

    References
    ----------
    West (2020), arXiv 2007.13860, for the problem (there: peaks along one chain). Aitken (1936) for generalised least squares.
    """
    fit = fit_scales(requests)
    terms = fit.levels.index
    chosen = reference if reference is not None else requests.groupby("term")["request"].nunique().idxmax()
    if chosen not in terms:
        raise BadQuery(
            f"the reference {chosen!r} is not among the terms", "calibrate", "choose one of the terms asked for"
        )
    z = float(stats.norm.ppf((1 + level) / 2))
    placed = fit.levels - fit.levels[chosen]
    variance = (
        np.diag(fit.covariance) + fit.covariance.loc[chosen, chosen] - 2 * fit.covariance.loc[:, chosen].to_numpy()
    )
    error = np.sqrt(np.maximum(variance, 0))
    other = (fit.component != fit.component[chosen]) | fit.levels.isna()
    placed = placed.mask(other)
    return pd.DataFrame(
        {
            "term": terms,
            "level": np.exp(placed).to_numpy(),
            "lo": np.exp(placed - z * error).to_numpy(),
            "hi": np.exp(placed + z * error).to_numpy(),
            "component": fit.component.to_numpy(),
        }
    )


def on_one_scale(requests: pd.DataFrame) -> tuple[pd.DataFrame, Fit]:
    """Return every term's series on the scale of the request with the largest terms, and the fit behind it.

    Parameters
    ----------
    requests : as for `calibrate`; `lo`, `hi` (what rounding allows) are carried along where given.

    Returns
    -------
    `term`, `ds`, `value`, `lo`, `hi`, `scale_error` (standard error of the term's level, in doublings), `component`; one row
    per term and period. Several requests for one term are averaged, the finer ones with more weight.
    """
    fit = fit_scales(requests)
    rows = requests.copy()
    if "lo" not in rows or "hi" not in rows:
        rows["lo"], rows["hi"] = np.maximum(rows["value"] - 0.5, 0), rows["value"] + 0.5
    factor = np.exp(fit.factors - fit.factors.min()) if fit.factors.notna().any() else np.exp(fit.factors)
    scale = rows["request"].map(factor)
    known = scale.notna() & rows["value"].notna()
    rows, scale = rows[known], scale[known]
    weight = scale**2
    parts = {c: rows[c] / scale * weight for c in ("value", "lo", "hi")}
    sums = (
        pd.DataFrame({**parts, "weight": weight, "term": rows["term"], "ds": rows["ds"]}).groupby(["term", "ds"]).sum()
    )
    series = sums[["value", "lo", "hi"]].div(sums["weight"], axis=0).reset_index()
    series["scale_error"] = series["term"].map(fit.errors / np.log(2))
    series["component"] = series["term"].map(fit.component)
    return series, fit


def fit_scales(requests: pd.DataFrame) -> Fit:
    """Fit levels and factors; see `calibrate` for the model and `Fit` for what comes back."""
    missing = [c for c in ("request", "term", "ds", "value") if c not in requests]
    if missing:
        raise BadQuery(f"the column(s) {', '.join(missing)} are missing", "calibrate")
    rows = requests[requests["value"].notna()]
    if "has_data" in rows:
        rows = rows[rows["has_data"].fillna(True).astype(bool)]
    cells = rows.groupby(["term", "request"])["value"].agg(["sum", "size"]).reset_index()
    terms = pd.Index(pd.unique(requests["term"]), name="term")
    asked = pd.Index(pd.unique(requests["request"]), name="request")
    clear = cells[cells["sum"] >= CLEAR * cells["size"]]
    faint = cells[(cells["sum"] > 0) & (cells["sum"] < CLEAR * cells["size"])]
    # A faint cell places its own term but must not tell the scale of a request that clear terms already tell.
    used = pd.concat([clear, faint[~faint["term"].isin(clear["term"]) | ~faint["request"].isin(clear["request"])]])
    component = _components(used, terms, asked)
    k = terms.get_indexer(used["term"])
    r = asked.get_indexer(used["request"])
    y = np.log(used["sum"].to_numpy(float))
    rounding = ROUNDING * used["size"].to_numpy(float) / used["sum"].to_numpy(float) ** 2
    design = sparse.csr_array(
        (np.ones(2 * len(used)), (np.tile(np.arange(len(used)), 2), np.r_[k, len(terms) + r])),
        shape=(len(used), len(terms) + len(asked)),
    ).toarray()
    # Levels and factors are known up to a constant in each component: the pseudo-inverse takes the smallest of them.
    sampling = 0.0
    for _ in range(8):
        weight = 1 / (rounding + sampling)
        normal = np.linalg.pinv(design.T @ (design * weight[:, None]), hermitian=True)
        beta = normal @ (design.T @ (weight * y))
        residual = y - design @ beta
        freedom = len(used) - np.linalg.matrix_rank(design)
        if freedom <= 0:
            break
        # Method of moments: the weighted residual sum should equal the degrees of freedom.
        updated = max(sampling + (float(np.sum(weight * residual**2)) / freedom - 1) / float(np.mean(weight)), 0.0)
        if abs(updated - sampling) < 1e-9:
            break
        sampling = updated
    misfit = float(np.sum(residual**2 / rounding)) / freedom if len(used) and freedom > 0 else np.nan
    seen = np.isin(np.arange(len(terms)), k)
    covariance = _centred(normal[: len(terms), : len(terms)], component, seen)
    levels = pd.Series(np.where(seen, beta[: len(terms)], np.nan), terms)
    factors = pd.Series(np.where(np.isin(np.arange(len(asked)), r), beta[len(terms) :], np.nan), asked)
    errors = pd.Series(np.where(seen, np.sqrt(np.maximum(np.diag(covariance), 0)), np.nan), terms)
    return Fit(
        levels,
        errors,
        pd.DataFrame(covariance, terms, terms),
        factors,
        pd.Series(component, terms),
        sampling,
        misfit,
    )


def _components(cells: pd.DataFrame, terms: pd.Index, asked: pd.Index) -> NDArray[np.int_]:
    """Number of the connected component of every term; -1 where the term was never seen above zero."""
    k, r = terms.get_indexer(cells["term"]), len(terms) + asked.get_indexer(cells["request"])
    n = len(terms) + len(asked)
    graph = sparse.coo_array((np.ones(len(cells)), (k, r)), shape=(n, n))
    _, label = csgraph.connected_components(graph, directed=False)
    out = label[: len(terms)].astype(int)
    out[~np.isin(np.arange(len(terms)), k)] = -1
    for new, old in enumerate(dict.fromkeys(out[out >= 0])):
        out[label[: len(terms)] == old] = new
    out[~np.isin(np.arange(len(terms)), k)] = -1
    return out


def _centred(covariance: Array, component: NDArray[np.int_], seen: NDArray[np.bool_]) -> Array:
    """Covariance of levels relative to the mean level of their component."""
    n = len(component)
    centre = np.eye(n)
    for c in set(component[component >= 0]):
        members = (component == c) & seen
        centre[np.ix_(members, members)] -= 1 / members.sum()
    return np.asarray(centre @ covariance @ centre.T)
