"""Networks: published figures reproduced, planted communities found, nothing claimed where there is nothing."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.communities import communities, controversy, sides
from explorer.illusions import false_consensus, majority_illusion, most_connected
from explorer.networks import Array, Network, assortativity, closure, from_pairs, modularity, network, nmi
from explorer.walks import shuffled

Shared = Callable[..., Path]


def random_network(seed: int, people: int = 200, edges: int = 500) -> Network:
    ends = np.random.default_rng(seed).integers(0, people, (2, edges))
    return from_pairs(ends[0], ends[1], np.ones(edges), pd.RangeIndex(people))


def two_camps(seed: int = 0, people: int = 400, edges: int = 1600, cross: float = 0.04) -> tuple[Network, np.ndarray]:
    rng = np.random.default_rng(seed)
    camp = np.arange(people) % 2
    source = rng.integers(0, people, edges)
    target = rng.integers(0, people // 2, edges) * 2 + np.where(
        rng.random(edges) < cross, 1 - camp[source], camp[source]
    )
    return from_pairs(source, target, np.ones(edges), pd.RangeIndex(people)), camp


def star(leaves: int = 20) -> pd.DataFrame:
    return pd.DataFrame({"source": ["hub"] * leaves, "target": [f"leaf{i}" for i in range(leaves)]})


# --- figures published or measured elsewhere ---


def test_true_sides_of_the_political_blogs_have_the_known_modularity(shared: Shared) -> None:
    folder = shared("data", "net_polblogs_2004")
    net = network(pd.read_csv(folder / "edges.csv.gz"))
    side = net.labels(pd.read_csv(folder / "labels.csv").set_index("node")["label"])
    assert modularity(net, side) == pytest.approx(0.4052, abs=5e-5)
    r, error = assortativity(net, side)
    assert 0.80 < r < 0.82
    assert 0 < error < 0.01
    assert nmi(sides(net), side) > 0.65


@pytest.mark.parametrize(("share", "seen"), [(0.05, 0.179), (0.10, 0.459), (0.20, 0.799), (0.30, 0.894)])
def test_the_most_connected_look_like_the_majority_to_the_known_share(
    share: float, seen: float, shared: Shared
) -> None:
    net = network(pd.read_csv(shared("data", "net_polblogs_2004") / "edges.csv.gz"))
    found = majority_illusion(net, most_connected(net, share))
    assert found.sees == pytest.approx(seen, abs=5e-4)
    assert found.illusion
    assert found.lo < found.sees < found.hi
    assert found.by_chance < 0.1


@pytest.mark.parametrize(
    ("name", "known"),
    [("political_blogs", 0.434), ("facebook_friends", 0.353), ("beefban", 0.749), ("russia_march", 0.824)],
)
def test_random_walk_controversy_agrees_with_the_known_scores(name: str, known: float, shared: Shared) -> None:
    found = controversy(*garimella(shared, name), nulls=0, draws=DRAWS)
    # The known scores are means of 60 draws and came without an error: the spread between draws gives it. 99 %.
    theirs = found.error * np.sqrt(DRAWS / 60)
    assert abs(found.rwc - known) < 2.58 * np.hypot(found.error, theirs) + 0.0005
    assert found.verdict == "not tested"


def test_random_walk_controversy_of_conover_is_the_published_one(shared: Shared) -> None:
    found = controversy(*garimella(shared, "twitter_conover"), nulls=0, draws=DRAWS)
    # Published, as quoted to us, as 0.77: two digits. The 0.757 measured on these files beforehand is a likely mean of up to
    # 18 such draws, not of 60: docs/validation.md.
    assert abs(found.rwc - 0.77) < 0.005 + 2.58 * found.error
    spread = found.error * np.sqrt(DRAWS)
    assert abs(found.rwc - 0.757) < spread, "not even a likely score of single draws"


#: Draws of nodes at which our own error is small beside that of the known scores.
DRAWS = 400


def garimella(shared: Shared, name: str) -> tuple[pd.DataFrame, pd.Series]:
    folder = shared("data", "net_garimella_controversy")
    side = pd.read_csv(folder / f"{name}_sides.csv.gz").set_index("node")["side"]
    return pd.read_csv(folder / f"{name}_edges.csv.gz"), side[side.isin([1, 2])]


def test_walks_score_what_the_equations_of_the_walk_give() -> None:
    """Every choice of two nodes a side is solved as an absorbing chain, every outcome of its four walks weighed."""
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (4, 5), (5, 6), (6, 7), (7, 4), (3, 4), (1, 6)]
    step = np.zeros((8, 8))
    for a, b in pairs:
        step[a, b] = step[b, a] = 1
    step /= step.sum(axis=1, keepdims=True)
    scores = []
    for left, right in itertools.product(itertools.combinations(range(4), 2), itertools.combinations(range(4, 8), 2)):
        to_left = [ends_left(step, start, left, right) for start in left + right]
        score = 0.0
        for ended in itertools.product((0, 1), repeat=4):
            chance = np.prod([1 - p if end else p for p, end in zip(to_left, ended, strict=True)])
            in_left, in_right = [list(ended).count(end) for end in (0, 1)]
            stay_left, stay_right = ended[:2].count(0), ended[2:].count(1)
            if in_left and in_right:
                x, y = stay_left / in_left, stay_right / in_right
                score += chance * (x * y - (1 - x) * (1 - y))
        scores.append(score)
    found = controversy(
        pd.DataFrame(pairs, columns=["source", "target"]),
        {n: n // 4 for n in range(8)},
        share=0.5,
        draws=3000,
        nulls=0,
    )
    assert abs(found.rwc - np.mean(scores)) < 3 * found.error
    assert found.error < 0.02


def ends_left(step: Array, start: int, left: tuple[int, ...], right: tuple[int, ...]) -> float:
    """Chance that a walk from `start` meets a node of `left` first; where it began does not count as met."""
    targets = [n for n in left + right if n != start]
    free = [n for n in range(len(step)) if n not in targets]
    into = step[np.ix_(free, [n for n in left if n != start])].sum(axis=1)
    met = np.linalg.solve(np.eye(len(free)) - step[np.ix_(free, free)], into)
    return float(met[free.index(start)])


def test_parties_of_congress_have_the_known_modularity(shared: Shared) -> None:
    folder = shared("data", "net_congress_117_twitter")
    party = pd.read_csv(folder / "members.csv").set_index("node")["Party"]
    net = network(pd.read_csv(folder / "edges_weighted.csv.gz"))
    once = dataclasses.replace(net, weight=np.ones(net.pairs))
    assert modularity(once, once.labels(party)) == pytest.approx(0.339, abs=0.002)


# --- known truths ---


def test_planted_communities_are_found_and_stable() -> None:
    rng = np.random.default_rng(0)
    home = rng.integers(0, 12, 3000)
    members = [np.flatnonzero(home == c) for c in range(12)]
    source = rng.integers(0, 3000, 24_000)
    stays = rng.random(24_000) < 0.8
    target = np.where(stays, [rng.choice(members[c]) for c in home[source]], rng.integers(0, 3000, 24_000))
    net = from_pairs(source, target, np.ones(24_000), pd.RangeIndex(3000))
    found = communities(net, runs=3)
    assert nmi(found.of["community"].to_numpy(), home) >= 0.95
    assert found.stability > 0.9
    assert found.of["certain"].mean() > 0.9
    sizes = found.of["community"].value_counts().sort_index()
    assert (sizes.diff().dropna() <= 0).all(), "community 0 is the largest"


def test_the_same_seed_gives_the_same_communities() -> None:
    net, _ = two_camps()
    assert communities(net, seed=4).of.equals(communities(net, seed=4).of)


def test_communities_of_a_random_network_are_called_unstable() -> None:
    assert communities(random_network(0)).stability < 0.7


def test_two_camps_are_controversial_whether_known_or_found() -> None:
    net, camp = two_camps()
    for given in (None, pd.Series(camp)):
        found = controversy(net, given, draws=20, nulls=8, found=given is None)
        assert found.verdict == "controversial"
        assert found.rwc > 0.5
        assert found.corrected is not None
        assert found.lo is not None
        assert found.lo > 0
    assert nmi(sides(net), camp) > 0.95


def test_a_random_network_gives_no_controversy_claim() -> None:
    claims = sum(
        controversy(random_network(seed, edges=300 if seed % 2 else 800), draws=20, nulls=8, seed=seed).verdict
        == "controversial"
        for seed in range(24)
    )
    assert claims <= 1


def test_sparse_noise_scores_high_raw_and_nothing_corrected() -> None:
    found = controversy(random_network(3, people=400, edges=430), draws=30, nulls=10)
    assert found.rwc > 0.15, "the trap: a sparse random network looks controversial"
    assert found.verdict == "no sign"
    assert found.lo is not None
    assert found.hi is not None
    assert found.lo < 0 < found.hi


def test_a_shuffled_network_keeps_every_degree() -> None:
    net = random_network(1)
    other = shuffled(net, np.random.default_rng(0))
    assert (other.degree == net.degree).all()
    assert nmi(other.adjacency.toarray().ravel()[:5000] > 0, net.adjacency.toarray().ravel()[:5000] > 0) < 0.5


def test_more_or_less_than_two_sides_are_refused() -> None:
    net, _ = two_camps()
    with pytest.raises(ValueError, match="two sides; 1 were given"):
        controversy(net, dict.fromkeys(range(400), "all"))
    with pytest.raises(ValueError, match="a side has 1 nodes"):
        controversy(net, {0: "a"} | dict.fromkeys(range(1, 400), "b"))


def test_everybody_around_a_hub_sees_the_hub_as_the_majority() -> None:
    found = majority_illusion(star(), ["hub"])
    assert found.sees == pytest.approx(20 / 21)
    assert found.share == pytest.approx(1 / 21)
    assert found.illusion
    assert not majority_illusion(star(), ["leaf3"]).illusion


def test_an_opinion_that_most_hold_is_no_illusion() -> None:
    net, _ = two_camps()
    assert not majority_illusion(net, net.names[: int(0.7 * net.nodes)]).illusion
    with pytest.raises(ValueError, match="nobody has a neighbour"):
        majority_illusion(pd.DataFrame({"source": ["a"], "target": ["a"]}), ["a"])


def test_measures_agree_with_their_definitions_on_a_small_network() -> None:
    # Two triangles joined by one edge (Newman 2010): Q = 6/7 - 1/2.
    edges = pd.DataFrame({"source": [0, 1, 2, 3, 4, 5, 2], "target": [1, 2, 0, 4, 5, 3, 3]})
    net = network(edges)
    side = np.array([0, 0, 0, 1, 1, 1])
    assert modularity(net, side) == pytest.approx(6 / 7 - 1 / 2)
    assert assortativity(net, side)[0] == pytest.approx((6 / 7 - 1 / 2) / (1 - 1 / 2))
    closed = closure(net, side).set_index("group")
    assert closed.loc[0, "inside"] == pytest.approx(6 / 7)
    assert closed.loc[0, "expected"] == pytest.approx(1 / 2)
    assert closed.loc[0, "ei"] == pytest.approx(-5 / 7)


def test_pairs_are_joined_loops_and_unknown_ends_left_out() -> None:
    edges = pd.DataFrame(
        {"source": ["a", "b", "a", "c", "a"], "target": ["b", "a", "a", None, "c"], "weight": [1, 2, 9, 9, 1]}
    )
    net = network(edges)
    assert net.pairs == 2
    assert sorted(net.weight) == [1, 3]
    assert list(net.names) == ["a", "b", "c"]
    assert network(edges, nodes=["a", "b"]).pairs == 1


def test_the_jackknife_error_of_assortativity_is_that_of_leaving_edges_out() -> None:
    net, camp = two_camps(people=40, edges=120)
    r, error = assortativity(net, camp)
    left = [
        assortativity(from_pairs(*(np.delete(x, i) for x in (net.source, net.target, net.weight)), net.names), camp)[0]
        for i in range(net.pairs)
    ]
    assert error == pytest.approx(np.sqrt(((np.array(left) - r) ** 2).sum()), rel=1e-6)


def test_false_consensus_sets_ranked_posts_beside_people() -> None:
    top = pd.DataFrame({"topic": "x", "sentiment_label": ["negative"] * 18 + ["neutral"] * 2 + [None] * 5})
    people = pd.DataFrame({"topic": "x", "author_key": [f"a{i}" for i in range(100)]})
    people["negative"] = [1] * 20 + [0] * 80
    people["neutral"] = [0] * 20 + [1] * 60 + [1] * 20
    people["positive"] = [0] * 80 + [1] * 20
    found = false_consensus(top, people).set_index("opinion")
    assert found.loc["negative", "verdict"] == "looks more common"
    assert found.loc["negative", "seen"] == pytest.approx(0.9)
    assert found.loc["negative", "held"] == pytest.approx(0.2)
    assert found.loc["positive", "held"] == pytest.approx(0.1), "an author torn between two labels counts half"
    labels = ["negative", "neutral", "positive"]
    alike = people.groupby(["topic", *labels]).size().rename("authors").reset_index()
    pd.testing.assert_frame_equal(false_consensus(top, alike), false_consensus(top, people))
    few = false_consensus(top.head(5), people)
    assert (few["verdict"] == "not measured").all()
    assert few["reason"].str.contains("top posts").all()
