"""How something spread: from which post, through whom, and how far from a broadcast."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from explorer.content_key import content_keys
from explorer.trees import Forest, forest, forest_of_edges, virality
from forecasting.errors import BadSeries

#: How the parent of a post is known: the post says it; the latest earlier sharer among the accounts its author follows; only
#: the first post is known, as networks credit it; it carries the same content without saying from where; it is a first post.
HOW = ("told", "follows", "credited", "copy", "origin")
_INFERRED = ("follows", "credited", "copy")
_NAMES = ("in_reply_to", "quote_of", "repost_of")


def structural_virality(edges: pd.DataFrame | Iterable[tuple[object, object]]) -> float:
    """Return the structural virality of one cascade: the mean distance between two of its posts.

    1 for a post passed on once, just under 2 for a broadcast (star), (n + 1) / 3 for a chain of n. Cascades of different sizes
    must not be compared by it (Juul & Ugander 2021): compare those of about the same size.

    Parameters
    ----------
    edges : `child`, `parent`, one row a post that was taken from another; a row without parent marks the first post.

    Raises
    ------
    BadSeries : no edge, several first posts (use `cascades`), two parents, a circle.

    References
    ----------
    Goel, Anderson, Hofman & Watts (2016), Management Science 62(1); Juul & Ugander (2021), PNAS 118(46).
    """
    frame = edges if isinstance(edges, pd.DataFrame) else pd.DataFrame(list(edges), columns=["child", "parent"])
    trees = forest_of_edges(frame["child"], frame["parent"])
    firsts = int((trees.parent < 0).sum())
    if firsts != 1 or len(trees.ids) < 2:
        raise BadSeries(
            f"{firsts} first posts and {len(trees.ids)} posts make no single cascade", "edges", "use cascades()"
        )
    return float(virality(trees)[0])


def cascades(
    posts: pd.DataFrame, *, follows: pd.DataFrame | None = None, copies: bool = False, least: int = 1
) -> pd.DataFrame:
    """Return every cascade with its size and shape, largest first.

    Parameters
    ----------
    posts : posts (see `parents`), what `parents` returned for them, or plain edges `child`, `parent` and, where ids come
        again in other cascades, `tree`.
    follows, copies : see `parents`.
    least : posts that a cascade must have.

    Returns
    -------
    `root` (id of the first post; with `tree` if given), `n` (posts), `depth`, `breadth` (most posts at one depth), `virality`
    (NaN for a single post), and for posts `virality_lo`, `virality_hi` (every parent that is not told set to the first post,
    and to the latest earlier post), `inferred` (share of edges whose parent is not told), `collected` (the first post is among
    the posts), `authors`, `start`, `end`.

    Raises
    ------
    BadSeries : see `parents` and `structural_virality`.
    """
    if "child" in posts:
        tree = posts.get("tree")
        child, parent = posts["child"], posts["parent"]
        if tree is not None:
            names = pd.MultiIndex.from_arrays([tree, child])
            above = pd.Series(list(zip(tree, parent, strict=True)), index=posts.index).where(parent.notna())
            trees = forest_of_edges(names.to_flat_index(), above)
        else:
            trees = forest_of_edges(child, parent)
        table = _shapes(trees)
        if tree is not None:
            table["tree"], table["root"] = zip(*table["root"], strict=True) if len(table) else ([], [])
        return _largest(table, least)
    # Asked again, `parents` would take posts that are only named for collected ones.
    known = {"parent", "how", "root", "collected"} <= set(posts.columns)
    nodes = posts if known else parents(posts, follows=follows, copies=copies)
    return _largest(_of_posts(nodes), least)


def parents(posts: pd.DataFrame, *, follows: pd.DataFrame | None = None, copies: bool = False) -> pd.DataFrame:
    """Say of every post which one it was taken from, and how that is known.

    A reply and a quote name their parent. A repost names it where the network keeps chains (some repost names a repost);
    where it only ever credits the first post, the parent is the latest earlier sharer among the accounts that the author
    follows, if that is known, else the first post.

    Parameters
    ----------
    posts : `id`, `created_at`, `author_key`, `kind`, `in_reply_to`, `repost_of`, `quote_of`; `platform`, `text` and `links` if
        known. A post named as parent that is not among them becomes a row of its own, `collected` False.
    follows : `follower`, `followed`, author keys.
    copies : take a post without parent that carries the content of an earlier one (explorer.content_key) as taken from the
        first that carried it.

    Returns
    -------
    The posts in order of time with `parent` (id, None = first), `how` (one of HOW), `root`, `depth`, `collected`.

    Raises
    ------
    BadSeries : a column is absent, an id comes twice, posts in a circle.
    """
    needed = {"id", "created_at", "author_key", "kind", *_NAMES}
    if absent := needed - set(posts.columns):
        raise BadSeries(f"there is no column {', '.join(sorted(absent))}", "posts", "read them with explorer.tallies")
    if posts["id"].duplicated().any():
        raise BadSeries("an id comes twice", "posts", "keep the newest row of each post")
    nodes = posts.sort_values(["created_at", "id"], kind="stable").reset_index(drop=True)
    told = nodes["in_reply_to"].where(nodes["kind"] == "reply")
    told = nodes["repost_of"].where(nodes["kind"] == "repost", told).fillna(nodes["quote_of"]).astype(object)
    outside = pd.Index(told.dropna().unique()).difference(nodes["id"])
    nodes["collected"] = True
    if len(outside):
        # Named but not collected: it was there before the first that names it.
        first = nodes.assign(_told=told).groupby("_told")["created_at"].min().reindex(outside)
        extra = pd.DataFrame({"id": outside, "created_at": first.to_numpy(), "collected": False})
        nodes = pd.concat([extra, nodes], ignore_index=True)
        told = pd.concat([pd.Series([None] * len(extra), dtype=object), told], ignore_index=True)
    row = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    parent = told.map(row).fillna(-1).to_numpy(dtype=np.int64, copy=True)
    how = np.where(parent >= 0, "told", "origin").astype(object)
    credited = (nodes["kind"] == "repost").to_numpy() & (parent >= 0) & ~_keeps_chains(nodes, parent)
    how[credited] = "credited"
    if follows is not None:
        _through_follows(nodes, parent, how, credited, follows)
    if copies:
        _through_content(nodes, parent, how)
    trees = forest(parent, pd.Index(nodes["id"]))
    ids = nodes["id"].to_numpy(dtype=object)
    nodes["parent"] = np.where(parent >= 0, ids[parent], None)
    nodes["how"], nodes["root"], nodes["depth"] = how, ids[trees.root], trees.depth
    return nodes


def origins(posts: pd.DataFrame) -> pd.DataFrame:
    """Return for every content who carried it first.

    Parameters
    ----------
    posts : as `parents`, with `text`, and `platform` and `links` if known.

    Returns
    -------
    `content`, `id`, `author_key`, `created_at` of its first post, `posts`, `authors`, `last`; most carried first.
    """
    ordered = posts.assign(content=content_keys(posts)).sort_values(["created_at", "id"])
    found = ordered.groupby("content", sort=False).agg(
        id=("id", "first"),
        author_key=("author_key", "first"),
        created_at=("created_at", "first"),
        posts=("id", "size"),
        authors=("author_key", "nunique"),
        last=("created_at", "last"),
    )
    return found.reset_index().sort_values(["posts", "created_at"], ascending=[False, True], ignore_index=True)


def _shapes(trees: Forest) -> pd.DataFrame:
    depth = np.zeros(len(trees.ids), dtype=np.int64)
    np.maximum.at(depth, trees.root, trees.depth)
    level = pd.Series(trees.root * (int(trees.depth.max(initial=0)) + 1) + trees.depth)
    breadth = np.zeros(len(trees.ids), dtype=np.int64)
    np.maximum.at(breadth, trees.root, level.map(level.value_counts()).to_numpy())
    first = np.flatnonzero(trees.parent < 0)
    return pd.DataFrame(
        {
            "root": trees.ids[first],
            "n": trees.branch[first],
            "depth": depth[first],
            "breadth": breadth[first],
            "virality": virality(trees)[first],
        }
    )


def _of_posts(nodes: pd.DataFrame) -> pd.DataFrame:
    row = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    parent = nodes["parent"].map(row).fillna(-1).astype(int).to_numpy()
    root = nodes["root"].map(row).to_numpy()
    inferred = nodes["how"].isin(_INFERRED).to_numpy()
    table = _shapes(forest(parent, pd.Index(nodes["id"])))
    lowest = np.where(inferred, root, parent)
    order = pd.Series(np.arange(len(nodes)))
    before = order.groupby(root).shift(1).fillna(-1).astype(int).to_numpy()
    highest = np.where(inferred & (before >= 0), before, parent)
    for name, up in (("virality_lo", lowest), ("virality_hi", highest)):
        shaped = _shapes(forest(up, pd.Index(nodes["id"]))).set_index("root")["virality"]
        table[name] = table["root"].map(shaped).to_numpy()
    edge = parent >= 0
    facts = (
        nodes.assign(_edge=edge, _inferred=inferred & edge)
        .groupby("root")
        .agg(
            edges=("_edge", "sum"),
            guessed=("_inferred", "sum"),
            collected=("collected", "first"),
            authors=("author_key", "nunique"),
            start=("created_at", "min"),
            end=("created_at", "max"),
        )
    )
    facts["inferred"] = facts["guessed"] / facts["edges"].where(facts["edges"] > 0)
    wanted = ["inferred", "collected", "authors", "start", "end"]
    return table.merge(facts[wanted], left_on="root", right_index=True, how="left")


def _largest(table: pd.DataFrame, least: int) -> pd.DataFrame:
    kept = table[table["n"] >= least]
    return kept.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def _keeps_chains(nodes: pd.DataFrame, parent: np.ndarray) -> np.ndarray:
    """Return, per post, whether its network ever names a repost as the parent of a repost."""
    repost = (nodes["kind"] == "repost").to_numpy()
    of_repost = repost & (parent >= 0) & repost[np.maximum(parent, 0)]
    platform = nodes["platform"].fillna("") if "platform" in nodes else pd.Series("", index=nodes.index)
    return platform.isin(platform[of_repost].unique()).to_numpy()


def _through_follows(
    nodes: pd.DataFrame, parent: np.ndarray, how: np.ndarray, credited: np.ndarray, follows: pd.DataFrame
) -> None:
    """Give a credited repost the latest earlier sharer whom its author follows, in place."""
    followed = follows.groupby("follower")["followed"].agg(set).to_dict()
    author = nodes["author_key"].to_numpy(dtype=object)
    latest: dict[int, dict[object, int]] = {}
    for row in range(len(nodes)):
        first = int(parent[row]) if credited[row] else row
        sharers = latest.setdefault(first, {author[first]: first})
        if credited[row]:
            known = [sharers[a] for a in followed.get(author[row], ()) if a in sharers and sharers[a] != row]
            if known:
                parent[row], how[row] = max(known), "follows"
            sharers[author[row]] = row


def _through_content(nodes: pd.DataFrame, parent: np.ndarray, how: np.ndarray) -> None:
    if "text" not in nodes:
        raise BadSeries("there is no column 'text'", "posts", "copies are found by their words")
    content = content_keys(nodes)
    first = content.map(pd.Series(nodes.index, index=content).groupby(level=0).min()).to_numpy()
    copied = (parent < 0) & (first < np.arange(len(nodes))) & ~content.str.startswith("post:").to_numpy()
    # The first that carried it may itself be an answer: its own cascade is then joined, never a circle, as it is earlier.
    parent[copied], how[copied] = first[copied], "copy"
