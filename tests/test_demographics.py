"""Who people are: no two published tables give away a group of fewer than ten, whatever is subtracted or solved for."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from explorer.demographics import SEVERAL, demographics
from explorer.study import Topic
from explorer.tallies_people import PeopleTallies
from sources.disclosure import ALL, UNKNOWN
from sources.store import Store

K = 10
TOPICS = [Topic("sun", "sun", ("solar",), "solar"), Topic("heat", "heat", ("boiler",), "boiler")]


def crowd(rng: np.random.Generator, *, rare: bool) -> pd.DataFrame:
    """People of random genders, ages and topics; `rare`: a gender or an age that hardly anybody has."""
    n = int(rng.integers(40, 160)) if rare else int(rng.integers(150, 400))
    few = 0.04 if rare else 0.3
    gender = rng.choice(["female", "male", None], n, p=[0.8 - few, few, 0.2])
    age = rng.choice(["18-24", "25-34", "65+"], n, p=[0.52, 0.44, 0.04])
    topic = rng.choice(["sun", "heat", None], n, p=[0.66, 0.04, 0.3])
    return pd.DataFrame({"author_key": [f"a{i}" for i in range(n)], "topic": topic, "gender": gender, "age_band": age})


def test_both_tables_together_never_pin_down_a_group_below_ten() -> None:
    """The attacker knows every published figure of both tables and how they are made, and solves for each small group."""
    rng = np.random.default_rng(0)
    both = attacked = 0
    for trial in range(10):
        people = crowd(rng, rare=trial % 2 == 0)
        told = demographics(people)
        both += not told.by_topic.empty
        full = people.fillna({"topic": SEVERAL, "gender": UNKNOWN, "age_band": UNKNOWN})
        axes = [sorted(full[c].unique()) for c in ("topic", "gender", "age_band")]
        cells = list(product(*axes))
        rows, figures = published(told, cells)
        for gender, age in product([*axes[1], ALL], [*axes[2], ALL]):
            attacked += check(full, cells, rows, figures, (ALL, gender, age))
        for topic, gender in product([*axes[0], ALL], [*axes[1], ALL]):
            attacked += check(full, cells, rows, figures, (topic, gender, ALL))
    assert both >= 2, "the joint attack must meet both tables"
    assert attacked >= 20, "there must have been small groups to find"


def published(told, cells: list[tuple[str, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Return every published figure as a sum over topic x gender x age."""
    rows, figures = [], []
    for frame, first in ((told.by_trait, ("gender", "age_band")), (told.by_topic, ("topic", "gender"))):
        for row in frame[~frame["suppressed"].astype(bool)].to_dict("records"):
            key = {"topic": ALL, "gender": ALL, "age_band": ALL} | {c: row[c] for c in first}
            rows.append(inside(cells, tuple(key.values())))
            figures.append(int(row["people"]))
            assert row["people"] == 0 or row["people"] >= K
    return np.array(rows, float), np.array(figures, float)


def inside(cells: list[tuple[str, ...]], group: tuple[str, ...]) -> list[bool]:
    return [all(w in (ALL, v) for v, w in zip(c, group, strict=True)) for c in cells]


def check(full: pd.DataFrame, cells: list, rows: np.ndarray, figures: np.ndarray, group: tuple[str, ...]) -> int:
    truth = sum(
        all(w in (ALL, v) for v, w in zip(p, group, strict=True))
        for p in full[["topic", "gender", "age_band"]].itertuples(index=False)
    )
    if not 0 < truth < K or not len(rows):
        return 0
    aim = np.array(inside(cells, group), float)
    low, high = (linprog(s * aim, A_eq=rows, b_eq=figures, bounds=(0, None)) for s in (1.0, -1.0))
    # Without bound above (status 3) nothing is learned.
    assert high.status == 3 or -high.fun - low.fun >= K - 1e-6, (group, truth)
    return 1


def test_a_table_that_would_complete_the_other_is_not_published() -> None:
    """Three men: by age they hide behind others; a table by topic that showed all but them would name their number."""
    people = pd.DataFrame(
        {
            "gender": ["female"] * 60 + ["male"] * 3 + [None] * 40,
            "age_band": (["18-24", "25-34"] * 52)[:103],
            "topic": (["sun", "heat"] * 52)[:103],
        }
    )
    told = demographics(people.assign(author_key=[f"a{i}" for i in range(len(people))]))
    assert told.by_topic.empty
    sums = told.by_trait[told.by_trait["age_band"] == ALL].set_index("gender")["people"]
    assert pd.isna(sums["male"])
    assert sums.isna().sum() >= 2, "one left out alone is the rest of the sum"


def test_data_that_tell_nothing_are_not_a_table_of_zeros() -> None:
    people = pd.DataFrame({"author_key": ["a", "b"], "topic": "sun", "gender": None, "age_band": None})
    told = demographics(people)
    assert not told.told
    assert told.by_topic.empty
    assert told.known == 0


def test_people_come_out_of_the_store_once_and_raw_counts_of_their_traits_not_at_all(tmp_path: Path) -> None:
    rows = [
        *[(f"f{i}", "solar", "female", "18-24") for i in range(12) for _ in range(3)],
        *[(f"m{i}", "boiler", "male", None) for i in range(11)],
        *[
            (f"b{i}", word, gender, None)
            for i in range(10)
            for word, gender in (("solar", "male"), ("boiler", "female"))
        ],
        ("m0", "boiler", None, None),
    ]
    frame = pd.DataFrame(rows, columns=["author_key", "text", "gender", "age_band"])
    frame = frame.assign(
        platform="forum", id=[f"p{i}" for i in range(len(frame))], kind="post", time_quality="ok", query="",
        created_at=pd.Timestamp("2026-03-01", tz="UTC"),
    )  # fmt: skip
    store = Store(tmp_path)
    store.append("posts", frame, source="test", batch_id="1", now=datetime(2026, 3, 2, tzinfo=UTC))
    tallies = PeopleTallies(store)
    people = tallies.people(TOPICS)
    assert people["author_key"].is_unique
    by = people.set_index("author_key")
    assert by.loc["m0", "gender"] == "male", "not told once is no contradiction"
    assert by.loc[[f"b{i}" for i in range(10)], ["topic", "gender"]].isna().all().all(), "told both ways is not known"
    told = demographics(people)
    sums = told.by_topic.set_index(["topic", "gender"])["people"]
    assert sums[("sun", "female")] == 12
    assert sums[("heat", "male")] == 11
    assert sums[(SEVERAL, UNKNOWN)] == 10
    assert told.known == pytest.approx(23 / 33)
    for trait in ("gender", "age_band"):
        with pytest.raises(ValueError, match=r"explorer\.demographics"):
            tallies.traits(TOPICS, trait)
        with pytest.raises(ValueError, match=r"explorer\.demographics"):
            tallies.group_traits(TOPICS, pd.DataFrame({"author_key": ["f0"], "group": [0]}), trait)
