"""How much each member counts for each series: inverse power of its error at earlier origins, shrunk towards its fellows."""

from __future__ import annotations

import numpy as np

from forecasting.intervals import nanmean
from forecasting.rolling import Rolling

#: Weight of a member = 1 / error ** POWER; chosen on earlier origins, as is all here (docs/forecasting-log.md).
POWER = 6.0
#: No error counts as smaller than this share of the series' largest: a lucky exact hit should not take all.
FLOOR = 1e-3
#: Series that a group needs before its mean says anything about its members.
GROUP = 5


def weights(rolled: Rolling, k: int, suited: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return (members, n) weights for origin k from the errors at all other past origins; 0 for who has no answer.

    A member's error is the geometric mean, over origins, of its mean absolute error, relative to that of the other members:
    one origin at which all go wrong should not decide. With few origins it is mostly luck, so it is shrunk towards the
    mean of the series' group, by as much as luck explains of the differences (empirical Bayes, James & Stein 1961). A
    series without any other origin weighs all members that answer alike; a column of zeros means that none does.

    Parameters
    ----------
    suited : (members, n) who may be weighted at all.
    groups : (n,) labels of series that are alike.
    """
    able = np.isfinite(rolled.point[k]).all(axis=2) & suited
    error = rolled.missed if k == 0 else np.delete(rolled.missed, k - 1, axis=0)
    largest = np.max(error, axis=(0, 1), initial=0.0, where=np.isfinite(error))
    floored = np.log(np.maximum(error, np.where(largest > 0, FLOOR * largest, 1.0)))
    floored = np.where(able, floored, np.nan)
    relative = floored - nanmean(floored, axis=(1,))[:, None]
    mean = shrink(relative, groups)
    judged = able & np.isfinite(mean)
    best = np.min(mean, axis=0, initial=np.inf, where=judged)
    above = np.where(judged, mean, 0.0) - np.where(np.isfinite(best), best, 0.0)
    weight = np.where(judged, np.exp(-POWER * np.maximum(above, 0.0)), 0.0)
    weight = np.where(weight.sum(axis=0) > 0, weight, able.astype(float))
    return weight / np.maximum(weight.sum(axis=0), 1e-300)


def shrink(relative: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return (members, n) means over origins of `relative` (origins, members, n), drawn towards the mean of the group.

    The share of the way is var(luck) / var(luck + skill): luck is the variance over origins of one series' mean, luck and
    skill together the variance of those means over series. A group of fewer than `GROUP` series is left as it is.
    """
    mean = nanmean(relative, axis=(0,))
    count = np.isfinite(relative).sum(axis=0)
    squared = np.where(np.isfinite(relative), relative - mean, 0.0) ** 2
    luck = squared.sum(axis=0) / np.maximum(count - 1, 1) / np.maximum(count, 1)
    luck = np.where(count > 1, luck, np.nan)
    out = mean.copy()
    for label in np.unique(groups):
        rows = groups == label
        if rows.sum() < GROUP:
            continue
        centre = nanmean(mean[:, rows], axis=(1,))[:, None]
        by_luck = float(nanmean(luck[:, rows], axis=(0, 1)))
        observed = float(nanmean((mean[:, rows] - centre) ** 2, axis=(0, 1)))
        if not np.isfinite(by_luck) or not observed > 0:
            continue
        share = min(1.0, by_luck / max(observed, by_luck))
        out[:, rows] = (1 - share) * mean[:, rows] + share * centre
    return out
