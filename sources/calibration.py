"""Many requests of a few terms each, put on one scale by the terms they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.errors import BadQuery
from sources.scales.beyond import beyond_rounding
from sources.scales.fit import Noise, Scales
from sources.scales.place import Placed, certain, interval, place
from sources.scales.rounding import VARIANCE
from sources.stitching import stitch

__all__ = ["Fit", "Quality", "calibrate", "fit_scales", "hard_bounds", "on_one_scale", "quality", "stitch"]


@dataclass(frozen=True)
class Fit:
    """log(mean of a term in a request) = level of the term + factor of the request.

    `levels`, `errors` by term (natural logs; errors relative to the component's mean level), `covariance` of the levels,
    `factors` by request, `component` by term (-1: the term stands in no request that could be placed). `noise` is the law
    of sampling estimated, None where the answers show none: no value was answered twice, or all agree but for rounding,
    which is what answers out of one draw do; errors and intervals then hold rounding only. `sampling`: its part that all
    values of a term in one answer share. `misfit`: squared residuals of terms in requests over those that rounding alone
    leaves (1: it explains all; NaN: nothing is left over to tell).
    """

    levels: pd.Series
    errors: pd.Series
    covariance: pd.DataFrame
    factors: pd.Series
    component: pd.Series
    sampling: float
    misfit: float
    noise: Noise | None


@dataclass(frozen=True)
class Quality:
    """How well one factor per answer explains the answers, if nothing but rounding disturbs them.

    `requests`: one row per request: `values` (that another answer shares), `residual` (root mean square over what rounding
    leaves: 1 = rounding explains it), `exceeds` (more than rounding leaves in 99 of 100 requests). `share` of the requests
    compared that exceed, NaN where none can be. `rounding_possible` False: no factors at all could explain the answers by
    rounding, which proves noise of sampling. `noise`: as in `Fit`.
    """

    requests: pd.DataFrame
    share: float
    rounding_possible: bool
    noise: Noise | None


def calibrate(requests: pd.DataFrame, *, reference: str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Put any number of terms on one scale.

    A request prints its terms as c x, c its own factor, rounded to whole numbers of 0..100. Factors and values are found by
    weighted least squares on the graph of terms and requests; a term's level is the mean of its values. The law of sampling
    (a part of the searches, drawn anew for every answer) is estimated by moments from values that were answered several
    times. Intervals hold rounding, sampling and the errors of the factors that lie between a term and the reference; where
    rounding alone can explain every answer they are cut to what rounding makes certain. A faint term, printed as zeros, is
    placed as an interval whose lower end may be 0; its `level` is then the middle of what the zeros leave open. Terms that
    nothing connects to the reference are reported in another `component` and never guessed.

    Parameters
    ----------
    requests : one row per value: `request`, `term`, `ds`, `value` (0..100 of that request). Optional: `has_data`, False
        where the service has none (missing, not zero); `lo`, `hi`, what rounding allows ("<1": 0, 1); `sample`, the number
        of a repeated answer; `drawn`, what tells when the service drew its sample (its day: answers of one day share the
        error of sampling, which only answers of other days can show).
    reference : the term whose level is 1; by default the one that most requests share.
    level : coverage of `lo`, `hi`, 0..1.

    Returns
    -------
    One row per term: `term`, `level` (reference = 1; NaN in another component), `lo`, `hi`, `component` (-1: in no request
    that could be placed). Levels compare means over the periods in which each term was answered.

    Raises
    ------
    BadQuery : a column is missing, a value is no interest, nothing is above zero, or the reference is unknown or faint.

    References
    ----------
    West (2020), arXiv 2007.13860, for the problem (there: peaks along one chain). Aitken (1936) for generalised least
    squares. Bellman (1958) for the bounds.
    """
    if not 0 < level < 1:
        raise BadQuery(f"the coverage {level!r} is not between 0 and 1", "calibrate", "give 0.95 for 95 %")
    placed = place(requests)
    at = _reference(placed, reference)
    lo, hi = interval(placed, at, level)
    middle = np.exp(placed.log - placed.log[at])
    bounds = certain(placed, at)
    if bounds is not None:
        middle, lo, hi = (np.clip(v, *bounds) for v in (middle, lo, hi))
    entry = placed.in_component(int(placed.component[at]))
    columns = {name: np.where(entry >= 0, v[entry], np.nan) for name, v in (("level", middle), ("lo", lo), ("hi", hi))}
    return pd.DataFrame({"term": placed.terms, **columns, "component": placed.home(int(placed.component[at]))})


def hard_bounds(requests: pd.DataFrame, *, reference: str | None = None) -> pd.DataFrame | None:
    """Return the levels that rounding alone allows, or None if no factors at all could explain the answers by rounding.

    The bounds hold whatever the series look like, as long as nothing but rounding disturbs the answers; a further request
    can only tighten them.

    Parameters
    ----------
    requests, reference : as for `calibrate`.

    Returns
    -------
    One row per term: `term`, `lo`, `hi` (reference = 1; 0 and inf where nothing bounds the term), or None.

    Raises
    ------
    BadQuery : as for `calibrate`.
    """
    placed = place(requests, "hard_bounds")
    at = _reference(placed, reference)
    bounds = certain(placed, at)
    if bounds is None:
        return None
    entry = placed.in_component(int(placed.component[at]))
    lo, hi = np.where(entry >= 0, bounds[0][entry], 0.0), np.where(entry >= 0, bounds[1][entry], np.inf)
    return pd.DataFrame({"term": placed.terms, "lo": lo, "hi": hi})


def quality(requests: pd.DataFrame) -> Quality:
    """Say whether rounding explains what the requests disagree on, request by request; see `Quality`.

    Parameters
    ----------
    requests : as for `calibrate`.

    Raises
    ------
    BadQuery : as for `calibrate`.
    """
    placed = place(requests, "quality")
    found = beyond_rounding(placed.scales)
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = np.sqrt(found.total / found.allowed)
    told = found.compared > 0
    one_of_each = np.unique(placed.component, return_index=True)[1]
    return Quality(
        placed.scales.answers.asked.to_frame(index=False).assign(
            values=found.compared.astype(int), residual=residual, exceeds=found.exceeds
        ),
        float(found.exceeds[told].mean()) if told.any() else float("nan"),
        all(certain(placed, int(at)) is not None for at in one_of_each),
        placed.scales.noise if found.at_all else None,
    )


def on_one_scale(requests: pd.DataFrame) -> tuple[pd.DataFrame, Fit]:
    """Return every term's series on the scale of the request with the largest terms, and the fit behind it.

    Parameters
    ----------
    requests : as for `calibrate`.

    Returns
    -------
    `term`, `ds`, `value`, `lo`, `hi` (what rounding allows), `scale_error` (standard error of the term's level, in
    doublings), `component`; one row per term and period. Several requests for one term are averaged, the finer ones with
    more weight.

    Raises
    ------
    BadQuery : a column is missing, or a value is no interest.
    """
    placed = place(requests, "on_one_scale")
    fit = _fit(placed)
    home = placed.home()
    answers = placed.answers.where(home[placed.term[placed.answers.term]] == placed.component[placed.answers.term])
    s = pd.Series(placed.scales.s)
    factor = np.exp(s - s.groupby(placed.scales.component).transform("min")).to_numpy()[answers.request]
    weight = (factor / answers.unit) ** 2
    parts = pd.DataFrame({"value": answers.printed / factor, "lo": answers.lo / factor, "hi": answers.hi / factor}).mul(
        weight, axis=0
    )
    sums = parts.assign(weight=weight).groupby(answers.cell).sum()
    series = answers.cells[sums.index].to_frame(index=False, name=["term", "ds"])
    series[["value", "lo", "hi"]] = sums[["value", "lo", "hi"]].div(sums["weight"], axis=0).to_numpy()
    series["scale_error"] = series["term"].map(fit.errors / np.log(2))
    series["component"] = series["term"].map(fit.component)
    return series, fit


def fit_scales(requests: pd.DataFrame) -> Fit:
    """Fit levels and factors; see `calibrate` for the model and `Fit` for what comes back."""
    return _fit(place(requests, "fit_scales"))


def _fit(placed: Placed) -> Fit:
    """Gather what was found by term, each in the component where it stands with most others."""
    scales, home = placed.scales, placed.home()
    entry = np.full(len(placed.terms), -1)
    for number in np.unique(placed.component):
        entry = np.where(home == number, placed.in_component(int(number)), entry)
    known = entry >= 0
    covariance = _centred(placed)
    at = np.ix_(entry, entry)
    both = known[:, None] & known
    shown = covariance[at] if len(covariance) else np.zeros(both.shape)
    variance = np.where(known, np.diag(shown), np.nan)
    factors = np.where(scales.component >= 0, scales.s, np.nan)[scales.answers.copy_of]
    asked = scales.answers.asked
    index = asked.get_level_values(0) if asked.nlevels == 1 else asked
    return Fit(
        pd.Series(np.where(known, placed.log[entry] if known.any() else np.nan, np.nan), placed.terms),
        pd.Series(np.sqrt(np.maximum(variance, 0)), placed.terms),
        pd.DataFrame(np.where(both, shown, 0.0), placed.terms, placed.terms),
        pd.Series(factors, index),
        pd.Series(home, placed.terms),
        scales.noise.common,
        _misfit(scales),
        scales.noise if beyond_rounding(scales).at_all else None,
    )


def _centred(placed: Placed) -> np.ndarray:
    """Covariance of levels relative to the mean level of their component."""
    centre = np.eye(len(placed.component))
    for number in np.unique(placed.component):
        members = np.flatnonzero((placed.component == number) & ~placed.faint)
        rows = np.flatnonzero(placed.component == number)
        centre[np.ix_(rows, members)] -= 1 / len(members)
    return np.asarray(centre @ placed.levels.covariance @ centre.T)


def _misfit(scales: Scales) -> float:
    """Squared residuals of pairs over those that rounding alone leaves."""
    if scales.freedom <= 0:
        return float("nan")
    answers, pairs = scales.answers, scales.pairs
    rounding = pairs.alike * pairs.total(VARIANCE * answers.unit**2) + pairs.floor**2
    linked = np.bincount(pairs.term)[pairs.term] > 1
    return float(np.sum((scales.residual**2 * pairs.total(scales.mean) ** 2 / rounding)[linked]) / scales.freedom)


def _reference(placed: Placed, reference: str | None) -> int:
    """Entry of the reference: as asked for, else the term that most requests share."""
    if not len(placed.component):
        raise BadQuery(
            "no request shows any term above zero", "calibrate", "ask again with a larger term, place or time range"
        )
    answers = placed.scales.answers
    shared = np.bincount(np.unique(answers.term * len(answers.asked) + answers.request) // len(answers.asked))
    shared = np.pad(shared, (0, len(placed.component) - len(shared)))
    if reference is None:
        names = placed.terms[placed.term].astype(str)
        return int(np.lexsort((names, -shared))[0])
    if reference not in placed.terms:
        raise BadQuery(
            f"the reference {reference!r} is not among the terms", "calibrate", "choose one of the terms asked for"
        )
    own = np.flatnonzero((placed.term == placed.terms.get_loc(reference)) & ~placed.faint)
    if not len(own):
        raise BadQuery(
            f"the reference {reference!r} shows hardly anything but zeros", "calibrate", "choose a term that shows"
        )
    return int(own[np.argmax(shared[own])])
