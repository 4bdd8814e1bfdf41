"""French and English: every text translated, details kept, numbers and dates as each language writes them."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pandas as pd
import pytest

from explorer import phrases
from explorer.method import sections
from explorer.words import Words, best_language
from tests.catalogue import french, texts


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_of_the_interface_has_its_french() -> None:
    catalogue = french()
    untranslated = sorted(t for t in texts() if not catalogue.get(t))
    assert not untranslated, f"run `make messages` and translate {untranslated}"


def test_no_translation_is_left_of_texts_that_are_gone() -> None:
    assert not set(french()) - texts()


def test_translations_fill_in_the_same_details() -> None:
    for english, translated in french().items():
        assert fields(english) == fields(translated), english


def test_french_keeps_its_thin_rules() -> None:
    for translated in french().values():
        assert "'" not in translated, f"straight apostrophe in {translated!r}"
        assert not re.search(r"\w[;!?]", translated), f"no space before the sign in {translated!r}"


def test_every_code_of_the_gap_has_its_sentence() -> None:
    source = (Path(phrases.__file__).parents[1] / "forecasting" / "gap.py").read_text(encoding="utf-8")
    codes = dict(re.findall(r'^([A-Z_]+) = "([a-z ]+)"$', source, re.MULTILINE))
    known = {*phrases.REASONS, *phrases.WARNINGS}
    assert codes
    assert set(codes.values()) <= known


def test_every_note_has_its_sentence_and_its_details() -> None:
    root = Path(phrases.__file__).parent
    used = {}
    for name in ("panel.py", "search_side.py", "social_side.py"):
        for code, rest in re.findall(r'Note\("([^"]+)"(?:, \{(.*?)\})?\)', (root / name).read_text(encoding="utf-8")):
            used[code] = set(re.findall(r'"(\w+)":', rest))
    assert used
    for code, given in used.items():
        assert fields(phrases.NOTES[code]) <= given, code


@pytest.mark.parametrize(
    ("language", "number", "percent", "date", "signed"),
    [
        ("fr", "12\u202f345,7", "12,3\u00a0%", "5 janv. 2026", "−1,50"),
        ("en", "12,345.7", "12.3%", "5 Jan 2026", "−1.50"),
    ],
)
def test_numbers_and_dates_follow_the_language(
    language: str, number: str, percent: str, date: str, signed: str
) -> None:
    say = Words(language)
    assert say.number(12345.67) == number
    assert say.percent(0.1234) == percent
    assert say.date(pd.Timestamp("2026-01-05", tz="UTC")) == date
    assert say.signed(-1.5) == signed
    assert say.number(None) == say.percent(float("nan")) == say.times(None) == say.date(pd.NaT) == "–"


def test_a_gap_is_told_as_a_factor() -> None:
    assert Words("fr").times(1.0) == "×2,0"
    assert Words("en").times(-1.0) == "×2.0"
    assert Words("en").span(-0.5, 1.0) == "×0.71 … ×2.0"


def test_french_comes_first_and_others_get_english() -> None:
    assert best_language(None) == "fr"
    assert best_language("fr-BE") == "fr"
    assert best_language("de-DE") == "en"


def test_the_method_page_says_the_same_in_both_languages() -> None:
    english, translated = sections("en"), sections("fr")
    assert [s.anchor for s in english] == [s.anchor for s in translated]
    assert all(len(s.text) > 80 for s in (*english, *translated))


def test_every_fact_points_to_a_section_of_the_method_page() -> None:
    anchors = {s.anchor for s in sections("en")}
    root = Path(phrases.__file__).parent
    named = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fact":
                given = {k.arg: k.value for k in node.keywords}.get("method")
                named |= {given.value} if isinstance(given, ast.Constant) else set()
    named |= {"gap", "share-of-search", "share-of-voice"}  # Gaps.fact names them after its columns
    assert named <= anchors
