"""Forgotten is forgotten: in the tables, their history and the raw answers, after every import, and when the source deletes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from explorer.collecting import collect_study
from explorer.importing import import_file
from explorer.study import BadStudy, read_study
from explorer.study_edit import note_terms
from sources.archive import Archive
from sources.connector import Health
from sources.deletions import forget_deleted
from sources.errors import BadFile, BadQuery, Throttled, Unavailable
from sources.forgetting import forget_author, forget_posts, forget_urls
from sources.privacy import author_key, load_secret, mention_keys
from sources.store import Store
from sources.tombstones import FILE, Tombstones, address
from tests.faults import FakeClock, Forum, ForumServer, Server, a_clock, a_server, fenced, utc  # noqa: F401
from tests.test_cli import run

SECRET = bytes(range(32))
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def posts(n: int, platform: str = "x", **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "platform": platform,
            "id": [f"id-{i}" for i in range(n)],
            "url": [f"https://x.com/i/status/{1000 + i}" for i in range(n)],
            "kind": "post",
            "created_at": pd.to_datetime(["2026-01-01"] * n, utc=True),
            "time_quality": "ok",
            "query": "q",
            "text": [f"words-of-{i}" for i in range(n)],
            "author_key": [author_key(platform, f"writer{i % 3}", SECRET) for i in range(n)],
        }
    )
    return frame.assign(**more)


def everything(folder: Path) -> str:
    """All that is stored, the log and its statistics included, as text."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".parquet":
            found.append(json.dumps(pq.read_table(file).to_pylist(), default=str))
        elif file.suffix == ".gz":
            found.append(gzip.decompress(file.read_bytes()).decode())
        elif file.is_file():
            found.append(file.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(found)


def test_an_author_is_forgotten_in_tables_history_and_answers_and_stays_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for batch in range(3):  # the same posts met three times, as three versions of the table
        store.append("posts", posts(9), source="s", batch_id=f"b{batch}", now=NOW)
    archive = Archive(tmp_path)
    archive.keep("s", b'{"author": "Writer1", "text": "words-of-1"}', now=NOW)
    kept = archive.keep("s", b'{"author": "writer10", "text": "words-of-8"}', now=NOW)
    done = forget_author(store, "x", "@Writer1", secret=SECRET)
    assert (done.posts, done.rows, done.answers) == (3, 9, 1)
    assert archive.names() == [kept]
    left = everything(tmp_path)
    for i in range(9):
        assert (f"words-of-{i}" in left) == (i % 3 != 1), i
        assert (f'"id-{i}"' in left) == (i % 3 != 1), i
    assert author_key("x", "writer1", SECRET) not in left
    for batch, names in enumerate(
        (["Writer1"], ["writer1", "writer2"], ["writer0", "writer1", "writer2"], ["writer2"])
    ):
        named = mention_keys(pd.Series(["x"]), [names], SECRET)
        one = posts(1).assign(mentions=named, id=f"n{batch}")
        store.append("posts", one, source="s", batch_id=f"named{batch}", now=NOW)
    keys = [author_key("x", f"writer{i}", SECRET) for i in range(3)]
    assert keys[1] not in everything(tmp_path), "named again by others, an account forgotten before is not stored"
    assert forget_author(store, "x", "writer2", secret=SECRET).posts == 3
    assert keys[2] not in everything(tmp_path)
    rows = [r for r in store.read("posts").to_pylist() if r["id"].startswith("n")]
    left = {r["id"]: r["mentions"] for r in rows}
    assert left == {"n0": None, "n1": "[]", "n2": json.dumps([keys[0]]), "n3": "[]"}
    store.append("posts", posts(12), source="other tool", batch_id="again", now=NOW)
    assert set(store.read("posts").to_pandas()["id"]) == {f"id-{i}" for i in range(12) if i % 3 == 0} | {
        f"n{i}" for i in range(4)
    }


@pytest.mark.parametrize("url", ["https://twitter.com/writer1/status/1001?s=20", "http://www.x.com/i/status/1001/"])
def test_an_address_is_forgotten_however_it_is_written(url: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("posts", posts(3), source="s", batch_id="b", now=NOW)
    assert forget_urls(store, [url]).posts == 1
    store.append("posts", posts(3, id=["n0", "n1", "n2"]), source="other", batch_id="c", now=NOW)
    assert sorted(store.read("posts").to_pandas()["id"]) == ["id-0", "id-2", "n0", "n2"]


def test_what_was_never_stored_can_be_forgotten_in_advance(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert forget_author(store, "x", "writer0", secret=SECRET).posts == 0
    store.append("posts", posts(3), source="s", batch_id="b", now=NOW)
    assert sorted(store.read("posts").to_pandas()["id"]) == ["id-1", "id-2"]
    assert store.append("posts", posts(1), source="s", batch_id="only him", now=NOW).rows == 0


def test_a_batch_stays_known_after_forgetting(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("posts", posts(3), source="s", batch_id="b", now=NOW)
    forget_posts(store, [("x", "id-1")])
    assert store.append("posts", posts(3), source="s", batch_id="b", now=NOW).already
    assert len(store.read("posts")) == 2


def test_ids_with_quotes_are_ids(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("posts", posts(2, id=["a'b", "x' OR '1'='1"]), source="s", batch_id="b", now=NOW)
    assert forget_posts(store, [("x", "x' OR '1'='1")]).rows == 1
    assert store.read("posts").to_pandas()["id"].tolist() == ["a'b"]


def test_marks_tell_nothing_and_a_broken_file_stops_rather_than_forgets_to_forget(tmp_path: Path) -> None:
    Tombstones(tmp_path).add(posts=[("x", "id-1")], urls=["https://x.com/i/status/1"], authors=["abc"])
    text = (tmp_path / FILE).read_text()
    assert "id-1" not in text
    assert "status" not in text
    assert len(Tombstones(tmp_path)) == 3
    (tmp_path / FILE).write_text("{")
    with pytest.raises(BadFile, match="restore"):
        Store(tmp_path).append("posts", posts(1), source="s", batch_id="b", now=NOW)


def test_addresses_are_compared_as_they_are_stored() -> None:
    same = [
        "https://twitter.com/marie/status/12?s=1",
        "https://mobile.twitter.com/marie/status/12",
        "https://x.com/i/status/12",
    ]
    assert len({address(u) for u in same}) == 1
    assert address("https://youtube.com/watch?v=a") != address("https://youtube.com/watch?v=b")


@pytest.mark.parametrize("author", ["", "  @ "])
def test_nobody_cannot_be_forgotten(author: str, tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="--author"):
        forget_author(Store(tmp_path), "x", author, secret=SECRET)
    with pytest.raises(BadQuery, match="--url"):
        forget_urls(Store(tmp_path), [" "])


# --- When the source deletes ---------------------------------------------------------------------------------------------


class Shows(Forum):
    """Tells which posts are gone; `faults` are raised first."""

    name = "s"
    caps = Forum.caps.__class__(**{**vars(Forum.caps), "recheck": 4})

    def __init__(self, gone: Sequence[str], *faults: Exception) -> None:
        self.missing, self.faults, self.asked = gone, list(faults), 0

    def gone(self, some: pd.DataFrame) -> Sequence[str]:
        self.asked += 1
        assert len(some) <= 4
        if self.faults:
            raise self.faults.pop(0)
        return [i for i in some["id"] if i in self.missing]


def filled(folder: Path, n: int = 10) -> Store:
    store = Store(folder)
    store.append("posts", posts(n), source="s", batch_id="b", now=NOW)
    return store


def test_posts_that_are_deleted_at_the_source_disappear_here(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path)
    found = forget_deleted(store, [Shows(["id-2", "id-9"])], clock=clock)
    assert [(d.stored, d.looked, d.gone, d.note) for d in found] == [(10, 10, 2, "")]
    assert set(store.read("posts").to_pandas()["id"]) == {f"id-{i}" for i in range(10)} - {"id-2", "id-9"}
    assert "words-of-2" not in everything(tmp_path)
    store.append("posts", posts(10), source="an export of last year", batch_id="old", now=NOW)
    assert len(store.read("posts").to_pandas().drop_duplicates("id")) == 8


def test_a_fault_deletes_nothing_and_what_was_found_before_it_is_forgotten(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path)
    source = Shows(["id-0", "id-9"], Unavailable("down"), Throttled("slow", retry_at=clock.now()))
    found = forget_deleted(store, [source], clock=clock)
    assert (found[0].looked, found[0].gone) == (10, 2), "what passes is waited out"

    class Breaks(Shows):
        def gone(self, some: pd.DataFrame) -> Sequence[str]:
            if self.asked:
                raise KeyError("renamed")
            return super().gone(some)

    store = filled(tmp_path / "other")
    found = forget_deleted(store, [Breaks(["id-0", "id-9"])], clock=clock)
    assert (found[0].looked, found[0].gone) == (4, 1)
    assert "KeyError" in found[0].note
    assert "id-9" in set(store.read("posts").to_pandas()["id"])


def test_a_source_that_says_that_everything_is_gone_is_not_believed(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path, 30)
    everyone = [f"id-{i}" for i in range(30)]
    found = forget_deleted(store, [Shows(everyone)], clock=clock)
    assert (found[0].gone, len(store.read("posts"))) == (0, 30)
    assert "30 of 30" in found[0].note
    assert forget_deleted(store, [Shows(everyone)], clock=clock, certain=True)[0].gone == 30
    assert len(store.read("posts")) == 0


def test_a_source_without_its_key_or_without_the_means_says_so(tmp_path: Path, clock: FakeClock) -> None:
    store = filled(tmp_path)

    class Closed(Shows):
        def check(self) -> Health:
            return Health(False, "the key is missing")

    assert forget_deleted(store, [Closed([])], clock=clock)[0].note == "the key is missing"

    class Blind(Forum):
        name = "s"

        def __init__(self) -> None:
            return

    assert "cannot tell" in forget_deleted(store, [Blind()], clock=clock)[0].note


# --- The study and the command line --------------------------------------------------------------------------------------


def a_study(folder: Path, head: str = "", sources: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "study.toml"
    topic = '[[topics]]\nid = "noise"\nsearch = ["noise"]\nsocial = "bruit"\n'
    file.write_text(
        f'# mine\n[study]\nname = "s"\nstart = 2026-01-01\nend = 2026-01-31\n{head}\n{topic}\n{sources}', "utf-8"
    )
    return file


def test_terms_and_lawful_basis_stand_in_the_study_file(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    forum = ForumServer(server)
    monkeypatch.setattr("sources.connector.connectors", lambda: {"forum": Forum})
    monkeypatch.setattr("explorer.collecting.connectors", lambda: {"forum": Forum})
    file = a_study(tmp_path, sources=f'[sources.forum]\nurl = "{forum.server.url}"\n')
    report = collect_study(read_study(file), now=utc(2026, 3, 4, 12))
    assert any("lawful_basis" in n for n in report.notes)
    study = read_study(file)
    assert study.terms == {"forum": "2026-03-04: none"}
    assert file.read_text("utf-8").startswith("# mine"), "comments are kept"
    assert note_terms(study, {"forum": "2027-01-01: changed"}).terms == study.terms, "what held then is what matters"
    names = Archive(study.store.root).names("forum")
    assert names
    a_study(
        tmp_path,
        'lawful_basis = "legitimate interest"\nkeep_raw_days = 0',
        f'[sources.forum]\nurl = "{forum.server.url}"\n',
    )
    report = collect_study(read_study(file), now=utc(2026, 3, 6, 12))
    assert not any("lawful_basis" in n for n in report.notes)


@pytest.mark.parametrize("value", ["-1", '"ten"', "true", "1.5"])
def test_a_time_to_keep_answers_that_is_none_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(BadStudy, match="keep_raw_days"):
        read_study(a_study(tmp_path, f"keep_raw_days = {value}"))


def test_forgetting_from_the_command_line_survives_a_second_import(tmp_path: Path) -> None:
    file = a_study(tmp_path / "s")
    export = tmp_path / "posts.csv"
    rows = "".join(f"2026-01-0{i + 1},writer{i % 2},bruit {i},x,https://x.com/w/status/10{i}\n" for i in range(6))
    export.write_text("date,author,text,platform,url\n" + rows, "utf-8")
    import_file(read_study(file), export, now=NOW)
    before = read_study(file).store.read("posts").to_pandas()
    assert len(before) == 6
    platform = before["platform"][0]
    key = author_key(platform, "writer1", load_secret())
    assert (before["author_key"] == key).sum() == 3
    done = run(
        "forget", "--study", "s", "--author", "writer1", "--platform", platform, "--format", "json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["posts"] == 3
    export.write_text(export.read_text("utf-8") + "2026-01-09,writer1,bruit 9,x,https://x.com/w/status/200\n", "utf-8")
    import_file(read_study(file), export, now=NOW)
    after = read_study(file).store.read("posts").to_pandas()
    assert key not in set(after["author_key"])
    wrong = run("forget", "--study", "s", cwd=tmp_path)
    assert wrong.returncode == 1
    assert "--deleted" in wrong.stderr
