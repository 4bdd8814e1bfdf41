"""Everything that is planted in the example, so that what an analysis finds can be compared with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Leading:
    """Searches of `topic` lead its posts by `weeks`."""

    topic: str
    weeks: int


@dataclass(frozen=True)
class Seasonal:
    """`topic` swings by a factor of about exp(2 x `amplitude`) over the year and peaks in `peak_month`."""

    topic: str
    peak_month: int
    amplitude: float


@dataclass(frozen=True)
class Emerging:
    """Searches of `topic` leave their level in the week `search_from`, posts in the week `posts_from`."""

    topic: str
    search_from: pd.Timestamp
    posts_from: pd.Timestamp
    growth: float


@dataclass(frozen=True)
class Crisis:
    """The hoax. `peak_day` is the day with most posts and reposts; `ids` are all of them, in order of time."""

    topic: str
    brand: str
    terms: tuple[str, ...]
    start: pd.Timestamp
    press_from: pd.Timestamp
    peak_day: pd.Timestamp
    end: pd.Timestamp
    first_answer: pd.Timestamp
    origin_id: str
    origin_author: str
    brand_author: str
    answer_ids: tuple[str, ...]
    ids: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Capped:
    """The collection of `query` was cut in the window [`start`, `end`): `missing` posts exist but were not fetched."""

    topic: str
    query: str
    start: pd.Timestamp
    end: pd.Timestamp
    missing: int


@dataclass(frozen=True)
class Truth:
    """What is planted.

    Attributes
    ----------
    topics : per topic `label`, `role`, `share_of_search`, `share_of_voice` [0..1], `gap` [doublings], `verdict` ('silent'
        above 0.5, 'loud' below -0.5, else 'balanced'), over the last 52 weeks, in people who write (reposts are not writing).
    gap : the column `gap` of `topics`.
    need, speak : latent series, one row a week, one column a topic: relative need, and expected people who write.
    silent : topics with the largest gaps. loud : topics with the verdict 'loud'.
    inflated : topic -> keys of the handful of accounts that make it look loud in posts.
    cascade : the reposts of the hoax as a tree: `child`, `parent`, `created_at`, `followers`, `country`, `tier`.
    coordinated : `burst`, `id`, `author_key`, `created_at`, `text`, `link`.
    queries : `topic`, `query`, `term`, `volume`, `served` (a page answers), `said` (posts speak of it), `page`, `marker`
        (words that carry the need), `said_posts` (posts that speak it).
    unanswered_queries, unspoken_queries : queries that no page answers, and that nobody speaks of.
    communities : author key -> community. authors : everything known about the authors who wrote.
    posts : per row of the posts table, in its order, `id`, `topic` ('' for chatter), `lang`, `tone`, `form`, `role`,
        `community`, `need` (the query it speaks).
    brands : per brand of the study `brand`, `interest`, `searched_leaving` (share of the searches naming it that ask how to
        leave it), `said_leaving` (share of the posts on it, apart from the crisis, that leave it), `people` (who wrote those).
    regions : topic -> regions that search it most and do not speak of it.
    """

    topics: pd.DataFrame
    gap: pd.Series
    need: pd.DataFrame = field(repr=False)
    speak: pd.DataFrame = field(repr=False)
    silent: tuple[str, ...]
    loud: tuple[str, ...]
    inflated: dict[str, tuple[str, ...]]
    leading: Leading
    seasonal: Seasonal
    emerging: Emerging
    crisis: Crisis
    cascade: pd.DataFrame = field(repr=False)
    coordinated: pd.DataFrame = field(repr=False)
    queries: pd.DataFrame = field(repr=False)
    unanswered_queries: tuple[str, ...] = field(repr=False)
    unspoken_queries: tuple[str, ...] = field(repr=False)
    communities: dict[str, str] = field(repr=False)
    authors: pd.DataFrame = field(repr=False)
    posts: pd.DataFrame = field(repr=False)
    brands: pd.DataFrame
    regions: dict[str, tuple[str, ...]]
    capped: Capped

    def compare_gap(self, found: pd.Series) -> dict[str, float]:
        """Compare gaps that were found (index = topic) with the planted ones.

        Returns
        -------
        `rank_correlation` (Spearman), `mean_abs_error` [doublings], `silent_found` (share of the silent topics among as many
        largest gaps) and `false_silent` (inflated topics found above 0.5).

        Raises
        ------
        KeyError : a topic of the example is missing in `found`.
        """
        aligned = found.loc[list(self.gap.index)].astype(float)
        top = aligned.nlargest(len(self.silent)).index
        return {
            "rank_correlation": float(aligned.rank().corr(self.gap.rank())),
            "mean_abs_error": float((aligned - self.gap).abs().mean()),
            "silent_found": len(set(top) & set(self.silent)) / len(self.silent),
            "false_silent": float((aligned[list(self.inflated)] > 0.5).sum()),
        }


def precision_recall(found: Iterable[str], planted: Iterable[str]) -> tuple[float, float]:
    """Return precision and recall of a found set (queries, post ids, authors) against a planted one.

    Raises
    ------
    ValueError : one of the sets is empty, so that its rate is not defined.
    """
    found, planted = set(found), set(planted)
    if not found or not planted:
        raise ValueError("precision and recall need at least one found and one planted item")
    both = len(found & planted)
    return both / len(found), both / len(planted)
