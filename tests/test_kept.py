"""Answers kept between starts: they come back as they were, and go with the data they answer for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from explorer import kept as room
from explorer.kept import forget_answers, kept
from explorer.preparing import PARTS, prepare
from explorer.study import BadStudy, Study
from tests.test_app import small_study

STUDY = "/studies/heat/study.toml"
calls: list[str] = []


@kept
def answer(path: str, version: str, study_text: str, *, topic: str) -> pd.DataFrame:
    calls.append(topic)
    return pd.DataFrame({"topic": [topic], "version": [version]})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(room.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    room._memory.cache_clear()
    calls.clear()
    return tmp_path / "undersaid" / "answers"


def restarted() -> None:
    room._memory.cache_clear()


def test_an_answer_is_worked_out_once_for_the_same_data(cache: Path) -> None:
    first = answer(STUDY, "1", "text", topic="noise")
    restarted()
    pd.testing.assert_frame_equal(answer(STUDY, "1", "text", topic="noise"), first)
    answer(STUDY, "1", "text", topic="price")
    assert calls == ["noise", "price"]
    assert (next(cache.iterdir()).stat().st_mode & 0o077) == 0, "nobody else reads or writes there"


def test_other_data_another_study_file_and_another_program_are_answered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(STUDY, "1", "text", topic="noise")
    assert answer(STUDY, "2", "text", topic="noise").loc[0, "version"] == "2"
    answer(STUDY, "2", "other text", topic="noise")
    monkeypatch.setattr(room, "_program", lambda: "a later version")
    answer(STUDY, "2", "other text", topic="noise")
    assert len(calls) == 4


def test_forgetting_leaves_nothing_behind(cache: Path) -> None:
    answer(STUDY, "1", "text", topic="noise")
    answer("/studies/other/study.toml", "1", "text", topic="noise")
    forget_answers(STUDY)
    assert len(list(cache.iterdir())) == 1, "other studies keep their answers"
    answer(STUDY, "1", "text", topic="noise")
    assert len(calls) == 3


def test_a_study_of_one_session_keeps_nothing(cache: Path, tmp_path: Path) -> None:
    answer(str(tmp_path / "study.toml"), "1", "text", topic="noise")
    assert not cache.exists()


def test_where_nothing_can_be_written_answers_are_worked_out(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert len(answer(STUDY, "1", "text", topic="noise")) == 1


def test_an_answer_that_was_spoiled_on_disk_is_worked_out_again(cache: Path) -> None:
    answer(STUDY, "1", "text", topic="noise")
    for file in cache.rglob("output.pkl"):
        file.write_bytes(b"half")
    restarted()
    assert len(answer(STUDY, "1", "text", topic="noise")) == 1
    assert calls == ["noise", "noise"]


def test_an_answer_that_rests_on_page_files_is_worked_out_anew_when_one_changes_between_two_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.content import stamp_of

    page = tmp_path / "faq.txt"
    page.write_text("Is it loud?")
    study = Study(tmp_path / "study.toml", "s", (), content=({"path": "faq.txt"},))

    @kept
    def pages(path: str, version: str, study_text: str, *, pages: tuple[object, ...]) -> str:
        calls.append("read")
        return page.read_text()

    for said, worked_out in (("Is it loud?", 1), ("Is it loud?", 1), ("Is it dear, then?", 2)):
        page.write_text(said) if page.read_text() != said else None
        restarted()
        assert pages(STUDY, "1", "text", pages=stamp_of(study)) == said
        assert len(calls) == worked_out


def test_what_the_pages_show_is_worked_out_before_they_are_opened(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(tmp_path / "study")
    with pytest.raises(BadStudy, match="no answer can be kept"):
        next(prepare(study))
    (tmp_path / "passing").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "passing"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told = {part: why for part, _, why in prepare(study, processes=1)}
    assert set(told) == set(PARTS)
    assert told["gaps and forecast"] == ""
    assert "queries" in told["needs"], "a study without queries tells no needs, and says so"
    kept_of = {folder.name for folder in cache.rglob("*") if folder.parent.name == "answers"}
    assert {"_gaps", "_outlook", "_path", "_movers", "_trends"} <= kept_of
