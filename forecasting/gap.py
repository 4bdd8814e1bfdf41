"""The search-versus-voice gap: who is searched for, set against who is spoken of, with an interval and a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from forecasting.errors import BadArgument, BadSeries, TooLittleData
from forecasting.people import count_voices, mean_draws, people_draws
from forecasting.rounded import level_draws

Array = NDArray[np.float64]

DRAWS = 2000
MIN_PERIODS = 4
MIN_VOICES = 30
#: A gap this small, x1.4 either way, is called balanced when the whole interval lies inside it [doublings].
BALANCED = 0.5
#: Levels that every result carries besides `level`, because the charts draw them.
BANDS = (80, 95)

#: Machine-readable reasons and warnings; the words a reader sees are made from them elsewhere.
NOT_FETCHED = "not fetched"
BELOW_FLOOR = "below the measuring floor"
NOBODY_SPOKE = "nobody spoke"
WIDE = "interval holds zero"
MANY_TOPICS = "not clear among this many topics"
CLEAR = "interval clear of zero"
SMALL = "interval inside the balanced zone"
COUNTS_ONLY = "loud voices cannot be corrected"
SHARES_ONLY = "shares without counts"
LOUD_ACCOUNT = "loud account counted once"
LOUD_POSSIBLE = "possible loud account"
DOMINANT = "carries more than half of one side"
FEW_PERIODS = "few periods"


@dataclass(frozen=True)
class _Panel:
    """What both tables cover: topics x periods, aligned, the window only."""

    topics: list[str]
    periods: pd.DatetimeIndex
    search: Array
    lo: Array
    hi: Array
    scale_error: Array
    posts: Array | None
    authors: Array | None
    loud_authors: Array | None
    left_out: list[str]


def gap(
    search: pd.DataFrame, social: pd.DataFrame, *, window: int = 52, level: float = 0.9, seed: int = 0
) -> pd.DataFrame:
    """Search-versus-voice gap of every topic, in doublings.

    gap = log2(share of search / share of voice) over the last `window` periods that both tables cover completely. +1: the
    topic holds twice the share of searches that it holds of people speaking. Shares of a panel, never raw volumes, so
    that the growth of a platform and the scaling of an index cancel; the gap therefore depends on which topics are in the
    panel. Voice counts people (distinct authors a period), not posts, and an account that speaks without pause once.

    Parameters
    ----------
    search : one row per (topic, period): `value` >= 0 on one common scale; NaN where nothing was measured. Optional: `lo`,
        `hi`, what rounding allows (assumed +-0.5 where all values are whole numbers, none otherwise); `scale_error`,
        standard error of the topic's level on the common scale [doublings].
    social : one row per (topic, period): `posts` and `authors`, counts; NaN where nothing was fetched (never 0). `authors`
        may be missing altogether: the gap is then computed on posts and says so. Optional: `loud_authors`, how many of
        `authors` are accounts known to post without pause.
    window : periods, counted back from the last period that both tables cover completely.
    level : coverage of `lo`, `hi`, 0..1.
    seed : of the draws; the same seed gives the same numbers.

    Returns
    -------
    One row per topic, highest gap first, topics that could not be measured last: `topic`, `gap`, `lo`, `hi` [doublings],
    `lo80`, `hi80`, `lo95`, `hi95`, `share_of_search`, `share_of_voice` [0..1], `verdict` ('silent' | 'loud' | 'balanced'
    | 'cannot tell'), `reason`, `p_silent` (probability that the gap is above 0), `centred` (gap minus the panel's median
    gap: zero is the typical topic), `n_periods`, `n_authors`, `n_posts`, `voice` ('people' | 'posts' | 'shares'),
    `first_period`, `last_period`, `level`, `warning` (';'-separated, '' when there is none).

    Raises
    ------
    BadSeries, BadArgument : a column is missing, a period comes twice, a number is negative, `level` is out of range.
    TooLittleData : fewer than 2 topics, too few periods covered by both tables, a side that is all zero, fewer than 30
        voices in all; the message names what is missing.

    Notes
    -----
    Search noise: rounding, floor and sampling, see forecasting.rounded. Voice noise: see forecasting.people. Both sides
    are drawn, shares are closed in every draw, so that the coupling of shares (Aitchison 1986) is in the interval. Verdicts
    of all topics together keep the false discovery rate of Benjamini & Hochberg (1995) at (1 - level)/2.

    References
    ----------
    Aitchison (1986), The Statistical Analysis of Compositional Data. Benjamini & Hochberg (1995), JRSS B 57. von Neumann
    (1941), Ann. Math. Statist. 12. Tobin (1958), Econometrica 26. Bickel & Fruehwirth (2006), CSDA 50.
    """
    if not 0 < level < 1:
        raise BadArgument(f"level is {level}; it must lie between 0 and 1", "gap")
    panel = _align(search, social, window)
    rng = np.random.default_rng(seed)
    searched, voice, unit, loud = _sides(panel, DRAWS, rng)
    draws = np.log2(_shares(searched)) - np.log2(_shares(voice))

    point = np.median(draws, axis=0)
    result = pd.DataFrame({"topic": panel.topics, "gap": point})
    for name, coverage in [("", level), *((str(b), b / 100) for b in BANDS)]:
        result[f"lo{name}"], result[f"hi{name}"] = np.quantile(draws, [(1 - coverage) / 2, (1 + coverage) / 2], axis=0)
    result["share_of_search"] = np.median(_shares(searched), axis=0)
    result["share_of_voice"] = np.median(_shares(voice), axis=0)
    result["p_silent"] = (draws > 0).mean(axis=0)
    result["centred"] = point - np.median(point)
    result["n_periods"] = len(panel.periods)
    result["n_authors"] = np.nan if panel.authors is None else panel.authors.sum(axis=1)
    result["n_posts"] = np.nan if panel.posts is None or unit == "shares" else panel.posts.sum(axis=1)
    result["voice"] = unit
    result["first_period"], result["last_period"] = panel.periods[0], panel.periods[-1]
    result["level"] = level
    result["verdict"], result["reason"] = _verdicts(result, panel, draws, level)
    result["warning"] = _warnings(result, unit, loud)
    missing = pd.DataFrame({"topic": panel.left_out, "verdict": "cannot tell", "reason": NOT_FETCHED, "warning": ""})
    ranked = result.sort_values("gap", ascending=False, kind="stable")
    return pd.concat([ranked, missing], ignore_index=True) if len(missing) else ranked.reset_index(drop=True)


def gap_path(
    search: pd.DataFrame, social: pd.DataFrame, *, window: int = 13, every: int = 1, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """The gap of every topic through time: `gap` measured on a trailing window that moves along.

    Parameters
    ----------
    search, social, seed : as in `gap`.
    window : periods of the trailing window.
    every : periods between two measurements; the last one is always made.
    draws : per measurement; fewer than in `gap`, because there are many.

    Returns
    -------
    `topic`, `period` (the window's last), `gap`, `lo80`, `hi80`, `lo95`, `hi95` [doublings]. Neighbouring windows share
    periods: the path is smooth by construction, and its bands are for each point by itself.

    Raises
    ------
    As `gap`, for the whole span.
    """
    everything = _align(search, social, window=len(search))
    size = len(everything.periods)
    ends = [e for e in range(size, min(window, size) - 1, -every) if e >= MIN_PERIODS][::-1]
    rng = np.random.default_rng(seed)
    parts = []
    for end in ends:
        panel = _slice(everything, slice(max(end - window, 0), end))
        voice = panel.authors if panel.authors is not None else panel.posts
        if not panel.search.any() or voice is None or not voice.any():
            continue
        searched, spoken, _, _ = _sides(panel, draws, rng)
        values = np.log2(_shares(searched)) - np.log2(_shares(spoken))
        part = pd.DataFrame({"topic": panel.topics, "period": panel.periods[-1], "gap": np.median(values, axis=0)})
        for band in BANDS:
            part[f"lo{band}"], part[f"hi{band}"] = np.quantile(values, [0.5 - band / 200, 0.5 + band / 200], axis=0)
        parts.append(part)
    columns = ["topic", "period", "gap", *(f"{side}{band}" for band in BANDS for side in ("lo", "hi"))]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _slice(panel: _Panel, part: slice) -> _Panel:
    def cut(values: Array | None) -> Array | None:
        return None if values is None else values[:, part]

    return replace(
        panel,
        periods=panel.periods[part],
        search=panel.search[:, part],
        lo=panel.lo[:, part],
        hi=panel.hi[:, part],
        posts=cut(panel.posts),
        authors=cut(panel.authors),
        loud_authors=cut(panel.loud_authors),
    )


def _sides(panel: _Panel, draws: int, rng: np.random.Generator) -> tuple[Array, Array, str, Array]:
    """Return draws of the search level and of the voice, what the voice counts, and the probability of a loud account."""
    searched = level_draws(panel.search, panel.lo, panel.hi, draws=draws, rng=rng)
    searched = searched * np.exp2(panel.scale_error * rng.standard_normal(searched.shape))
    return searched, *_voice(panel, draws, rng)


def _shares(x: Array) -> Array:
    return np.asarray(x / x.sum(axis=1, keepdims=True))


def _voice(panel: _Panel, draws: int, rng: np.random.Generator) -> tuple[Array, str, Array]:
    """Return draws of the voice, what it counts, and the probability of a loud account per topic."""
    nobody = np.zeros(len(panel.topics))
    if panel.authors is not None:
        if panel.posts is None:
            return mean_draws(panel.authors, whole=True, draws=draws, rng=rng), "people", nobody
        voices = count_voices(panel.authors, panel.posts, panel.loud_authors)
        return people_draws(voices, draws=draws, rng=rng), "people", voices.loud
    posts = panel.posts
    if posts is None:  # _align has refused this already; said here for the type checker
        raise TooLittleData("the social table has neither authors nor posts")
    whole = bool(np.all(posts == np.round(posts)))
    return mean_draws(posts, whole=whole, draws=draws, rng=rng), "posts" if whole else "shares", nobody


def _verdicts(result: pd.DataFrame, panel: _Panel, draws: Array, level: float) -> tuple[list[str], list[str]]:
    one_sided = np.minimum((draws <= 0).mean(axis=0), (draws >= 0).mean(axis=0))
    # Half a draw keeps a probability that no draw reached above zero.
    clear = stats.false_discovery_control(np.maximum(one_sided, 0.5 / len(draws)), method="bh") <= (1 - level) / 2
    verdicts, reasons = [], []
    for row, is_clear, values in zip(result.itertuples(), clear, panel.search, strict=True):
        floor, nobody = not values.any(), row.share_of_voice <= 0 or row.n_authors == 0
        excludes_zero = row.lo > 0 or row.hi < 0
        if row.lo > -BALANCED and row.hi < BALANCED:
            verdict, reason = "balanced", SMALL
        elif excludes_zero and is_clear:
            verdict, reason = ("silent" if row.lo > 0 else "loud"), (NOBODY_SPOKE if nobody else CLEAR)
        else:
            verdict = "cannot tell"
            reason = BELOW_FLOOR if floor else MANY_TOPICS if excludes_zero else WIDE
        verdicts.append(verdict)
        reasons.append(reason)
    return verdicts, reasons


def _warnings(result: pd.DataFrame, unit: str, loud: Array) -> list[str]:
    out = []
    for row, probability in zip(result.itertuples(), loud, strict=True):
        words = []
        if unit != "people":
            words.append(COUNTS_ONLY)
        if unit == "shares":
            words.append(SHARES_ONLY)
        if probability == 1:
            words.append(LOUD_ACCOUNT)
        elif probability > 0:
            words.append(LOUD_POSSIBLE)
        if max(row.share_of_search, row.share_of_voice) > 0.5 and len(result) > 2:
            words.append(DOMINANT)
        if row.n_periods < 12:
            words.append(FEW_PERIODS)
        out.append("; ".join(words))
    return out


def _align(search: pd.DataFrame, social: pd.DataFrame, window: int) -> _Panel:
    """Put both tables on the topics and periods they share; leave out what one side did not cover."""
    _check(search, "search", ["value"])
    _check(social, "social", [])
    if "authors" not in social and "posts" not in social:
        raise TooLittleData("the social table has neither a column 'authors' nor a column 'posts'")
    everywhere = list(dict.fromkeys([*search["topic"].unique(), *social["topic"].unique()]))
    shared = set(search["topic"].unique()) & set(social["topic"].unique())
    topics = [t for t in everywhere if t in shared]
    if len(topics) < 2:
        raise TooLittleData(
            f"{len(topics)} topic(s) stand in both tables (search has {search['topic'].nunique()}, social "
            f"{social['topic'].nunique()})",
            remedy="a gap compares shares of a panel: bring at least 2 topics with the same names on both sides",
        )
    value = _wide(search, "value", topics)
    voice_name = "authors" if "authors" in social and bool(social["authors"].notna().any()) else "posts"
    if voice_name not in social:
        raise TooLittleData("the social table has no number in 'authors' and no column 'posts'")
    voice = _wide(social, voice_name, topics)
    periods = value.columns.intersection(voice.columns)
    if periods.empty:
        raise TooLittleData(
            f"the tables do not overlap: search covers {_span(value)}, social covers {_span(voice)}",
            remedy="export the same dates, in the same grain, from both sides",
        )
    value, voice = value[periods], voice[periods]
    known = value.notna() & voice.notna()
    recent = known.iloc[:, -window:]
    # A topic that one side hardly covers would empty the window for all others: it is left out and named instead.
    kept = recent.mean(axis=1) >= 0.5 * recent.mean(axis=1).max() if recent.to_numpy().any() else recent.any(axis=1)
    compared = set(kept.index[kept])
    left_out = [t for t in everywhere if t not in compared]
    complete = known[kept].all(axis=0)
    chosen = pd.DatetimeIndex(periods[complete.to_numpy()][-window:])
    names = list(kept.index[kept])
    if len(names) < 2 or len(chosen) < MIN_PERIODS:
        raise TooLittleData(
            f"{len(chosen)} period(s) are covered completely by both sides for {len(names)} topic(s); "
            f"{MIN_PERIODS} periods and 2 topics are the least",
            remedy="bring a longer export, or leave out the topics with missing periods",
        )

    def take(frame: pd.DataFrame, column: str) -> Array:
        wide = _wide(frame, column, names).reindex(columns=chosen)
        return np.asarray(wide.to_numpy(dtype=float))

    values = take(search, "value")
    lo, hi = _bounds(search, values, take)
    scale_error = np.zeros(len(names))
    if "scale_error" in search:
        scale_error = np.nan_to_num(take(search, "scale_error")).max(axis=1)
    authors = take(social, "authors") if voice_name == "authors" else None
    posts = take(social, "posts") if "posts" in social else None
    if posts is not None and np.isnan(posts).any():
        posts = None
    loud_authors = np.nan_to_num(take(social, "loud_authors")) if "loud_authors" in social else None
    panel = _Panel(names, chosen, values, lo, hi, scale_error, posts, authors, loud_authors, left_out)
    _check_sides(panel)
    return panel


def _bounds(search: pd.DataFrame, values: Array, take: object) -> tuple[Array, Array]:
    """Rounding bounds: as given, else +-0.5 for whole numbers (a 0 reaches up to 0.5), else the value itself."""
    whole = bool(np.all(values == np.round(values)))
    lo = np.maximum(values - 0.5, 0) if whole else values
    hi = values + 0.5 if whole else values
    if "lo" in search and "hi" in search and callable(take):
        given_lo, given_hi = take(search, "lo"), take(search, "hi")
        known = np.isfinite(given_lo) & np.isfinite(given_hi)
        lo, hi = np.where(known, given_lo, lo), np.where(known, given_hi, hi)
    return np.asarray(lo), np.asarray(np.maximum(hi, lo))


def _check(frame: pd.DataFrame, side: str, columns: list[str]) -> None:
    missing = [c for c in ["topic", "period", *columns] if c not in frame]
    if missing:
        raise BadSeries(f"the column(s) {', '.join(missing)} are missing", f"the {side} table")
    twice = frame.duplicated(["topic", "period"])
    if twice.any():
        first = frame[twice].iloc[0]
        raise BadSeries(f"period {first['period']} comes twice", f"the {side} table, topic {first['topic']!r}")
    numbers = frame.select_dtypes("number")
    if (numbers < 0).to_numpy().any() or np.isinf(numbers.to_numpy(dtype=float)).any():
        raise BadSeries(
            "a number is negative or infinite", f"the {side} table", "correct it, or leave it empty if unknown"
        )


def _check_sides(panel: _Panel) -> None:
    voice = panel.authors if panel.authors is not None else panel.posts
    if not panel.search.any():
        raise TooLittleData(
            "every search value in the window is zero",
            remedy="the index is below its floor for all topics: ask for broader terms or a longer window",
        )
    if voice is None or not voice.any():
        raise TooLittleData(
            "nobody speaks in the window: every count is zero",
            remedy="check that the posts were collected for these dates and that the social queries match them",
        )
    if panel.authors is not None and voice.sum() < MIN_VOICES:
        raise TooLittleData(
            f"{voice.sum():.0f} voices in all; {MIN_VOICES} are the least for a share of voice",
            remedy="widen the social queries or the dates",
        )


def _wide(frame: pd.DataFrame, column: str, topics: list[str]) -> pd.DataFrame:
    wide = frame.pivot(index="topic", columns="period", values=column).reindex(topics)
    wide.columns = pd.DatetimeIndex(wide.columns)
    return wide.sort_index(axis=1)


def _span(wide: pd.DataFrame) -> str:
    return f"{wide.columns.min():%Y-%m-%d} to {wide.columns.max():%Y-%m-%d}"
