"""Large files are read and stored part by part: judged as one file, in bounded memory, all of it or nothing."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from explorer.importing import import_bytes, import_file
from explorer.study import Study, new_study
from sources import read_export
from sources.errors import BadFile
from sources.exports import Reading, propose_file, read_in_parts
from tests.exports import SECRET

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = "Date,Author,Text,Url,Sentiment\n"


def lines(n: int, *, first: int = 0) -> str:
    return "".join(
        f"{1 + i // 100 % 12:02d}/03/2024 10:00,user{i % 50},texte {i},https://x.com/u/status/{1_000_000 + i},{i % 3 - 1}\n"
        for i in range(first, first + n)
    )


def parts_of(path: Path, rows: int = 100, **mapping: object) -> list[Reading]:
    return list(read_in_parts(path, mapping, rows, secret=SECRET))


def joined(parts: list[Reading]) -> pd.DataFrame:
    return pd.concat([p.table for p in parts], ignore_index=True)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return new_study(tmp_path / "study", name="s", geo="FR", languages=["fr"])


@pytest.mark.parametrize(("encoding", "packed"), [("utf-8", False), ("utf-16", True), ("cp1252", False)])
def test_parts_add_up_to_the_file_read_as_a_whole(tmp_path: Path, encoding: str, packed: bool) -> None:
    path = tmp_path / "m.csv"
    data = (HEAD + lines(330) + "25/03/2024 10:00,anna,été,https://x.com/u/status/1,1\n").encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    parts, whole = parts_of(path), read_export(path, secret=SECRET)
    assert len(parts) == 4
    pd.testing.assert_frame_equal(joined(parts), whole.table)
    assert {p.digest for p in parts} == {whole.digest}
    assert [p.last for p in parts] == [False] * 3 + [True]


def test_a_day_far_down_settles_the_order_of_day_and_month_for_the_first_part(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(HEAD + lines(300) + "25/03/2024 10:00,anna,x,https://x.com/u/status/1,1\n", encoding="utf-8")
    assert set(joined(parts_of(path))["created_at"].dt.month) == {3}


def test_a_post_met_in_an_earlier_part_is_refused_by_the_row_it_repeats(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        HEAD + lines(250) + lines(1) + "25/03/2024 10:00,a,x,https://x.com/u/status/1,1\n", encoding="utf-8"
    )
    parts = parts_of(path)
    assert sum(len(p.table) for p in parts) == 251
    assert parts[-1].rejected[["row", "reason"]].values.tolist() == [[252, "the post of row 2 again; row left out"]]


def test_a_cut_is_judged_by_all_rows_of_the_file_and_said_once(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(HEAD + lines(1000), encoding="utf-8")
    parts = parts_of(path, date_order="dmy")
    assert [p.capped for p in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) > 5
    notes = [note for p in parts for note in p.notes]
    assert len(notes) == len(set(notes))


def test_lines_of_json_come_in_parts_although_their_fields_differ(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    posts = [
        {"id": str(i), "created_at": "2024-03-01T10:00:00Z", "text": f"t {i}", "user": {"name": "a"}}
        for i in range(250)
    ]
    posts[240]["lang"] = "fr"
    path.write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
    table = joined(parts_of(path))
    assert (len(table), table["id"].nunique(), table["lang"].notna().sum()) == (250, 250, 1)


def test_what_is_no_table_of_posts_comes_as_one_reading(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    days = pd.date_range("2020-01-01", periods=400)
    path.write_text("Date,a\n" + "".join(f"{d:%Y-%m-%d},{i}\n" for i, d in enumerate(days)), encoding="utf-8")
    (reading,) = parts_of(path)
    assert (reading.kind, len(reading.table), reading.last) == ("counts", 400, True)


def test_progress_tells_the_bytes_read_and_ends_with_all_of_them(tmp_path: Path) -> None:
    path, seen = tmp_path / "m.csv", []
    path.write_text(HEAD + lines(930), encoding="utf-8")
    list(
        read_in_parts(
            path, {"date_order": "dmy"}, 100, secret=SECRET, progress=lambda done, of: seen.append((done, of))
        )
    )
    size = path.stat().st_size
    assert len(seen) == 10
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_a_proposal_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(HEAD + lines(3000) + "25/03/2024 10:00,anna,x,https://x.com/u/status/1,1\n", encoding="utf-8")
    seen = propose_file(path, {"date_order": "dmy"})
    assert (seen.rows, seen.whole, seen.kind, seen.fingerprint) == (
        2000,
        False,
        "posts",
        read_export(path, mapping={"date_order": "dmy"}, secret=SECRET).fingerprint,
    )


def test_a_fault_in_the_last_part_stores_nothing_of_the_first(tmp_path: Path, study: Study) -> None:
    path = tmp_path / "m.jsonl"
    good = "".join(
        json.dumps({"id": str(i), "created_at": "2024-03-01", "text": "t", "url": "u"}) + "\n" for i in range(150)
    )
    path.write_text(good + "{broken\n", encoding="utf-8")
    with pytest.raises(
        BadFile, match=r"row 151 of m.jsonl: this line is not a JSON object; correct the line or remove it"
    ):
        import_file(study, path, now=NOW)
    assert study.store.read("posts").num_rows == 0


def test_a_large_file_is_stored_once_with_one_row_of_coverage(
    tmp_path: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.importing.PART_ROWS", 100)
    path = tmp_path / "m.csv"
    path.write_text(HEAD + lines(1000), encoding="utf-8")
    how = propose_file(path, {"date_order": "dmy"}).mapping
    done = import_file(study, path, mapping=how, now=NOW)
    assert (done.receipt.rows, done.capped, study.store.read("posts").num_rows) == (1000, True, 1000)
    cover = study.store.read("coverage").to_pylist()
    assert [(c["table"], c["status"], c["rows"]) for c in cover] == [("posts", "capped", 1000)]
    assert import_bytes(study, "m.csv", path.read_bytes(), mapping=how, now=NOW).receipt.already
    assert (study.store.read("posts").num_rows, study.store.read("coverage").num_rows) == (1000, 1)


def test_every_table_of_an_archive_is_stored_with_its_coverage(study: Study) -> None:
    from tests.exports import zipped
    from tests.test_exports_search_console import french

    done = import_bytes(study, "a.zip", zipped(french()), now=NOW)
    assert (done.receipt.table, [r.table for r in done.also]) == ("queries", ["interest", "regions"])
    assert [study.store.read(t).num_rows for t in ("queries", "interest", "regions")] == [3, 7, 2]
    assert {c["table"] for c in study.store.read("coverage").to_pylist()} == {"queries", "interest"}


MEASURE = """
import resource, sys
from sources.exports import read_in_parts
read = lambda path: sum(len(r.table) for r in read_in_parts(path, {"date_order": "dmy"}, 5_000, secret=bytes(32)))
read(sys.argv[1]); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
n = read(sys.argv[2])
print(n, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_eight_times_the_rows_take_hardly_more_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "a.csv", tmp_path / "b.csv"
    small.write_text(HEAD + lines(5_000), encoding="utf-8")
    large.write_text(HEAD + lines(40_000), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(large)], capture_output=True, text=True, check=True
    )
    rows, more = ran.stdout.split()
    assert int(rows) == 40_000
    assert float(more) < 60  # MB; the cells alone of 40,000 rows held at once take more
