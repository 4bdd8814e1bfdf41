"""Sentences of time: a planted lead is said as help to forecast, trends with evidence, windows with their chances."""

from __future__ import annotations

import pandas as pd
import pytest

from explorer import timing
from explorer.answers import Outlook
from explorer.phrases import TRENDS
from explorer.words import Words


@pytest.fixture(scope="module")
def table(outlook: Outlook) -> pd.DataFrame:
    return timing.movers(outlook.panel)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_planted_lead_is_said_and_no_other_is(table: pd.DataFrame, language: str) -> None:
    words = Words(language)
    claims = table[table["leads"]]
    assert claims[["topic", "leader", "periods"]].to_numpy().tolist() == [["aides", "search", 2.0]]
    (sentence,) = timing.mover_sentences(table, "aides", words)
    assert {"en": "Search helps to forecast what is said, 2 periods", "fr": "aide à prévoir"}[language] in sentence
    (nothing,) = timing.mover_sentences(table, "prix", words)
    assert {"en": "Nothing shows", "fr": "Rien ne montre"}[language] in nothing
    assert "caus" not in (sentence + nothing).lower()


def test_the_projection_says_that_it_uses_the_leader(outlook: Outlook) -> None:
    used = outlook.projection.leaders["used"]
    sentences = timing.leader_sentences(outlook, Words("en"))
    assert len(sentences) == used.sum() == 1
    assert "search helps to forecast what is said 2 periods ahead; the projection uses it" in sentences[0]
    assert not any("helps" in note for note in timing.plain_notes(outlook, Words("en")))


def test_what_the_projection_says_of_itself_is_said_in_the_language_of_the_reader(outlook: Outlook) -> None:
    known = [n for n in outlook.projection.notes if n.code == "known_effects" and "New Year" in n.text]
    assert known, "no holiday is known in advance: the test proves nothing"
    topic = known[0].where.split()[1]
    (english,), (french,) = (timing.plain_notes(outlook, Words(language), topic)[:1] for language in ("en", "fr"))
    assert "known in advance" in english
    assert "Jour de l'an" in french
    assert "jours connus d’avance" in french
    assert len(timing.plain_notes(outlook, Words("fr"))) >= len(timing.plain_notes(outlook, Words("fr"), topic))


def test_every_topic_has_a_trend_with_its_evidence_and_windows_with_their_chance(outlook: Outlook) -> None:
    words = Words("en")
    table = timing.trends(outlook.panel)
    assert set(table["unique_id"]) == {t.id for t in outlook.study.topics}
    assert set(table["trend"]) <= set(TRENDS)
    for topic in table["unique_id"]:
        told = timing.trend_sentence(table, topic, words)
        assert "×" in told
        assert "%" in told
        assert "%" in " ".join(timing.action_sentences(outlook, topic, words))
    assert "too little is known" in timing.trend_sentence(table, "nobody", words)
