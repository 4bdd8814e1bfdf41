"""Who carried it: how much of a spread goes back to accounts of each size, country or community, and how concentrated it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from explorer.trees import Forest, forest
from forecasting.errors import BadArgument

#: Sizes of accounts by followers at posting time. Others cut micro at 100,000: pass your own.
TIERS: Mapping[str, float] = {
    "everyday": 0,
    "nano": 1_000,
    "micro": 10_000,
    "mid": 50_000,
    "macro": 500_000,
    "mega": 1_000_000,
}
#: Accounts that count as small: below this many followers.
SMALL = 10_000
UNKNOWN = "unknown"
DRAWS = 1000


@dataclass(frozen=True)
class Share:
    """A share [0..1] with the interval of `level` and the number of accounts and posts that it rests on."""

    value: float
    lo: float
    hi: float
    level: float
    authors: int
    posts: int


def tier(followers: pd.Series, tiers: Mapping[str, float] = TIERS) -> pd.Series:
    """Return the size of each account; UNKNOWN where its followers are not known."""
    bounds = [*tiers.values(), np.inf]
    if bounds != sorted(set(bounds)) or bounds[0] != 0:
        raise BadArgument("the tiers do not rise from 0", "tiers", "give each the followers at which it begins")
    cut = pd.cut(pd.to_numeric(followers), bounds, right=False, labels=list(tiers))
    return cut.astype(object).where(cut.notna(), UNKNOWN)


def path_credit(trees: Forest) -> np.ndarray:
    """Return the credit of each post: every post further down gives 1, split equally among all posts on its way.

    A post at depth d gives 1 / d to each of its d ancestors; the credits of a cascade of n posts add up to n - 1.
    """
    given = np.where(trees.depth > 0, 1.0 / np.maximum(trees.depth, 1), 0.0)
    return trees.summed_up(given) - given


def carriers(
    nodes: pd.DataFrame, by: pd.Series, *, draws: int = DRAWS, level: float = 0.9, seed: int = 0
) -> pd.DataFrame:
    """Return what each group of accounts did for a spread.

    Parameters
    ----------
    nodes : as explorer.spread.parents returns them; `author_key` and, for reach, `author_followers`.
    by : group of each node (tier, country, community ...); missing = UNKNOWN.
    draws, level, seed : of the bootstrap over accounts, which gives the intervals.

    Returns
    -------
    One row per group: `group`, `posts`, `authors`, `share_of_posts`, `share_of_authors`, `reach` (sum of followers, each
    account once; NaN if none is known), `triggered` (share of all further posts whose parent is in the group) and `credit`
    (share of the path credit) with `_lo`, `_hi`; `amplification` = triggered / share of posts. Largest credit first. Shares are
    NaN where nothing was passed on.
    """
    group = by.where(by.notna(), UNKNOWN).astype(str).to_numpy()
    trees = _trees(nodes)
    child = trees.parent >= 0
    triggered = np.bincount(trees.parent[child], minlength=len(nodes)).astype(float)
    known = nodes["collected"].to_numpy(bool) if "collected" in nodes else np.ones(len(nodes), dtype=bool)
    parts = pd.DataFrame(
        {
            "group": group,
            "author": _account(nodes),
            "posts": known.astype(float),
            "triggered": triggered,
            "credit": path_credit(trees),
        }
    )
    names, shares = _bootstrap(parts, draws, seed)
    followers = pd.to_numeric(nodes.get("author_followers", pd.Series(np.nan, index=nodes.index)))
    once = (
        parts.assign(followers=followers.to_numpy())[known]
        .sort_values("followers")
        .drop_duplicates("author", keep="last")
    )
    rows = []
    for at, name in enumerate(names):
        mine = parts[(parts["group"] == name) & known]
        row: dict[str, Any] = {"group": name, "posts": int(mine["posts"].sum()), "authors": mine["author"].nunique()}
        row["share_of_posts"] = row["posts"] / max(int(known.sum()), 1)
        row["share_of_authors"] = row["authors"] / max(parts.loc[known, "author"].nunique(), 1)
        row["reach"] = once.loc[once["group"] == name, "followers"].sum(min_count=1)
        for what in ("triggered", "credit"):
            total = parts[what].sum()
            row[what] = parts.loc[parts["group"] == name, what].sum() / total if total else np.nan
            row[f"{what}_lo"], row[f"{what}_hi"] = _interval(shares[what][:, at], level)
        row["amplification"] = row["triggered"] / row["share_of_posts"] if row["share_of_posts"] else np.nan
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["credit", "posts"], ascending=False, ignore_index=True)


def small_accounts(
    nodes: pd.DataFrame, *, below: float = SMALL, draws: int = DRAWS, level: float = 0.9, seed: int = 0
) -> Share:
    """Return how much of a spread is due to small accounts: the share of path credit of those with fewer followers.

    The interval is that of a bootstrap over accounts, widened by what accounts of unknown size could be.
    """
    followers = pd.to_numeric(nodes["author_followers"]).to_numpy(float)
    trees = _trees(nodes)
    size = np.where(np.isnan(followers), UNKNOWN, np.where(followers < below, "small", "large"))
    parts = pd.DataFrame(
        {"group": size, "author": _account(nodes), "posts": 1.0, "triggered": 0.0, "credit": path_credit(trees)}
    )
    total = parts["credit"].sum()
    if not total:
        return Share(np.nan, np.nan, np.nan, level, int(nodes["author_key"].nunique()), len(nodes))
    names, shares = _bootstrap(parts, draws, seed)
    drawn = {name: shares["credit"][:, at] for at, name in enumerate(names)}
    none = np.zeros(draws)
    least = drawn.get("small", none)
    most = least + drawn.get(UNKNOWN, none)
    by = parts.groupby("group")["credit"].sum()
    known = by.get("small", 0.0) + by.get("large", 0.0)
    value = by.get("small", 0.0) / known if known else np.nan
    lo, hi = _interval(least, level)[0], _interval(most, level)[1]
    return Share(float(value), lo, hi, level, int(nodes["author_key"].nunique()), len(nodes))


def against_topic(nodes: pd.DataFrame, everyone: pd.Series, *, level: float = 0.9) -> pd.DataFrame:
    """Compare the countries of a spread with those of the whole topic.

    Parameters
    ----------
    nodes : with `author_key` and `country`. everyone : accounts of the whole topic by country (index = country).

    Returns
    -------
    `country`, `authors`, `share`, `lo`, `hi` (Wilson), `usual` (share in the topic), `ratio`; countries that are not known are
    left out of both shares. Most authors first.
    """
    known = nodes.dropna(subset=["country"])
    seen = known.groupby("country")["author_key"].nunique()
    n, usual = int(seen.sum()), everyone / everyone.sum()
    table = pd.DataFrame({"authors": seen, "share": seen / max(n, 1)})
    from statsmodels.stats.proportion import proportion_confint

    table["lo"], table["hi"] = proportion_confint(seen, max(n, 1), 1 - level, "wilson") if n else (np.nan, np.nan)
    table["usual"] = usual.reindex(table.index)
    table["ratio"] = table["share"] / table["usual"]
    return table.sort_values("authors", ascending=False).rename_axis("country").reset_index()


def concentration(values: pd.Series) -> dict[str, float]:
    """Return how concentrated amounts (posts, triggered posts, credit by account) are.

    Returns
    -------
    `gini` [0..1], `hhi` (sum of squared shares), `n_eff` = 1 / hhi, `exp_entropy` (effective number by Shannon),
    `top_1_percent` and `top_10` (shares of the largest), `n`. NaN where everything is zero.
    """
    amounts = np.sort(values.to_numpy(float))
    n, total = len(amounts), amounts.sum()
    if not n or total <= 0:
        names = ("gini", "hhi", "n_eff", "exp_entropy", "top_1_percent", "top_10")
        return {**dict.fromkeys(names, np.nan), "n": float(n)}
    share = amounts / total
    some = share[share > 0]
    hhi = float((share**2).sum())
    return {
        "gini": float(((2 * np.arange(1, n + 1) - n - 1) * share).sum() / n),
        "hhi": hhi,
        "n_eff": 1 / hhi,
        "exp_entropy": float(np.exp(-(some * np.log(some)).sum())),
        "top_1_percent": float(share[-max(1, round(n / 100)) :].sum()),
        "top_10": float(share[-10:].sum()),
        "n": float(n),
    }


def _trees(nodes: pd.DataFrame) -> Forest:
    row = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    return forest(nodes["parent"].map(row).fillna(-1).astype(int).to_numpy(), pd.Index(nodes["id"]))


def _account(nodes: pd.DataFrame) -> np.ndarray:
    """Return the account of each node; a post without author is one of its own."""
    author = nodes["author_key"].astype(object)
    named: np.ndarray = author.where(author.notna(), "?" + nodes["id"].astype(str)).to_numpy(dtype=object)
    return named


def _bootstrap(parts: pd.DataFrame, draws: int, seed: int) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the groups and, for triggered and credit, their shares in each draw of accounts with replacement."""
    table = parts.groupby(["author", "group"])[["triggered", "credit"]].sum().reset_index()
    author, names = pd.factorize(table["author"])
    group, groups = pd.factorize(table["group"], sort=True)
    rng = np.random.default_rng(seed)
    sums = {what: np.zeros((draws, len(groups))) for what in ("triggered", "credit")}
    carrying = (table["triggered"] > 0) | (table["credit"] > 0)
    rows = np.flatnonzero(carrying.to_numpy())
    member = np.zeros((len(rows), len(groups)))
    member[np.arange(len(rows)), group[rows]] = 1.0
    amounts = {what: table[what].to_numpy(float)[rows, None] * member for what in sums}
    for d in range(draws):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[author[rows]]
        for what, found in sums.items():
            found[d] = times @ amounts[what]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {what: found / found.sum(axis=1, keepdims=True) for what, found in sums.items()}
    return [str(g) for g in groups], shares


def _interval(drawn: np.ndarray, level: float) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return np.nan, np.nan
    tail = (1 - level) / 2
    return float(np.quantile(known, tail)), float(np.quantile(known, 1 - tail))
