"""Groups, not persons: whatever is subtracted from whatever, no group of fewer than k persons comes out."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.disclosure import ALL, UNKNOWN, people_in_groups


def crowd(cells: dict[tuple[str, ...], int], by: list[str]) -> pd.DataFrame:
    rows = [value for value, n in cells.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=by)
    return frame.assign(author_key=[f"a{i}" for i in range(len(frame))])


def members(cell: tuple[str, ...], cells: dict[tuple[str, ...], int]) -> frozenset[tuple[tuple[str, ...], int]]:
    """The persons of a cell, as pairs of their group and number."""
    inside = [c for c in cells if all(w in (ALL, v) for v, w in zip(c, cell, strict=True))]
    return frozenset((c, i) for c in inside for i in range(cells[c]))


sizes = st.one_of(st.integers(0, 12), st.integers(13, 60))
tables = st.tuples(st.integers(1, 3), st.integers(1, 4)).flatmap(
    lambda shape: st.lists(sizes, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda ns: dict(zip(product("fmx"[: shape[0]], "1234"[: shape[1]]), ns, strict=True))
    )
)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_no_difference_of_two_tables_gives_a_small_group(cells: dict[tuple[str, ...], int]) -> None:
    """By gender and by gender and age, side by side: from every sum every choice of its cells is subtracted."""
    k = 10
    shown = people_in_groups(crowd(cells, ["gender", "age"]), ["gender", "age"], k=k)
    figures = {(r.gender, r.age): r.people for r in shown.itertuples() if not r.suppressed}
    people = {cell: members(cell, cells) for cell in figures}
    for cell, n in figures.items():
        assert n == len(people[cell]), "what is shown is true"
        assert n == 0 or n >= k
    for whole in figures:
        inside = [c for c in figures if c != whole and people[c] and people[c] < people[whole]]
        for n in range(1, min(len(inside), 4) + 1):
            for some in combinations(inside, n):
                together = frozenset().union(*(people[c] for c in some))
                if sum(len(people[c]) for c in some) == len(together):  # cells that do not overlap can be added up
                    rest = len(people[whole]) - len(together)
                    assert rest == 0 or rest >= k, (whole, some)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_all_figures_together_leave_every_small_group_a_range_of_at_least_k(cells: dict[tuple[str, ...], int]) -> None:
    """The attack with linear algebra: small groups may not be a combination of shown figures."""
    shown = people_in_groups(crowd(cells, ["gender", "age"]), ["gender", "age"], k=10)
    inner = [c for c in sorted({(r.gender, r.age) for r in shown.itertuples()}) if ALL not in c]
    known = [(r.gender, r.age) for r in shown.itertuples() if not r.suppressed]
    row = {c: np.array([all(w in (ALL, v) for v, w in zip(i, c, strict=True)) for i in inner], float) for c in known}
    matrix = np.array(list(row.values())) if row else np.zeros((1, len(inner)))
    for i, cell in enumerate(inner):
        if 0 < cells.get(cell, 0) < 10:
            unit = np.eye(len(inner))[i]
            solved, *_ = np.linalg.lstsq(matrix.T, unit, rcond=None)
            assert not np.allclose(matrix.T @ solved, unit, atol=1e-8), f"{cell} can be worked out"


def test_a_lone_small_group_takes_another_with_it() -> None:
    frame = people_in_groups(crowd({("f",): 40, ("m",): 30, ("x",): 3}, ["gender"]), ["gender"])
    told = frame.set_index("gender")["people"]
    assert told["f"] == 40
    assert told[ALL] == 73
    assert told[["m", "x"]].isna().all(), "73 - 40 leaves 33 persons, not 3"


def test_fewer_than_k_in_all_is_nothing_at_all() -> None:
    frame = people_in_groups(crowd({("f",): 5, ("m",): 4}, ["gender"]), ["gender"])
    assert frame["people"].isna().all()
    assert frame["suppressed"].all()


def test_a_person_counts_once_and_contradictions_are_unknown() -> None:
    people = pd.DataFrame(
        {
            "author_key": [*[f"a{i}" for i in range(20)] * 3, None, "b", "b", *[f"c{i}" for i in range(11)]],
            "gender": [*["female"] * 60, "male", "male", "female", *[None] * 11],
        }
    )
    told = people_in_groups(people, ["gender"]).set_index("gender")["people"]
    assert told.to_dict() == {"female": 20, UNKNOWN: 12, ALL: 32}


def test_a_group_of_nobody_is_zero_and_shown() -> None:
    cells = {("f", "1"): 20, ("f", "2"): 20, ("m", "1"): 20, ("m", "2"): 0}
    frame = people_in_groups(crowd(cells, ["gender", "age"]), ["gender", "age"]).set_index(["gender", "age"])
    assert frame.loc[("m", "2"), "people"] == 0
    assert not frame["suppressed"].any()


@pytest.mark.parametrize(("by", "k"), [([], 10), (["a", "b", "c"], 10), (["age"], 10), (["gender"], 1)])
def test_what_cannot_be_protected_is_refused(by: list[str], k: int) -> None:
    with pytest.raises(ValueError, match=r"column|k below"):
        people_in_groups(crowd({("f",): 20}, ["gender"]), by, k=k)
