"""A post source that stops at a cap: the gap says so in the app, on the command line and in every export."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from icalendar import Calendar

from explorer.answers import find_gaps, look_ahead
from explorer.collecting import collect_study
from explorer.coverage import capped_topics
from explorer.importing import import_bytes
from explorer.outputs.report import forecast_files, gaps_files
from explorer.study import Study, read_study
from explorer.words import Words
from sources.exports import Mapping
from tests.conftest import ROOT
from tests.faults import Forum, ForumServer, Reply, Server, a_server, fenced, utc  # noqa: F401
from tests.test_cli import run

NOW = utc(2026, 7, 1, 12)
SAID = "Stopped at a limit, there is more than was counted: Noise."
STUDY = """
[study]
name = "pumps"
grain = "week"
start = 2026-01-01
end = 2026-05-20
lawful_basis = "legitimate interest"

[[topics]]
id = "noise"
label = "Noise"
search = ["noise"]
social = "bruit"

[[topics]]
id = "price"
label = "Price"
search = ["price"]
social = "prix"

[sources.forum]
url = "{url}"
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Posts of two topics from a forum that gives 40 a query: one day has more on noise than it ever gives."""
    server = Server()
    forum = ForumServer(server, posts=280, days=139)
    for i, post in enumerate(forum.posts):
        post["text"] = "du bruit" if i % 2 else "le prix"
    crowd = [{"id": f"c{i}", "at": "2026-03-04T03:00:00+00:00", "by": f"c{i}", "text": "du bruit"} for i in range(60)]
    forum.posts = sorted([*forum.posts, *crowd], key=lambda p: p["at"])
    folder = tmp_path_factory.mktemp("capped") / "pumps"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY.format(url=server.url), "utf-8")
    found = read_study(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSAID_STATE_DIR", str(folder.parent / "state"))
        patch.setattr("sources.connector.connectors", lambda: {"forum": PostsOnly})
        patch.setattr("explorer.collecting.connectors", lambda: {"forum": PostsOnly})
        collect_study(found, now=NOW)
    server.close()
    weeks = pd.date_range("2026-01-05", periods=19, freq="W-MON")
    searched = "date,noise,price\n" + "".join(f"{w:%Y-%m-%d},{60 + i % 5},{40 + i % 4}\n" for i, w in enumerate(weeks))
    import_bytes(found, "search.csv", searched.encode(), mapping=Mapping.of({"kind": "interest"}), now=NOW)
    # Other processes (the app, the command line) do not know the forum: the study as they open it collects no more.
    text = (folder / "study.toml").read_text("utf-8").partition("[sources.forum]")[0]
    (folder / "study.toml").write_text(text, "utf-8")
    return read_study(folder)


class PostsOnly(Forum):
    caps = Forum.caps.__class__(**{**vars(Forum.caps), "tables": ("posts",)})


def test_the_collection_knows_which_topic_was_cut(study: Study) -> None:
    coverage = study.store.read("coverage").to_pandas()
    capped = coverage[coverage["status"] == "capped"]
    assert set(capped["query"]) == {"bruit"}
    assert capped_topics(coverage, "posts", study) == ("noise",)


def test_the_gap_of_that_topic_carries_the_warning_and_its_week_is_unknown(study: Study) -> None:
    answer = find_gaps(study)
    warnings = answer.table.set_index("topic")["warning"]
    assert "capped" in warnings["noise"].split("; ")
    assert "capped" not in warnings["price"]
    assert "capped" in answer.fact("noise").warnings
    assert "capped" not in answer.fact("price").warnings
    social = answer.panel.social.set_index(["topic", "period"])["posts"]
    week = pd.Timestamp("2026-03-02", tz="UTC")
    assert pd.isna(social["noise", week]), "not a quiet week, nor a week of 40 posts"
    assert social["price", week] > 0


def test_a_later_complete_collection_takes_the_warning_away(study: Study) -> None:
    coverage = study.store.read("coverage").to_pandas()
    capped = coverage[coverage["status"] == "capped"].iloc[0]
    whole = capped.to_dict() | {"status": "complete", "fetched_at": capped["fetched_at"] + pd.Timedelta("1D")}
    assert capped_topics(pd.concat([coverage, pd.DataFrame([whole])], ignore_index=True), "posts", study) == ()
    import_of_all = capped.to_dict() | {"query": ""}
    assert capped_topics(pd.DataFrame([import_of_all]), "posts", study) == ("noise", "price")


def test_every_export_says_so(study: Study) -> None:
    words = Words("en")
    gaps, outlook = find_gaps(study), look_ahead(study, horizon=4)
    files = {n: make() for n, make in (gaps_files(gaps, words, NOW) | forecast_files(outlook, words, NOW)).items()}
    table = pd.read_csv(io.BytesIO(files["gaps.csv"])).set_index("topic")["warning"].fillna("")
    assert "capped" in table["noise"]
    assert "capped" not in table["price"]
    ahead = pd.read_csv(io.BytesIO(files["forecast.csv"]))
    assert set(ahead.loc[ahead["warning"] == "capped", "topic"]) == {"noise"}
    assert set(ahead.loc[ahead["warning"] == "capped", "series"]) == {"posts", "gap"}
    for name in ("gaps.parquet", "forecast.parquet"):
        read = pq.read_table(io.BytesIO(files[name]))
        assert "capped" in " ".join(read.column("warning").to_pylist())
    for name in ("gaps.xlsx", "forecast.xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(files[name]))
        cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
        assert SAID in cells, name
        assert any("capped" in c for c in cells), name
    for name in ("gaps.html", "forecast.html", "gaps.svg"):
        text = " ".join(files[name].decode().split())
        assert SAID in text, name
    assert files["gaps.png"] != gaps_files_without_caution(gaps, words)["gaps.png"]()
    calendar = Calendar.from_ical(files["windows.ics"])
    assert all(SAID in str(e["description"]).replace("\n", " ") for e in calendar.walk("VEVENT"))


def test_slides_say_so_where_they_are_read(study: Study) -> None:
    pptx = pytest.importorskip("pptx", reason="python-pptx is not installed (extra report)")
    words = Words("en")
    files = gaps_files(find_gaps(study), words, NOW) | forecast_files(look_ahead(study, horizon=4), words, NOW)
    for name in ("gaps.pptx", "forecast.pptx"):
        for slide in pptx.Presentation(io.BytesIO(files[name]())).slides:
            shown = " ".join(s.text_frame.text for s in slide.shapes if s.has_text_frame)
            assert SAID in shown, name


def test_calendar_events_say_so(study: Study) -> None:
    from explorer.outputs.calendar import to_calendar
    from explorer.outputs.provenance import gaps_provenance

    words = Words("en")
    at = pd.Timestamp("2026-08-03", tz="UTC")
    window = {"topic": "noise", "label": "Noise", "start": at, "end": at, "peak": at, "gap": 1.0, "probability": 0.9}
    made = to_calendar(pd.DataFrame([window]), gaps_provenance(find_gaps(study), words, NOW), words, NOW)
    assert SAID in str(Calendar.from_ical(made).walk("VEVENT")[0]["description"])


def gaps_files_without_caution(gaps, words):
    from dataclasses import replace

    return gaps_files(replace(gaps, panel=replace(gaps.panel, capped=())), words, NOW)


def test_the_command_line_says_so(study: Study) -> None:
    shown = run("gaps", "--study", "pumps", cwd=study.path.parent.parent)
    assert shown.returncode == 0, shown.stderr
    flat = " ".join(shown.stdout.split())
    assert "Noise: " in flat
    assert "The collection stopped at a limit: fewer posts than there were." in flat
    found = json.loads(run("gaps", "--study", "pumps", "--format", "json", cwd=study.path.parent.parent).stdout)
    assert {r["topic"] for r in found if "capped" in r["warning"]} == {"noise"}


def test_the_app_says_so(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("UNDERSAID_STUDY", str(study.path))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=90)
    app.query_params["lang"] = "EN"
    app.run()
    shown = "\n".join(str(e.value) for kind in ("warning", "markdown", "caption") for e in app.get(kind))
    assert not app.exception
    assert SAID.replace(".", "") in shown.replace("\\", "").replace(".", "")


def test_an_unanswered_server_is_no_cap(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.route("/posts", Reply("", 500))
    monkeypatch.setattr("sources.connector.connectors", lambda: {"forum": PostsOnly})
    monkeypatch.setattr("explorer.collecting.connectors", lambda: {"forum": PostsOnly})
    (tmp_path / "study.toml").write_text(STUDY.format(url=server.url), "utf-8")
    found = read_study(tmp_path)
    monkeypatch.setattr("sources.walk.BACKOFF", 0.0)
    collect_study(found, now=NOW)
    coverage = found.store.read("coverage").to_pandas()
    assert set(coverage["status"]) <= {"unavailable", "not_tried"}
    assert capped_topics(coverage, "posts", found) == ()
