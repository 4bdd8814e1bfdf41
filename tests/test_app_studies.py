"""Studies made, changed, fetched and deleted in the app, without the study file ever being opened by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from explorer.studies import delete, listed, make
from explorer.study import BadStudy, new_study, read_study
from explorer.study_edit import set_source, set_topics
from sources import connector
from sources.connector import Caps, Health, Page
from tests.conftest import ROOT
from tests.test_app import open_page, text


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERSAID_STUDIES", str(tmp_path / "kept"))
    monkeypatch.setenv("UNDERSAID_STUDY", str(new_study(tmp_path / "first", name="The first").path))
    return tmp_path / "kept"


def made(kept: Path) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=90)
    make(kept, "Chimneys", geo="FR", languages=["en"], topics=["chimney sweeping", "the price of wood"])
    app.query_params["lang"] = "EN"
    app.query_params["study"] = "chimneys"
    app.run()
    return app.switch_page(str(ROOT / "explorer" / "app_pages" / "data.py")).run()


def button(app: AppTest, label: str) -> Button:
    return next(b for b in app.button if b.label == label)


def test_a_study_is_made_from_typed_topics(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("data", None, monkeypatch)
    app.text_input(key="new_name").set_value("Heat at home")
    app.text_area(key="new_topics").set_value("heat pump noise\n\nsolar panel price\n")
    button(app, "Make the study").click().run()
    assert not app.exception
    study = read_study(kept / "heat-at-home")
    assert [(t.id, t.search) for t in study.topics] == [
        ("heat-pump-noise", ("heat pump noise",)),
        ("solar-panel-price", ("solar panel price",)),
    ]
    assert study.topics[0].social == '"heat" AND "pump" AND "noise"'
    assert app.query_params["study"] in ("heat-at-home", ["heat-at-home"]), "the link opens the same study again"
    assert "Heat at home" in text(app)


def test_a_study_without_a_name_and_one_that_exists_are_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(kept, "Twice")
    app = open_page("data", None, monkeypatch)
    button(app, "Make the study").click().run()
    assert "no name" in app.error[0].value
    app.text_input(key="new_name").set_value("twice")
    button(app, "Make the study").click().run()
    assert "already" in app.error[0].value
    assert len(listed(kept)) == 1


def test_topics_are_changed_added_and_taken_out(kept: Path) -> None:
    app = made(kept)
    field = next(t for t in app.text_input if t.label == "Posts speak of it where they hold")
    field.set_value("chimney AND (")
    button(app, "Save the topics").click().run()
    assert "cannot be read" in app.error[0].value
    assert read_study(kept / "chimneys").topics[0].social == '"chimney" AND "sweeping"', "a bad query spoils nothing"
    field = next(t for t in app.text_input if t.label == "Posts speak of it where they hold")
    field.set_value("sweep* OR soot")
    next(t for t in app.text_input if t.label == "People search for").set_value("chimney sweep, chimney cleaning")
    next(c for c in reversed(app.checkbox) if c.label == "Take this topic out").set_value(True)
    app.text_area(key="more_topics").set_value("wood pellets")
    button(app, "Save the topics").click().run()
    assert not app.exception
    topics = read_study(kept / "chimneys").topics
    assert [t.id for t in topics] == ["chimney-sweeping", "wood-pellets"]
    assert topics[0].search == ("chimney sweep", "chimney cleaning")
    assert topics[0].social == "sweep* OR soot"


class Diary:
    """A source that gives two posts for every query, and none of its options matter."""

    name = "diary"
    caps = Caps(
        title="Diary", gives="posts", tables=("posts",), limits="none", terms="none",
        options={"places": "list of places", "loud": "true: shout", "most": "number of posts", "mood": "in a word"},
    )  # fmt: skip

    def __init__(self, options: object, wire: object) -> None:
        self.options = options

    def check(self) -> Health:
        return Health(works=True)

    def posts(self, query: object, window: object, state: object) -> Iterator[Page]:
        text = query.text  # type: ignore[attr-defined]
        rows = pd.DataFrame(
            {
                "platform": "diary", "id": [f"{text}-{n}" for n in range(2)], "kind": "post", "text": text,
                "created_at": datetime(2026, 6, 1, tzinfo=UTC), "time_quality": "ok", "query": text, "author": ["a", "b"],
            }
        )  # fmt: skip
        yield Page({"posts": rows}, complete=True)


def test_sources_are_connected_and_fetched(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "connectors", lambda: {"diary": Diary})
    monkeypatch.setattr("explorer.collecting.connectors", lambda: {"diary": Diary})
    monkeypatch.setattr("explorer.ui.connecting.connectors", lambda: {"diary": Diary})
    app = made(kept)
    app.multiselect(key=f"sources_{kept / 'chimneys' / 'study.toml'}").set_value(["diary"]).run()
    app.text_input(key="diary_places").set_value("Paris, Lyon").run()
    app.checkbox(key="diary_loud").set_value(True).run()
    app.number_input(key="diary_most").set_value(7).run()
    button(app, "Save the sources").click().run()
    assert not app.exception
    study = read_study(kept / "chimneys")
    assert study.sources == {"diary": {"places": ["Paris", "Lyon"], "loud": True, "most": 7}}
    assert "Save the sources" not in [b.label for b in app.button], "what is written need not be written again"
    button(app, "Fetch now").click().run()
    assert not app.exception
    assert "4 rows" in text(app)
    assert study.store.batches("posts")["rows"].sum() == 4
    assert "lawful" in text(app), "posts without a basis are said to lack one"


def test_a_deleted_study_is_gone_and_the_first_one_is_back(kept: Path) -> None:
    app = made(kept)
    button(app, "Delete for good").click().run()
    assert not app.exception
    assert listed(kept) == []
    assert not (kept / "chimneys").exists()
    assert "The first" in text(app)


def test_nothing_outside_the_folder_of_studies_is_deleted(kept: Path, tmp_path: Path) -> None:
    outside = new_study(tmp_path / "outside", name="outside")
    kept.mkdir()
    (kept / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(BadStudy, match="by hand"):
        delete(outside, kept)
    with pytest.raises(BadStudy, match="by hand"):
        delete(read_study(kept / "link"), kept)
    assert outside.path.exists()


def test_the_file_keeps_its_comments_whatever_is_changed(tmp_path: Path) -> None:
    study = new_study(tmp_path / "s", name="s")
    study.path.write_text(
        '# first\n[study]\nname = "s" # why\n\n[[topics]]\nid = "a" # the letter\nlabel = "A"\nlabel_fr = "Ah"\n'
        'search = ["a"]\nsocial = "a"\n\n[[topics]]\nid = "b"\nlabel = "B"\nsearch = ["b"]\nsocial = "b"\n',
        encoding="utf-8",
    )
    study = read_study(study.path)
    study = set_topics(study, [study.topic("b"), study.topic("a")])
    study = set_source(study, "gdelt", {"country": "france"})
    study = set_source(study, "gdelt", None)
    study = set_source(study, "hackernews", {})
    assert [t.id for t in study.topics] == ["b", "a"]
    assert study.topic("a").labels == {"fr": "Ah"}
    assert study.sources == {"hackernews": {}}
    for comment in ("# first", "# why", "# the letter"):
        assert comment in study.path.read_text(encoding="utf-8")
