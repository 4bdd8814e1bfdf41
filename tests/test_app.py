"""The pages, run in this process: what they say, and what they show when there is little or nothing to say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from explorer.importing import import_bytes
from explorer.study import Study, new_study
from tests.conftest import ROOT

PAGES = ("gaps", "topic", "needs", "voices", "plan", "alerts", "data", "method")
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def open_page(page: str, study: Study | None, monkeypatch: pytest.MonkeyPatch, language: str = "EN") -> AppTest:
    if study is not None:
        monkeypatch.setenv("UNDERSAID_STUDY", str(study.path))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=90)
    app.query_params["lang"] = language
    app.run()
    if page != "gaps":
        app.switch_page(str(ROOT / "explorer" / "app_pages" / f"{page}.py")).run()
    return app


def text(app: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "caption", "warning", "info", "error")
    return "\n".join(str(e.value) for kind in kinds for e in app.get(kind))


def small_study(folder: Path, weeks: int = 60, *, counts: bool = True) -> Study:
    days = pd.date_range("2024-01-07", periods=weeks, freq="W-SUN")
    study = new_study(folder, name="Small <b>study</b>")
    search = "date,noise,price\n" + "\n".join(f"{d:%Y-%m-%d},{40 + i % 3},{60 + i % 4}" for i, d in enumerate(days))
    said = "date,noise,price\n" + "\n".join(f"{d:%Y-%m-%d},{10 + i % 3},{90 + i % 5}" for i, d in enumerate(days))
    study = import_bytes(study, "search.csv", search.encode(), mapping=_as("interest"), now=NOW).study
    return import_bytes(study, "said.csv", said.encode(), mapping=_as("counts"), now=NOW).study if counts else study


def _as(kind: str):
    from sources.exports import Mapping

    return Mapping(kind=kind)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return small_study(tmp_path_factory.mktemp("small") / "study")


@pytest.mark.parametrize("language", ["FR", "EN"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_in_both_languages_on_a_study_of_counts(
    page: str, language: str, small: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(page, small, monkeypatch, language)  # the example is opened in tests/test_browser.py
    assert not app.exception
    assert app.title, "a page answers its question in its title, or says there that it cannot"


def test_the_first_sentence_is_made_from_the_data(example: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_page("gaps", example, monkeypatch).title[0].value.startswith("4 of 14 topics are searched clearly more")
    assert open_page("gaps", example, monkeypatch, "FR").title[0].value.startswith("4 sujets sur 14")


def test_raw_and_corrected_differ_and_the_switch_is_in_the_link(
    example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("topic", example, monkeypatch)
    app.query_params["topic"] = "recharge"
    app.run()
    corrected = app.metric[2].value
    app.toggle(key="people").set_value(False).run()
    assert not app.exception
    assert app.metric[2].value != corrected


def test_a_topic_in_the_link_is_opened_and_a_wrong_one_is_ignored(
    example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("gaps", example, monkeypatch)
    app.query_params["topic"] = "bruit"
    app.switch_page(str(ROOT / "explorer" / "app_pages" / "topic.py")).run()
    assert app.title[0].value == "Heat pump noise"
    app = open_page("gaps", example, monkeypatch)
    app.query_params["topic"] = "no such topic"
    app.switch_page(str(ROOT / "explorer" / "app_pages" / "topic.py")).run()
    assert not app.exception


@pytest.mark.parametrize("page", ["gaps", "topic", "plan", "data"])
def test_an_empty_study_says_what_to_bring(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(page, new_study(tmp_path / "s", name="s"), monkeypatch)
    assert not app.exception
    assert ("Nothing has been imported yet" in text(app)) or page == "data"


@pytest.mark.parametrize("page", ["gaps", "topic", "plan"])
def test_one_side_alone_names_the_other(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.study import Topic
    from explorer.study_edit import add_topics

    study = small_study(tmp_path / "s", counts=False)
    study = add_topics(
        study, [Topic("noise", "Noise", ("noise",), "noise"), Topic("price", "Price", ("price",), "price")]
    )
    app = open_page(page, study, monkeypatch)
    assert not app.exception
    assert "No posts or counts for these topics have been imported yet." in text(app)


def test_counts_alone_work_and_say_that_loud_voices_cannot_be_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("gaps", small_study(tmp_path / "s"), monkeypatch)
    assert not app.exception
    assert "The source does not tell who speaks" in text(app)
    assert not app.toggle, "no switch where there is nothing to switch"


def test_old_data_wear_their_age_and_the_example_does_not(
    tmp_path: Path, example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "days old" in text(open_page("gaps", small_study(tmp_path / "s"), monkeypatch))
    assert "days old" not in text(open_page("gaps", example, monkeypatch))


def test_ten_weeks_give_a_gap_and_a_typed_refusal_to_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study(tmp_path / "s", weeks=10)
    assert not open_page("gaps", study, monkeypatch).exception
    app = open_page("plan", study, monkeypatch)
    assert not app.exception
    assert app.title, "what is known stands above what cannot be told"
    assert "10" in text(app)
    assert app.warning
    assert open_page("needs", study, monkeypatch).title[0].value == "Needs: cannot be told yet"


def test_a_link_opens_the_view_around_the_needs_in_both_languages(
    example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, column in (("EN", "Never speaks"), ("FR", "Ne parle jamais")):
        app = open_page("gaps", example, monkeypatch, language)
        app.query_params["further"] = "silent"
        app.switch_page(str(ROOT / "explorer" / "app_pages" / "needs.py")).run()
        assert not app.exception
        shown = [d.value for d in app.dataframe]
        assert any(column in d.columns for d in shown), [list(d.columns) for d in shown]


def test_names_of_others_are_shown_letter_by_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("data", small_study(tmp_path / "s"), monkeypatch)
    assert not app.exception
    assert any("\\<b>" in str(c.value) for c in app.caption)


def test_upload_shows_what_it_read_before_anything_is_stored(example: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("data", example, monkeypatch)
    before = example.store.version()
    content = b"date,noise,price\n" + b"".join(b"2024-01-%02d,3,4\n" % d for d in range(1, 29))
    app.file_uploader(key="files").upload("said.csv", content, "text/csv").run()
    assert not app.exception
    assert "Recognised as counts of posts: 29 lines." in text(app)
    assert example.store.version() == before


def test_a_bad_upload_is_one_sentence_and_the_page_stays_up(example: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("data", example, monkeypatch)
    app.file_uploader(key="files").upload("page.csv", b"<html><body>Sign in</body></html>", "text/csv").run()
    assert not app.exception
    assert "page.csv" in app.error[0].value
    assert app.title


def test_segments_are_told_with_what_they_ask_and_what_ties_people_can_be_chosen(
    example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("voices", example, monkeypatch)
    tables = [list(f.value.columns) for f in page.dataframe]
    assert ["Segment", "People"] in [t[:2] for t in tables], tables
    assert "groups of people who do alike" in text(page)
    assert "communities of people who answer, name or pass on one another" in text(page)
    page.button_group(key="ties").set_value("links").run()
    assert not page.exception
    assert "fewer than 50 people are tied to one another" in text(page)
    assert "groups of people who do alike" in text(page), "segments rest on who answers whom, whatever is looked at"


def test_a_topic_is_taken_apart_when_asked_and_not_before(example: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("topic", example, monkeypatch)
    assert "Prophet explains" not in text(app)
    app.toggle(key="apart").set_value(True).run()
    assert not app.exception
    assert "Prophet explains" in text(app)


def test_what_the_user_says_of_a_match_is_counted_and_the_example_stays_as_it_is(
    example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = example.store.version()
    app = open_page("needs", example, monkeypatch)
    assert "needs find no answer on your pages" in app.title[0].value
    assert "Your answers so far: 0." in text(app)
    app.button(key="answer_False").click().run()
    assert not app.exception
    assert "Your answers so far: 1." in text(app)
    assert example.store.version() == before
