"""Anchoring a calibrated scale to known volumes: the right numbers, honest intervals, and no number without an anchor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.errors import BadQuery
from sources.volumes import anchor, anchors_of


def levels_of(**level: float) -> pd.DataFrame:
    frame = pd.DataFrame({"term": list(level), "level": list(level.values()), "component": 0})
    return frame.assign(lo=frame["level"] * 0.95, hi=frame["level"] * 1.05)


def volumes_of(unit: str = "searches", **value: float) -> pd.DataFrame:
    frame = pd.DataFrame({"term": list(value), "value": list(value.values()), "unit": unit})
    return frame.assign(lo=frame["value"] * 0.9, hi=frame["value"] * 1.1)


def test_terms_beside_the_anchors_get_their_share_of_the_known_volume() -> None:
    found = anchor(levels_of(noise=1, price=2, grant=0.1), volumes_of(noise=1000, price=2000)).set_index("term")
    np.testing.assert_allclose(found["value"], [1000, 2000, 100], rtol=1e-9)
    assert (found["lo"] < found["value"]).all()
    assert (found["hi"] > found["value"]).all()
    assert set(found["unit"]) == {"searches"}
    assert set(found["anchors"]) == {"noise, price"}


def test_a_term_that_no_anchor_is_connected_with_gets_no_number_and_no_unit() -> None:
    levels = levels_of(noise=1, price=2, grant=3).assign(component=[0, 0, 1])
    row = anchor(levels, volumes_of(noise=1000)).set_index("term").loc["grant"]
    assert np.isnan(row["value"])
    assert (row["unit"], row["note"].split(":")[0]) == ("none", "no term of known volume is connected with this one")


def test_without_any_anchor_nothing_is_called_searches() -> None:
    with pytest.raises(BadQuery, match="none of the terms with a known volume"):
        anchor(levels_of(noise=1), volumes_of(price=1000))


@pytest.mark.parametrize("units", [["index", "index"], ["searches", "impressions"]])
def test_an_index_or_a_mixture_of_units_anchors_nothing(units: list[str]) -> None:
    with pytest.raises(BadQuery, match="cannot anchor a scale"):
        anchor(levels_of(noise=1, price=2), volumes_of(noise=1, price=2).assign(unit=units))


def test_one_anchor_alone_says_that_its_interval_is_too_narrow_and_impressions_are_of_one_site() -> None:
    note = anchor(levels_of(noise=1), volumes_of("impressions", noise=10))["note"].iloc[0]
    assert "interval is too narrow" in note
    assert "one site" in note


def test_anchors_that_contradict_one_another_widen_every_interval() -> None:
    agree = anchor(levels_of(a=1, b=1, c=1, d=1), volumes_of(a=1000, b=1000, c=1000)).set_index("term").loc["d"]
    quarrel = anchor(levels_of(a=1, b=1, c=1, d=1), volumes_of(a=300, b=1000, c=3000)).set_index("term").loc["d"]
    assert np.log(quarrel["hi"] / quarrel["lo"]) > 4 * np.log(agree["hi"] / agree["lo"])


@pytest.mark.parametrize("anchors", [3, 8])
def test_intervals_cover_the_true_volume_as_often_as_they_say(anchors: int) -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(120):
        true = np.exp(rng.normal(0, 1.5, anchors + 4))
        said = true * np.exp(rng.normal(0, 0.05, len(true)))
        searched = 1000 * true * np.exp(rng.normal(0, 0.3, len(true)))  # the two sources disagree by 30 % a term
        names = [f"t{i}" for i in range(len(true))]
        levels = pd.DataFrame({"term": names, "level": said, "component": 0})
        levels = levels.assign(lo=said * np.exp(-1.96 * 0.05), hi=said * np.exp(1.96 * 0.05))
        volumes = pd.DataFrame({"term": names, "value": searched, "unit": "searches"}).iloc[:anchors]
        volumes = volumes.assign(lo=volumes["value"] * 0.9, hi=volumes["value"] * 1.1)
        found = anchor(levels, volumes).iloc[anchors:]
        covered.append(((found["lo"] <= searched[anchors:]) & (searched[anchors:] <= found["hi"])).mean())
    assert 0.90 <= np.mean(covered) <= 0.99


def test_exact_volumes_are_taken_before_ranges_and_zeros_anchor_nothing() -> None:
    queries = pd.DataFrame(
        {
            "query": ["Pompe  à chaleur", "pompe à chaleur", "bruit", "prix", "eau"],
            "value": [90.0, 50, 50, 0, np.nan],
            "lo": [80.0, 10, 10, 0, np.nan],
            "hi": [99.0, 100, 100, 10, np.nan],
            "kind": ["measured", "bucket", "bucket", "zero", "blank"],
            "unit": "searches",
            "ranking": "list",
        }
    )
    found = anchors_of(queries)
    assert sorted(zip(found["term"].str.split().str.len(), found["value"], strict=True)) == [(1, 50), (3, 90)]
    assert anchor(levels_of(**{"pompe à chaleur": 1.0}), found)["value"].tolist() == pytest.approx([90])
