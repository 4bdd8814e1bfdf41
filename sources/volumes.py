"""Absolute volumes for a calibrated scale: a few terms whose volume is known anchor all terms that share their scale.

A search index says how often a term is looked for beside others, and never how often. Without an anchor there is no number of
searches, and none is given.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
from scipy import stats

from sources.errors import BadQuery

#: Units that count something in a time; an index counts nothing.
COUNTED = ("searches", "impressions", "clicks", "views")
COLUMNS = ["term", "value", "lo", "hi", "unit", "factor", "component", "anchors", "note"]


def anchors_of(queries: pd.DataFrame, *, unit: str = "searches") -> pd.DataFrame:
    """Return the rows of the table `queries` that can anchor a scale: `term`, `value`, `lo`, `hi`, `unit`, `source`.

    Ranges that stand for a whole decade (`bucket`) are taken only for terms of which nothing finer is known; unknown volumes
    and printed zeros anchor nothing.

    Parameters
    ----------
    queries : see sources.tables.QUERIES; of a term that several windows hold, the last row counts.
    unit : searches a month (Keyword Planner and its kin) or impressions of one site (Search Console).
    """
    rows = queries[(queries["unit"] == unit) & (queries["ranking"] == "list")]
    rows = rows[rows["kind"].isin(["measured", "bucket"]) & (rows["value"] > 0)]
    rows = rows.assign(term=rows["query"], fine=rows["kind"] == "measured").sort_values("fine", kind="stable")
    rows = rows[~rows["term"].map(_same).duplicated(keep="last")].reset_index(drop=True)
    if "source" not in rows:
        rows["source"] = ""
    return rows[["term", "value", "lo", "hi", "unit", "source"]]


def anchor(levels: pd.DataFrame, volumes: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Put numbers to a calibrated scale: the volume of every term that is connected with a term of known volume.

    volume = factor x level in each component of the scale. The anchors are weighed by what their printing and the calibration
    leave open and by how much they contradict one another; that disagreement widens the interval of every term, because a
    further term disagrees as well. One anchor alone cannot show it: the interval is then too narrow, and the note says so.

    Parameters
    ----------
    levels : `term`, `level` > 0, `lo`, `hi`, `component`, as sources.calibration.calibrate gives them, for the same window
        as the volumes.
    volumes : anchors: `term`, `value` > 0 in one `unit`, `lo`, `hi` (NaN = exact), as `anchors_of` gives them.
    level : coverage of the intervals, 0..1, of `levels` as of the result.

    Returns
    -------
    One row a term: `value`, `lo`, `hi` in `unit`; `factor`, units of volume in one unit of the scale; `anchors`, the terms it
    rests on; `note`. Terms that no anchor is connected with have no value, and the unit "none".

    Raises
    ------
    BadQuery : no anchor is among the terms, or the volumes count different things, or nothing.

    References
    ----------
    DerSimonian & Laird (1986) for the disagreement; Hartung & Knapp (2001), Röver et al. (2015) for the interval of few
    anchors, whose width is never taken to be below that of no disagreement.
    """
    unit = _unit(volumes)
    known = levels.assign(key=levels["term"].map(_same)).merge(
        volumes.assign(key=volumes["term"].map(_same))[["key", "value", "lo", "hi"]], on="key", suffixes=("", "_volume")
    )
    known = known[(known["value"] > 0) & (known["level"] > 0)]
    if known.empty:
        raise BadQuery(
            "none of the terms with a known volume is among the calibrated ones",
            "volumes",
            "ask for the volume of at least one of the terms",
        )
    normal = stats.norm.ppf((1 + level) / 2)
    out = []
    for component, terms in levels.groupby("component", sort=False):
        here = known[known["component"] == component]
        if here.empty:
            out.append(_unanchored(terms))
            continue
        log_factor = np.log(here["value"].to_numpy(float)) - np.log(here["level"].to_numpy(float))
        error = _error(here, "lo", "hi", "level", normal) ** 2 + _printed(here) ** 2
        centre, of_centre, apart, quantile = _pooled(log_factor, error, level)
        own = _error(terms, "lo", "hi", "level", normal)
        half = quantile * np.sqrt(of_centre + apart + own**2)
        value = np.exp(centre) * terms["level"].to_numpy(float)
        names = ", ".join(here["term"])
        out.append(
            terms[["term", "component"]].assign(
                value=value,
                lo=value * np.exp(-half),
                hi=value * np.exp(half),
                unit=unit,
                factor=np.exp(centre),
                anchors=names,
                note=_note(len(here), names, unit),
            )
        )
    return pd.concat(out, ignore_index=True)[COLUMNS]


def _pooled(found: np.ndarray, error: np.ndarray, level: float) -> tuple[float, float, float, float]:
    """Return centre, its variance, the variance between anchors, and the quantile for the half-width of an interval."""
    n = len(found)
    error = np.maximum(error, 1e-8)  # an exact anchor would otherwise weigh more than all others together
    if n == 1:
        return float(found[0]), float(error[0]), 0.0, float(stats.norm.ppf((1 + level) / 2))
    fixed = 1 / error
    spread = float(np.sum(fixed * (found - np.average(found, weights=fixed)) ** 2))
    apart = max(0.0, (spread - (n - 1)) / (fixed.sum() - (fixed**2).sum() / fixed.sum()))
    weights = 1 / (error + apart)
    centre = float(np.average(found, weights=weights))
    observed = float(np.sum(weights * (found - centre) ** 2)) / (n - 1)
    return centre, max(1.0, observed) / weights.sum(), apart, float(stats.t.ppf((1 + level) / 2, n - 1))


def _error(frame: pd.DataFrame, lo: str, hi: str, value: str, normal: float) -> np.ndarray:
    """Return the standard error of the logarithm that an interval stands for."""
    low, high = frame[lo].to_numpy(float), frame[hi].to_numpy(float)
    middle = frame[value].to_numpy(float)
    low = np.where(np.isfinite(low) & (low > 0), low, middle)
    high = np.where(np.isfinite(high) & (high > 0), high, middle)
    return np.log(high / low) / (2 * normal)


def _printed(frame: pd.DataFrame) -> np.ndarray:
    """Return the standard error of a volume that lies anywhere between the ends its printing leaves open."""
    return _error(frame, "lo_volume", "hi_volume", "value", 0.5) / np.sqrt(12)


def _unit(volumes: pd.DataFrame) -> str:
    units = sorted(set(volumes["unit"])) if len(volumes) else []
    if len(units) != 1 or units[0] not in COUNTED:
        raise BadQuery(
            f"volumes of {' and '.join(map(repr, units)) or 'nothing'} cannot anchor a scale",
            "volumes",
            f"give volumes of one unit, one of {', '.join(COUNTED)}",
        )
    return str(units[0])


def _unanchored(terms: pd.DataFrame) -> pd.DataFrame:
    blank = dict.fromkeys(("value", "lo", "hi", "factor"), np.nan)
    note = "no term of known volume is connected with this one: its volume is not known"
    return terms[["term", "component"]].assign(**blank, unit="none", anchors="", note=note)


def _note(n: int, names: str, unit: str) -> str:
    site = " Impressions are those of one site, not of all people who search." if unit == "impressions" else ""
    if n > 1:
        return f"anchored to {n} terms of known volume.{site}"
    return (
        f"anchored to {names} alone: how far the two sources disagree about a term cannot be seen, so that the interval is "
        f"too narrow.{site}"
    )


def _same(term: str) -> str:
    return " ".join(unicodedata.normalize("NFC", term).casefold().split())
