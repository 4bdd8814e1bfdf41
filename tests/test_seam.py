"""The seam: what DuckDB answers, Spark answers; started once, skipped with a reason where Spark or Java is not here."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from explorer import tallies_engine
from explorer.study import BadStudy, Study, parse_study
from explorer.tallies_engine import open_engine
from explorer.tallies_texts import TextTallies
from tests.seam import OTHERS, QUESTIONS, Given, answers, differences, public


@pytest.fixture(scope="session")
def spark() -> Iterator[None]:
    sql = pytest.importorskip("pyspark.sql", reason="needs the extra spark: pip install 'undersaid[spark]'")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 for Spark, which is not here")
    yield
    running = sql.SparkSession.getActiveSession()
    if running is not None:
        running.stop()


def test_no_question_to_the_seam_is_left_out_of_the_comparison() -> None:
    assert public() - OTHERS == set(QUESTIONS)


def test_every_question_has_an_answer_on_the_example_world(example: Study) -> None:
    tallies = TextTallies.of(example)
    empty = {name for name, frame in answers(tallies, Given(example, tallies)) if frame.empty}
    # The example holds no counts, regions or judgements, nothing quoted in a group, and one table more may stay empty.
    assert not {n for n in empty if n.split()[0] not in ("counts", "small", "questions")}, empty


def test_a_study_larger_than_memory_is_kept_in_a_file_with_the_same_answers(
    example: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = TextTallies.of(example)
    monkeypatch.setattr(tallies_engine, "IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = open_engine("duckdb", large=True)
    engine.raw_sql("SET memory_limit = '256MB'")
    there = TextTallies(example.store, engine, topics=example.topics)
    assert list(differences(here, there, Given(example, here))) == []
    assert [f.name for f in tmp_path.glob("*/*.duckdb")] == ["kept.duckdb"]
    del engine, there
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_spark_answers_what_duckdb_answers_on_the_example_world(example: Study, spark: None) -> None:
    here = TextTallies.of(example)
    there = TextTallies.of(replace(example, engine="spark"))
    given = Given(example, here)
    assert list(differences(here, there, given)) == []


def test_an_engine_that_is_not_here_is_one_sentence_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = parse_study('[study]\nname = "t"\nengine = "spark"\n', tmp_path / "study.toml")
    assert study.engine == "spark"
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(BadStudy, match=r"undersaid\[spark\]"):
        open_engine(study.engine)
    with pytest.raises(BadStudy, match="choose duckdb or spark"):
        open_engine("abacus")
