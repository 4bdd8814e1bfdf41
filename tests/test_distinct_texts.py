"""Texts that hold a word which begins like one asked for: what joining words finds is what a pattern finds in every text."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import pandas as pd
import pytest

from explorer.study import Study, read_study
from explorer.tallies import Tallies
from sources import boolean

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TEXTS = [
    "Isoler sa maison", "l’ISOLATION, c'est long", "L\u02bcisolation collée", "désisoler", "(isolé)", "isol",
    "Été comme hiver", "ÉTÉ-INDIEN", "étage#été", "cœur", "coeur de chauffe", "CŒUR", "straße", "STRASSE",
    "un îlot isolé\nici",
    "prix:12kW", "12kw", "a12kw", "prix_pompe", "Prix", "prixs fous", "le\u00a0prix", "_prix_", "garçon", "GARCON", "niño",
    "сила ветра", "СИЛАЧ", "усилие", "ΣΊΣΥΦΟΣ", "🔥prix🔥", "https://prix.example/isoler", "@prix", "rien", "...", "naïveté",
]  # fmt: skip
STEMS = {
    "a": ["isol", "ete", "coeur", "12", "сила"],
    "b": ["pri", "strass", "garcon", "nin", "naiv", "l", "o"],
    "c": [],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder: Path = tmp_path_factory.mktemp("texts")
    topics = "".join(f'[[topics]]\nid = "{t}"\nlabel = "{t}"\nsearch = ["{t}"]\n' for t in STEMS)
    (folder / "study.toml").write_text(f'[study]\nname = "Texts"\ngrain = "week"\n{topics}', encoding="utf-8")
    study = read_study(folder)
    rows = [(topic, text) for topic in STEMS for i, text in enumerate(TEXTS) for _ in range(1 + i % 2)]
    posts = pd.DataFrame(rows, columns=["query", "text"]).assign(
        platform="forum", created_at=NOW, kind="post", time_quality="ok"
    )
    posts["id"] = [f"p{i}" for i in range(len(posts))]
    study.store.append("posts", posts, source="test", batch_id="posts", now=NOW)
    return study


@pytest.mark.parametrize(("limit", "others"), [(1000, 1000), (4, 3)])
def test_words_that_are_joined_find_what_a_pattern_finds(study: Study, limit: int, others: int) -> None:
    found = Tallies(study.store, topics=study.topics).distinct_texts(study.topics, STEMS, limit=limit, others=others)
    said, expected = Counter(t for i, t in enumerate(TEXTS) for _ in range(1 + i % 2)), []
    for topic, stems in STEMS.items():
        held = {t: any(boolean.matches(f"{s}*", t) for s in stems) for t in said}
        for holds, most in ((False, others), (True, limit)):
            chosen = sorted((t for t in said if held[t] == holds), key=lambda t: md5(t.encode()).hexdigest())[:most]
            expected += [(topic, t, said[t], holds, len(said)) for t in chosen]
    assert list(found.itertuples(index=False, name=None)) == expected
    if limit > len(TEXTS):  # both sides are there to be told apart
        assert 5 < found[found["topic"] == "a"]["holds"].sum() < len(TEXTS) - 5


def test_no_stem_at_all_holds_nowhere(study: Study) -> None:
    found = Tallies(study.store, topics=study.topics).distinct_texts(study.topics, {"a": []}, limit=5, others=7)
    assert found["holds"].tolist() == [False] * 7
