"""Spread: structural virality, origins, cascades and who carried them, exact on trees whose answer is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

from explorer.carriers import against_topic, carriers, concentration, path_credit, small_accounts, tier
from explorer.charts import country_dots, country_map, to_svg
from explorer.charts.countries import on_the_map
from explorer.content_key import canonical, content_keys
from explorer.spread import cascades, origins, parents, structural_virality
from explorer.trees import forest
from explorer.words import Words
from forecasting.errors import BadArgument, BadSeries

T0 = pd.Timestamp("2026-01-05", tz="UTC")


def post(number: int, kind: str = "post", parent: int | None = None, **given: object) -> dict[str, object]:
    names = {"reply": "in_reply_to", "repost": "repost_of", "quote": "quote_of"}
    row: dict[str, object] = dict.fromkeys(["in_reply_to", "repost_of", "quote_of", "text", "links"])
    row |= {"id": f"p{number}", "kind": kind, "author_key": f"a{number}", "platform": "m", "country": "FR"}
    row |= {"created_at": T0 + pd.Timedelta(number, "min"), "author_followers": 100.0}
    if parent is not None:
        row[names[kind]] = f"p{parent}"
    return row | given


@pytest.mark.parametrize("n", [2, 3, 50, 1001])
def test_virality_is_exact_on_stars_and_chains(n: int) -> None:
    star = pd.DataFrame({"child": range(1, n), "parent": 0})
    chain = pd.DataFrame({"child": range(1, n), "parent": range(n - 1)})
    assert structural_virality(star) == pytest.approx(2 * (1 - 1 / n), rel=1e-12)
    assert structural_virality(chain) == pytest.approx((n + 1) / 3, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60))
def test_virality_is_the_mean_distance_between_all_pairs(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    parent = (rng.random(n - 1) * np.arange(1, n)).astype(int)
    names = rng.permutation(10 * n)[:n]
    links = coo_matrix((np.ones(n - 1), (np.arange(1, n), parent)), shape=(n, n)).tocsr()
    distance = shortest_path(links, directed=False, unweighted=True)
    edges = pd.DataFrame({"child": names[1:], "parent": names[parent]}).sample(frac=1, random_state=seed)
    assert structural_virality(edges) == pytest.approx(distance.sum() / (n * (n - 1)), rel=1e-12)
    assert structural_virality(list(edges.itertuples(index=False, name=None))) == structural_virality(edges)


def test_what_is_no_single_tree_is_refused() -> None:
    for edges, why in (
        ([(1, 0), (3, 2)], "first posts"),
        ([(1, 0), (1, 2)], "two parents"),
        ([(1, 2), (2, 3), (3, 1)], "ancestors"),
        ([], "first posts"),
    ):
        with pytest.raises(BadSeries, match=why):
            structural_virality(pd.DataFrame(edges, columns=["child", "parent"]))


def test_a_chain_as_deep_as_it_is_long_is_measured() -> None:
    n = 200_000  # a million, and its time, stand in benchmarks/alerts.py
    assert structural_virality(pd.DataFrame({"child": np.arange(1, n + 1), "parent": np.arange(n)})) == (n + 2) / 3


def test_cascades_have_their_size_depth_and_breadth() -> None:
    edges = pd.DataFrame(
        [("a", "b", 1), ("a", "c", 1), ("c", "d", 1), ("x", "y", 2)], columns=["parent", "child", "tree"]
    )
    table = cascades(edges).set_index("tree")
    assert table.loc[1, ["root", "n", "depth", "breadth"]].tolist() == ["a", 4, 2, 2]
    assert table.loc[2, "virality"] == 1.0
    assert table.loc[1, "virality"] == pytest.approx(10 / 6)


def test_parents_are_told_by_replies_and_chains_and_credited_where_a_network_keeps_none() -> None:
    chain = [post(0), post(1, "repost", 0), post(2, "repost", 1), post(3, "reply", 2)]
    assert parents(pd.DataFrame(chain))["how"].tolist() == ["origin", "told", "told", "told"]
    star = pd.DataFrame([post(0), post(1, "repost", 0), post(2, "repost", 0), post(3, "repost", 0)])
    found = parents(star)
    assert found["how"].tolist() == ["origin", "credited", "credited", "credited"]
    row = cascades(star).iloc[0]
    assert (row["inferred"], row["virality_lo"]) == (1.0, row["virality"])
    assert row["virality_hi"] == pytest.approx(5 / 3)
    follows = pd.DataFrame({"follower": ["a3", "a3", "a2"], "followed": ["a1", "a2", "a9"]})
    assert parents(star, follows=follows).set_index("id").loc["p3", ["parent", "how"]].tolist() == ["p2", "follows"]


def test_a_first_post_that_was_not_collected_still_holds_its_cascade_together() -> None:
    posts = pd.DataFrame([post(1, "repost", 0), post(2, "repost", 0), post(3)])
    table = cascades(posts, least=2)
    assert table[["root", "n", "collected", "authors"]].values.tolist() == [["p0", 3, False, 2]]


def test_the_origin_is_the_first_to_carry_a_content_by_link_words_or_repost() -> None:
    words = "le feu a pris dans la cave cette nuit encore"
    posts = pd.DataFrame(
        [
            post(3, text=words.upper() + " !"),
            post(1, text=words),
            post(4, "repost", 1),
            post(2, text="lire https://www.site.fr/a/?utm_source=x"),
            post(5, links='["http://site.fr/a#top"]', text="voir"),
        ]
    )
    found = origins(posts).set_index("id")
    assert found.loc["p1", "posts"] == 3
    assert found.loc["p2", "posts"] == 2
    assert parents(posts, copies=True).set_index("id").loc[["p3", "p5"], "parent"].tolist() == ["p1", "p2"]
    assert content_keys(pd.DataFrame([post(9, text="merci !")])).iloc[0] == "post:p9"


@pytest.mark.parametrize(
    ("one", "other"),
    [("https://www.a.fr/x/", "http://a.fr/x"), ("https://a.fr/x?b=1&utm_source=t&a=2", "https://m.a.fr/x?a=2&b=1#c")],
)
def test_addresses_of_one_page_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_path_credit_is_split_among_all_on_the_way() -> None:
    # 0 -> 1 -> 2, 0 -> 3: node 1 and 3 give 1 to the root; node 2 gives a half to each of 1 and 0.
    credit = path_credit(forest(np.array([-1, 0, 1, 0])))
    assert credit.tolist() == [2.5, 0.5, 0.0, 0.0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(2, 80))
def test_path_credit_adds_up_to_what_was_passed_on(seed: int, n: int) -> None:
    parent = (np.random.default_rng(seed).random(n) * np.arange(n)).astype(int)
    parent[0] = -1
    assert path_credit(forest(parent)).sum() == pytest.approx(n - 1)


def test_tiers_carry_what_a_hand_counts() -> None:
    followers = [500, 20_000, 800, 2_000, None]
    rows = [post(0), post(1, "repost", 0), post(2, "repost", 1), post(3, "repost", 1), post(4, "repost", 2)]
    nodes = parents(pd.DataFrame([r | {"author_followers": f} for r, f in zip(rows, followers, strict=True)]))
    by = carriers(nodes, tier(nodes["author_followers"])).set_index("group")
    assert by["posts"].to_dict() == {"everyday": 2, "micro": 1, "nano": 1, "unknown": 1}
    assert by["reach"].dropna().to_dict() == {"everyday": 1300.0, "micro": 20000.0, "nano": 2000.0}
    # p1 triggers two of four posts, p0 and p2 one each.
    assert by["triggered"].to_dict() == {"everyday": 0.5, "micro": 0.5, "nano": 0.0, "unknown": 0.0}
    # p0: 1 + 1/2 + 1/2 + 1/3; p1: 1/2 + 1/2 + 1/3; p2: 1/3.
    assert by.loc["everyday", "credit"] == pytest.approx((7 / 3 + 1 / 3) / 4)
    assert by.loc["micro", "credit"] == pytest.approx((4 / 3) / 4)
    assert by.loc["micro", "amplification"] == pytest.approx(0.5 / 0.2)
    small = small_accounts(nodes)
    assert small.value == pytest.approx(2 / 3)
    assert small.lo <= small.value <= small.hi


def test_communities_amplify_as_a_hand_counts() -> None:
    """p0 (north) is passed on by p1, p2 (south); p1 by p3, p4 (south); p5 (east) is passed on by nobody, p6 names none."""
    south, north = {"community": "south"}, {"community": "north"}
    rows = [
        post(0, **north), post(1, "repost", 0, **south), post(2, "repost", 0, **south), post(3, "repost", 1, **south),
        post(4, "repost", 1, **south), post(5, community="east"), post(6, community=None),
    ]  # fmt: skip
    nodes = parents(pd.DataFrame(rows))
    table = carriers(nodes, nodes["community"]).set_index("group")
    assert table["posts"].to_dict() == {"north": 1, "south": 4, "east": 1, "unknown": 1}
    assert table.loc["north", "triggered"] == pytest.approx(2 / 4)
    assert table.loc["south", "triggered"] == pytest.approx(2 / 4)
    assert table.loc["north", "amplification"] == pytest.approx((2 / 4) / (1 / 7))
    assert table.loc["south", "amplification"] == pytest.approx((2 / 4) / (4 / 7))
    assert table.loc["east", "amplification"] == 0
    assert table.loc["north", "credit"] == pytest.approx(3 / 4), "whole credit of two, half of that of two more"
    assert (table["credit_lo"] <= table["credit_hi"]).all()


def test_countries_are_compared_with_the_whole_topic_and_drawn_on_a_map() -> None:
    rows = [post(n, country="BE" if n < 30 else "FR") for n in range(50)] + [
        post(50, country="SG"),
        post(51, country=None),
    ]
    found = against_topic(pd.DataFrame(rows), pd.Series({"FR": 800, "BE": 150, "SG": 50})).set_index("country")
    assert found.loc["BE", "share"] == pytest.approx(30 / 51)
    assert found.loc["BE", "usual"] == pytest.approx(0.15)
    assert found.loc["BE", "ratio"] == pytest.approx(30 / 51 / 0.15)
    assert found.loc["BE", "lo"] > 0.15, "more than chance"
    table = found.rename(columns={"authors": "people"}).assign(country_words=found.index).reset_index()
    assert on_the_map(table["country"]).tolist() == [True, True, False]
    drawn = to_svg(country_map(table, Words("fr")), Words("fr"))
    assert "Part des personnes impliquées" in drawn
    shapes = re.findall(r'aria-label="([^"]*BE[^"]*)"', drawn)
    assert len(shapes) == 1, "the country is drawn once, with its number"
    assert "30" in shapes[0]
    assert drawn.count("<path") > 170
    assert "SG" in to_svg(country_dots(table, Words("en")), Words("en")), "what is too small for the map has its point"


def test_accounts_of_unknown_size_widen_the_interval() -> None:
    rows = [post(0), *(post(n, "repost", n - 1) for n in range(1, 30))]
    known = parents(pd.DataFrame(rows))
    hidden = known.assign(author_followers=known["author_followers"].where(known.index % 3 > 0))
    assert small_accounts(known).hi == 1.0
    assert small_accounts(hidden).lo < 0.8
    assert small_accounts(hidden).hi == 1.0


def test_concentration_of_equal_and_of_single_voices() -> None:
    equal, single = concentration(pd.Series([2.0] * 10)), concentration(pd.Series([0.0] * 9 + [5.0]))
    assert (equal["gini"], equal["n_eff"], equal["exp_entropy"]) == (
        pytest.approx(0),
        pytest.approx(10),
        pytest.approx(10),
    )
    assert (single["gini"], single["n_eff"], single["top_1_percent"]) == (pytest.approx(0.9), 1.0, 1.0)
    assert np.isnan(concentration(pd.Series([0.0, 0.0]))["gini"])


def test_tiers_that_do_not_rise_are_refused() -> None:
    with pytest.raises(BadArgument):
        tier(pd.Series([1]), {"small": 0, "large": 10, "middle": 5})


def test_the_published_figures_of_real_cascades(shared: Callable[..., Path]) -> None:
    path = shared("data", "cascade_marref", "full_data_Marref.csv.gz")
    table = cascades(pd.read_csv(path, header=None, names=["child", "parent", "tree", "generation"]))
    assert (len(table), table["n"].sum(), table["depth"].max()) == (31_524, 164_183, 14)
    assert table["virality"].mean() == pytest.approx(1.430, abs=5e-4)
    for least, median in ((10, 2.55), (50, 3.53), (100, 3.91)):
        assert table.loc[table["n"] >= least, "virality"].median() == pytest.approx(median, abs=5e-3)


def test_a_first_post_that_is_only_named_stays_uncollected_when_the_parents_are_known_already() -> None:
    at = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
    rows = pd.DataFrame({"id": ["b", "c"], "created_at": at, "author_key": ["x", "y"], "kind": "reply"})
    rows = rows.assign(in_reply_to="a", repost_of=None, quote_of=None)
    assert not cascades(parents(rows))["collected"].any()
    pd.testing.assert_frame_equal(cascades(parents(rows)), cascades(rows))
