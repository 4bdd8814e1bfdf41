"""How many false alarms a user accepts, in words and as a threshold learnt from the series' own quiet past."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.baseline import Grid
from explorer.return_level import HIGH, LEVELS, MIDDLE, curves
from forecasting.errors import BadArgument

DAY = pd.Timedelta(1, "D")
#: Days between two false alarms of a quiet series, by grain and sensitivity.
SENSITIVITY: dict[str, dict[str, float]] = {
    "fine": {"fewer": 30.4, "balanced": 7.0, "more": 3.5},
    "day": {"fewer": 91.3, "balanced": 30.4, "more": 10.0},
    "week": {"fewer": 1461.0, "balanced": 730.5, "more": 365.25},
    "month": {"fewer": 6087.0, "balanced": 3044.0, "more": 1522.0},
}
#: What one maximum is taken over: a whole day of hours, a whole week of days.
BLOCK = {"fine": DAY, "day": 7 * DAY}
#: Median of those maxima in a typical series, and the way from it to their 90 % point; used until the series has its own
#: (brand series of realTweets; docs/alerts-log.md).
TYPICAL = {"fine": (1.9, 1.5), "day": (1.5, 1.0)}
#: Blocks from which on only the series' own maxima count, and how many of the latest are kept.
OWN, KEPT = {"fine": 28, "day": 12}, {"fine": 90, "day": 52}
#: Blocks at the start whose scores rest on too little, and the fewest that tell anything.
SKIPPED, FEWEST = 3, 4
#: Blocks at the start whose scores are lower than later ones, since a pattern that was not known yet still widens what counts
#: as usual; left out as soon as twice OWN others are there, because a threshold can less afford to rest on few.
UNSETTLED = {"fine": 28, "day": 3}
#: Alerts on a day that passes the threshold: a score flickers, and an event of chance may end and begin anew (1.0 to 1.3 in
#: quiet series simulated at 5 to 60 minutes, docs/alerts-log.md).
AGAIN = 1.2
#: Weight of the longer tail in the maxima of a series (explorer.return_level) whose way from median to 90 % point is one, and
#: how it grows with the logarithm of that way: counts that are few or clustered have longer tails. Days have longer ones than
#: hours, because their scores rest on a deviation of 28 values. Read off 88 kinds of quiet series (docs/alerts-log.md).
TAIL, TAIL_GROWS = {"fine": 0.35, "day": 0.7}, 0.4

_PERIOD = {"day": 1.0, "week": 7.0, "month": 30.4, "quarter": 91.3, "year": 365.25}
_FRENCH = {
    "jour": "day", "semaine": "week", "mois": "month", "trimestre": "quarter", "an": "year", "ans": "year", "année": "year",
}  # fmt: skip
_NUMBER = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "once": 1, "twice": 2, "half": 0.5, "no": 0, "none": 0, "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3,
    "quatre": 4, "cinq": 5, "aucune": 0,
}  # fmt: skip
_PERIODS = r"(day|week|month|quarter|year|jour|semaine|mois|trimestre|année|an)s?"


@dataclass(frozen=True)
class Limits:
    """The threshold of each row, and how rarely its score is reached by chance.

    `threshold` in units of the score; `return_days`: a quiet series shows such a score about once in so many days; `own`: the
    share of the threshold that rests on the series' own past [0..1].
    """

    threshold: np.ndarray
    return_days: np.ndarray
    own: np.ndarray


def budget_days(budget: str | float | None, sensitivity: str, grain: str) -> float:
    """Return the days between two false alarms that a budget means.

    Parameters
    ----------
    budget : days as a number, or words such as "about one false alarm a month", "two a week", "one every 10 days"; None =
        what `sensitivity` stands for.
    sensitivity : "fewer", "balanced" or "more".

    Raises
    ------
    BadArgument : words that cannot be read, a budget of nothing, an unknown sensitivity.
    """
    if budget is None:
        if sensitivity not in SENSITIVITY[grain]:
            raise BadArgument(
                f"the sensitivity {sensitivity!r} is not known", "sensitivity", "pass 'fewer', 'balanced' or 'more'"
            )
        return SENSITIVITY[grain][sensitivity]
    days = _read(budget) if isinstance(budget, str) else float(budget)
    if not days > 0 or not np.isfinite(days):
        raise BadArgument(
            f"the budget {budget!r} allows no false alarm at all", "budget", "pass days between two of them"
        )
    return days


def budget_words(days: float) -> str:
    """Return a budget in words: "about one false alarm a month"."""
    word, length = min(_PERIOD.items(), key=lambda p: abs(np.log(max(days, 0.2) / p[1])))
    count = length / days
    if 0.75 <= count < 1.4:
        return f"about one false alarm a {word}"
    if count >= 1.4:
        return f"about {count:.0f} false alarms a {word}"
    return f"about one false alarm every {1 / count:.1f} {word}s".replace(".0 ", " ")


def _read(text: str) -> float:
    plain = text.casefold()
    every = re.search(rf"(?:every|tous les|toutes les)\s+(?:([\w.]+)\s+)?{_PERIODS}\b", plain)
    if every:
        return _number(every[1] or "one", text) * _period(every[2])
    rate = re.search(rf"(?:\ba|an|per|each|par|/)\s*{_PERIODS}\b", plain)
    if not rate:
        raise BadArgument(
            f"the budget {text!r} names no period", "budget", "write 'one a month', or pass days as a number"
        )
    before = [w for w in re.findall(r"[\w.]+", plain[: rate.start()]) if w in _NUMBER or re.fullmatch(r"[\d.]+", w)]
    count = _number(before[0] if before else "one", text)
    return _period(rate[1]) / count if count else np.inf


def _period(word: str) -> float:
    return _PERIOD[_FRENCH.get(word, word)]


def _number(word: str, text: str) -> float:
    if word in _NUMBER:
        return float(_NUMBER[word])
    try:
        return float(word)
    except ValueError as error:
        raise BadArgument(f"{word!r} in the budget {text!r} is no number", "budget", "write 'one a month'") from error


def limits(grid: Grid, score: np.ndarray, days: float) -> Limits:
    """Return the threshold that a quiet series passes about once in `days`, from the scores before each day (or week).

    The threshold is the predictive return level of the maxima of earlier days (weeks, for daily counts), through their median
    and their 90 % point (explorer.return_level). So a tenth of all days may be in crisis and the threshold still is that of
    the ordinary ones, and a series that bursts every other day earns a high one. During the first four weeks (twelve, for
    days) it is blended with that of a typical brand series, higher than that of a quiet one.
    """
    length = BLOCK[grid.grain]
    block = ((grid.ds.normalize() - grid.ds[0].normalize()) // length).to_numpy()
    maxima = _maxima(score, block, max(1, grid.rows(length) // 2))
    middle, reach, own, n = _fits(maxima, grid.grain)
    curve = curves(n, TAIL[grid.grain] + TAIL_GROWS * np.log(reach))
    again = AGAIN if grid.grain == "fine" else 1.0
    wanted = np.log(days / (length / DAY) * again)
    at = _levels(curve, wanted)
    by_chance = _rarities(curve, block, (score - middle[block]) / reach[block])
    return Limits((middle + reach * at)[block], np.exp(by_chance) * (length / DAY) / again, own[block])


def _levels(curve: np.ndarray, wanted: float) -> np.ndarray:
    """Return the level at which each curve (blocks, levels) reaches `wanted`, as np.interp does for one curve."""
    j = np.count_nonzero(curve <= wanted, axis=1) - 1
    i, rows = np.clip(j, 0, len(LEVELS) - 2), np.arange(len(curve))
    low, high = curve[rows, i], curve[rows, i + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (LEVELS[i + 1] - LEVELS[i]) / (high - low) * (wanted - low) + LEVELS[i]
    level = np.where(low == wanted, LEVELS[i], between)
    return np.where(j < 0, LEVELS[0], np.where(j > len(LEVELS) - 2, LEVELS[-1], level))


def _rarities(curve: np.ndarray, row: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the height of the curve `row` (n,) at `level` (n,), as np.interp does for one curve; NaN where level is."""
    j = np.searchsorted(LEVELS, level, side="right") - 1
    i = np.clip(j, 0, len(LEVELS) - 2)
    low, high = curve[row, i], curve[row, i + 1]
    between = (high - low) / (LEVELS[i + 1] - LEVELS[i]) * (level - LEVELS[i]) + low
    height = np.where(level == LEVELS[i], low, between)
    outside = np.where(j < 0, curve[row, 0], np.where(j > len(LEVELS) - 2, curve[row, -1], height))
    return np.where(np.isnan(level), np.nan, outside)


def _maxima(score: np.ndarray, block: np.ndarray, enough: int) -> np.ndarray:
    """Return the highest score of each block; NaN where less than half of it is known."""
    known = np.isfinite(score)
    count = np.bincount(block[known], minlength=block[-1] + 1)
    top = np.full(block[-1] + 1, -np.inf)
    np.maximum.at(top, block[known], score[known])
    return np.where(count >= enough, top, np.nan)


def _fits(maxima: np.ndarray, grain: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each block, what the maxima before it tell.

    That is their median and the way to their 90 % point, how much of both is the series' own, and on how many they rest.
    """
    typical_middle, typical_reach = TYPICAL[grain]
    enough, kept = OWN[grain], KEPT[grain]
    block = np.arange(len(maxima))
    first = np.maximum(np.clip(block - 2 * enough, SKIPPED, UNSETTLED[grain]), block - kept)
    # One row a block with the blocks before it, the newest last; what does not count is sorted behind all that does.
    padded = np.concatenate([np.full(kept, np.nan), maxima])
    past = np.lib.stride_tricks.sliding_window_view(padded, kept)[: len(maxima)]
    counts = np.isfinite(past) & (block[:, None] - kept + np.arange(kept) >= first[:, None])
    known = counts.sum(axis=1)
    ordered = np.sort(np.where(counts, past, np.inf), axis=1)
    tells = known >= FEWEST
    own_middle, own_high = (_weibull(ordered[tells], known[tells], q) for q in (MIDDLE, HIGH))
    own = np.where(tells, np.minimum(1.0, known / enough), 0.0)
    middle, reach = np.full(len(maxima), typical_middle), np.full(len(maxima), typical_reach)
    middle[tells] = own[tells] * own_middle + (1 - own[tells]) * typical_middle
    reach[tells] = own[tells] * np.maximum(own_high - own_middle, 0.1) + (1 - own[tells]) * typical_reach
    # A blend is no less sure than the first threshold that is all the series' own.
    return middle, reach, own, np.maximum(known, enough).astype(float)


def _weibull(ordered: np.ndarray, n: np.ndarray, q: float) -> np.ndarray:
    """Return the q-quantile of the first `n` values of each sorted row, as np.quantile(method="weibull") does."""
    at = np.clip(n * q + q - 1, 0.0, n - 1.0)
    low = np.floor(at).astype(int)
    rows, share = np.arange(len(n)), at - low
    below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, n - 1)]
    way = above - below
    quantile: np.ndarray = np.where(share >= 0.5, above - way * (1 - share), below + way * share)
    return quantile
