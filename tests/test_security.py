"""What strangers wrote stays text wherever it is shown, nothing of it is run, and the doors that are shut stay shut."""

from __future__ import annotations

import ast
import html
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from explorer import telling, voice_views
from explorer.importing import import_bytes
from explorer.proposals import slug
from explorer.study import Study, new_study
from explorer.ui import exports
from explorer.ui.text import PageWords, plain
from explorer.words import Words
from sources.exports import Mapping
from tests.audit import told
from tests.conftest import ROOT
from tests.test_app import open_page

NOW = datetime(2026, 7, 1, tzinfo=UTC)
#: A link, a picture that would be fetched, an icon, a colour, a formula, a heading and a tag.
EVIL = "[go](https://evil.test) ![p](https://evil.test/p) :material/bug: :red[r] $x$ <b>b</b>"
#: What of it would be obeyed if it came through as it is.
OBEYED = re.compile(r"(?<!\\)\[go\](?!\\)\(|(?<!\\)!\[p|(?<!\\):material/bug|(?<!\\):red\[|(?<!\\)\$x|(?<!\\)<b>")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study whose name, topics, searches, posts, authors and networks were all written by somebody who means harm."""
    days = pd.date_range("2025-01-05", periods=60, freq="W-SUN")
    study = new_study(tmp_path_factory.mktemp("hostile") / "study", name=f"S {EVIL}")
    names = [f"noise {EVIL}", f"price {EVIL}"]
    search = pd.DataFrame({"date": days, **{n: [50 + (i * k) % 7 for i in range(60)] for k, n in enumerate(names, 2)}})
    posts = pd.DataFrame(
        [
            {"id": f"{i}-{k}-{who}", "date": day, "text": f"about {name} from {who} number {i}", "author": f"{who} {EVIL}",
             "query": name, "url": f"https://a.org/{i}/{k}/{who}", "platform": f"net {EVIL}"}
            for i, day in enumerate(days) for k, name in enumerate(names) for who in ("anna", "ben", "cleo")[: 1 + (i + k) % 3]
        ]
    )  # fmt: skip
    for name, table, kind in ((f"{EVIL}.csv", search, "interest"), ("posts.csv", posts, "posts")):
        content = table.to_csv(index=False, date_format="%Y-%m-%d").encode()
        study = import_bytes(study, name, content, mapping=Mapping(kind=kind), now=NOW).study
    return study


@pytest.mark.parametrize("page", ["gaps", "topic", "needs", "voices", "plan", "alerts", "data"])
def test_no_page_obeys_what_others_wrote(page: str, hostile: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(page, hostile, monkeypatch)
    assert not app.exception, "nor falls over what it does not tell: no tone, no language"
    shown = list(markdown(app._tree))
    assert any("evil" in text for text in shown), "the names of the study are on the page"
    assert [text for text in shown if OBEYED.search(text)] == []


@pytest.mark.parametrize(
    "name", ["l'électricité", "A & B", "A &lt; B", "50 %", "C++", "snake_case_name", "« guillemets »", "*a* `b` 1. #x"]
)
def test_an_ordinary_name_reads_exactly_as_it_is(name: str) -> None:
    assert "\u2060" not in plain(name)
    shown = MarkdownIt().renderInline(plain(name))
    assert html.unescape(shown) == name
    assert not re.search("<[a-z]", shown)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.test",
        "WWW.a.test",
        "me@evil.test",
        ":material/bug:",
        ":streamlit:",
        ":+1:",
        "a -> b",
        "a <- b",
        "a >= b",
        "a -- b",
    ],
)
def test_what_streamlit_looks_for_after_markdown_is_not_found(text: str) -> None:
    shown = html.unescape(MarkdownIt().renderInline(plain(text)))
    assert shown.replace("\u2060", "") == text, "nothing but a sign without width comes in"
    assert not re.search(r"https?://|www\.|@evil|:material/|:streamlit:|:\+1:|->|<-|>=|--", shown, re.IGNORECASE)


def test_a_refused_upload_shows_its_name_letter_by_letter(hostile: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("data", hostile, monkeypatch)
    app.file_uploader(key="files").upload(f"{EVIL}.csv".replace("/", "_"), b"%PDF-1.7", "text/csv").run()
    assert "PDF" in app.error[0].value
    assert not OBEYED.search(app.error[0].value)


def markdown(node: Any) -> Iterator[str]:
    """Every text of a page that Streamlit reads as Markdown: bodies, labels and hints."""
    inside = getattr(node, "proto", None)
    for _ in range(2):  # a block carries the one that it stands for
        if inside is None:
            break
        for field, value in inside.ListFields():
            if inside.DESCRIPTOR.name == "Text":  # shown as it is
                continue
            if isinstance(value, str) and field.name in ("body", "label", "help", "caption", "title"):
                yield value
            elif field.name in ("options",) and field.message_type is not None and field.is_repeated:
                yield from (str(getattr(option, "content", "")) for option in value)
        inner = [v for f, v in inside.ListFields() if f.message_type is not None and not f.is_repeated]
        inside = inner[0] if inner else None
    children = getattr(node, "children", {})
    for child in children.values() if isinstance(children, dict) else children:
        yield from markdown(child)


def test_posts_without_language_and_without_tone_are_no_fault_of_a_page() -> None:
    silent = pd.DataFrame({"lang": [float("nan")] * 2, "text": ["a", "b"]})
    read = telling._by_language(silent, lambda texts, lang: pd.DataFrame({"text": texts, "lang": lang}))
    assert read["text"].tolist() == ["a", "b"]
    assert voice_views.consensus_table(SimpleNamespace(consensus=pd.DataFrame()), Words("en")).empty


def test_nothing_is_read_by_running_it() -> None:
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib.load", "yaml"}
    calls = {"eval", "exec", "read_pickle", "load_pickle", "popen"}
    found = []
    for file in (f for room in ("sources", "explorer", "forecasting") for f in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "id", getattr(called, "attr", ""))
            shell = isinstance(node, ast.keyword) and node.arg == "shell"
            if forbidden & set(names) or name in calls or shell:
                found.append(f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    assert found == []


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.csv", "/etc/passwd", "..\\..\\x.csv", "a\n.csv", "..", "."])
def test_the_name_of_an_upload_leads_nowhere(name: str, tmp_path: Path) -> None:
    study = new_study(tmp_path / "house" / "study", name="s")
    content = b"date,noise,price\n" + b"".join(b"2024-01-%02d,3,4\n" % d for d in range(1, 29))
    import_bytes(study, name, content, mapping=Mapping(kind="counts"), now=NOW)
    assert [p.name for p in tmp_path.iterdir()] == ["house"]
    assert [p.name for p in (tmp_path / "house").iterdir()] == ["study"]


@pytest.mark.parametrize("name", ["../../x", "/etc", "..", "a/b", "CON", "\0x", "x" * 400])
def test_the_name_of_a_study_is_one_plain_folder(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", slug(name)), slug(name)


def test_the_servers_own_protection_is_not_switched_off() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["maxUploadSize"] == 500
    assert settings["server"]["enableStaticServing"] is False
    assert not {"enableXsrfProtection", "enableCORS", "enableWebsocketCompression"} & settings["server"].keys()
    sources = [f.read_text(encoding="utf-8") for f in (ROOT / "explorer").rglob("*.py")]
    assert not any("unsafe_allow_html" in text for text in sources)


def test_an_audit_that_could_not_look_everything_up_has_not_passed() -> None:
    sound = {"name": "a", "version": "1", "vulns": []}
    weak = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    unknown = {"name": "c", "skip_reason": "not found"}
    assert told({"dependencies": [sound]}, "pypi")[1] == 0
    assert told({"dependencies": [sound, weak, unknown]}, "pypi") == (
        [
            "b 2: CVE-1, mended in 3",
            "pypi: 2 versions looked up, 1 vulnerabilities known.",
            (
                "NOT AUDITED: 1 versions could not be looked up, such as c. "
                "Run this where the vulnerability service can be reached."
            ),
        ],
        1,
    )
    assert told({"dependencies": [sound, unknown]}, "pypi")[1] == 2
    assert told({}, "osv", "no connection")[1] == 2
    assert "no connection" in told(json.loads("{}"), "osv", "no connection")[0][-1]


def test_files_that_a_page_offers_hold_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(exports, "gaps_files", lambda answer, words, now: given.append(words) or {})
    monkeypatch.setattr(exports, "gaps_provenance", lambda *_: SimpleNamespace(command="undersaid gaps"))
    monkeypatch.setattr(exports, "offer", lambda *_: None)
    exports.export_gaps(SimpleNamespace(), PageWords("fr"))  # type: ignore[arg-type]
    assert given[0]("{label}", label="snake_case") == "snake_case"
    assert PageWords("fr")("{label}", label="snake_case") == "snake\\_case"
