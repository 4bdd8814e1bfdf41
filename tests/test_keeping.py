"""The store under fire: several writers and readers, full disks, clocks that jump, compaction, backup and restore."""

from __future__ import annotations

import errno
import io
import json
import multiprocessing
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from explorer.tallies import Tallies
from sources import backup as saving
from sources import store as storing
from sources.errors import BadFile, Unavailable
from sources.store import Store
from tests.writers import NOW, ROWS, collector, full, put, reader

#: Seconds that a dozen processes may take on a machine that does other things too.
PATIENCE = 240


@pytest.fixture(scope="module")
def others() -> Any:
    """Processes that have not used Delta yet: a fork of this one could not."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.writers"])
    return context


def test_two_collectors_and_ten_readers_at_once_lose_nothing_and_see_no_half_batch(tmp_path: Path, others: Any) -> None:
    put(Store(tmp_path), "first")
    said = others.Queue()
    jobs = [others.Process(target=collector, args=(tmp_path, n, 6, said)) for n in ("a", "b")]
    jobs += [others.Process(target=reader, args=(tmp_path, said)) for _ in range(10)]
    for job in jobs:
        job.start()
    told = [said.get(timeout=PATIENCE) for _ in jobs]
    for job in jobs:
        job.join(PATIENCE)
    assert all(job.exitcode == 0 for job in jobs)
    assert sum(half for what, half, _ in told if what == "read") == 0
    # Both collectors bring the same four batches; each is stored once, whoever comes first.
    assert sum(stored for what, stored, _ in told if what == "wrote") == 12 + 4
    sizes = Store(tmp_path).batches("counts").groupby("batch_id")["rows"].sum()
    assert len(sizes) == 1 + 12 + 4
    assert (sizes == ROWS).all()


def test_the_transaction_that_bears_the_batch_keeps_a_second_collector_out(tmp_path: Path, monkeypatch: Any) -> None:
    store = Store(tmp_path)
    put(store, "b")
    # As if both had looked before either wrote.
    looked = iter([False])
    monkeypatch.setattr(
        Store,
        "_has_batch",
        lambda self, table, app, _kept=Store._has_batch: next(looked, None) or _kept(self, table, app),
    )
    assert put(store, "b").already
    assert len(store.read("counts")) == ROWS


def test_compaction_leaves_what_a_reader_holds_until_it_has_been_held_long_enough(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for i in range(12):
        put(store, f"b{i}")
    held = store.files("counts")
    rows = store.read("counts").num_rows
    assert store.compact("counts") == (12, 1)
    assert pq.ParquetDataset(held).read().num_rows == rows == store.read("counts").num_rows
    assert put(store, "b3").already
    assert store.compact("counts", hold=timedelta(0)) == (1, 1)
    assert not any(Path(file).exists() for file in held)
    assert store.read("counts").num_rows == rows
    assert store.compact("posts") == (0, 0)


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path: Path, others: Any) -> None:
    store = Store(tmp_path)
    put(store, "first")

    said = others.Queue()
    job = others.Process(target=full, args=(tmp_path, said))
    job.start()
    assert "check that the disk has room" in said.get(timeout=PATIENCE)
    job.join(PATIENCE)
    assert store.batches("counts")["batch_id"].tolist() == ["first"]
    assert not put(store, "large").already
    assert store.read("counts").num_rows == 2 * ROWS


def test_a_disk_that_may_not_be_written_can_still_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    put(store, "first")

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(storing, "write_deltalake", refused)
    with pytest.raises(Unavailable, match="Read-only file system"):
        put(store, "second")
    assert len(Tallies(store).counts()) == ROWS


def test_a_clock_that_jumps_loses_no_batch_and_a_repeat_stays_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, "a")
    put(store, "ahead", now=NOW + timedelta(days=4000))
    put(store, "back", now=NOW - timedelta(days=4000))
    assert put(store, "ahead", now=NOW).already
    assert set(store.batches("counts")["batch_id"]) == {"a", "ahead", "back"}
    store.compact("counts")
    assert len(Tallies(store).counts()) == 3 * ROWS


def study(folder: Path) -> Path:
    folder.mkdir()
    (folder / "study.toml").write_text('[study]\nname = "t"\n', encoding="utf-8")
    (folder / "pages").mkdir()
    (folder / "pages" / "faq.csv").write_text("title,text\na,b\n", encoding="utf-8")
    for i in range(3):
        put(Store(folder / "store"), f"b{i}")
    return folder


def test_a_study_comes_back_as_it_was_saved_whatever_was_written_since(tmp_path: Path) -> None:
    folder, file = study(tmp_path / "study"), tmp_path / "study.tar.gz"
    store = Store(folder / "store")
    store.compact("counts", hold=timedelta(0))
    saved = saving.backup(folder, file)
    before = store.read("counts").to_pandas().sort_values(["query", "period"], ignore_index=True)
    put(store, "later")
    assert file.stat().st_mode & 0o077 == 0
    back = saving.restore(file, tmp_path / "again")
    assert (back.files, back.bytes, back.version) == (saved.files, saved.bytes, saved.version)
    again = Store(tmp_path / "again" / "store")
    assert again.version() == saved.version
    pd.testing.assert_frame_equal(
        again.read("counts").to_pandas().sort_values(["query", "period"], ignore_index=True), before
    )
    assert (tmp_path / "again" / "pages" / "faq.csv").read_text() == "title,text\na,b\n"
    assert not put(again, "later").already
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "study", "study.tar.gz"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    folder, file = study(tmp_path / "study"), tmp_path / "study.tar.gz"
    saving.backup(folder, file)
    with pytest.raises(Unavailable, match="there already"):
        saving.backup(folder, file)
    with pytest.raises(Unavailable, match="something already"):
        saving.restore(file, folder)
    with pytest.raises(BadFile, match=r"no study\.toml"):
        saving.backup(tmp_path, tmp_path / "other.tar.gz")
    with pytest.raises(BadFile, match="no such file"):
        saving.restore(tmp_path / "nothing.tar.gz", tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("../outside.txt", tarfile.REGTYPE, "does not belong"),
        ("/tmp/outside.txt", tarfile.REGTYPE, "does not belong"),
        ("store/link", tarfile.SYMTYPE, "does not belong"),
        ("store/hard", tarfile.LNKTYPE, "does not belong"),
        ("store/device", tarfile.CHRTYPE, "does not belong"),
        ("beside.txt", tarfile.REGTYPE, "not in both"),
        ("study.toml", tarfile.REGTYPE, "checksum does not fit"),
    ],
)
def test_an_archive_that_was_tampered_with_brings_nothing_back(
    tmp_path: Path, name: str, kind: bytes, said: str
) -> None:
    folder, file = study(tmp_path / "study"), tmp_path / "study.tar.gz"
    saving.backup(folder, file)
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(file) as old, tarfile.open(bad, "w:gz") as new:
        for member in old:
            if member.name != name:
                new.addfile(member, old.extractfile(member))
        planted = tarfile.TarInfo(name)
        planted.type, planted.linkname, planted.size = kind, "/etc/passwd", 4 if kind == tarfile.REGTYPE else 0
        new.addfile(planted, io.BytesIO(b"evil"))
    with pytest.raises(BadFile, match=said):
        saving.restore(bad, tmp_path / "again")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.tar.gz", "study", "study.tar.gz"]


def test_half_an_archive_or_one_without_checksums_is_refused(tmp_path: Path) -> None:
    folder, file = study(tmp_path / "study"), tmp_path / "study.tar.gz"
    saving.backup(folder, file)
    half = tmp_path / "half.tar.gz"
    half.write_bytes(file.read_bytes()[:-600])
    with pytest.raises(BadFile, match="take another copy"):
        saving.restore(half, tmp_path / "again")
    bare = tmp_path / "bare.tar"
    with tarfile.open(bare, "w") as new:
        new.addfile(tarfile.TarInfo("study.toml"), io.BytesIO())
    with pytest.raises(BadFile, match="no list of checksums"):
        saving.restore(bare, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    with tarfile.open(file) as archive:
        manifest = json.load(archive.extractfile(saving.MANIFEST))  # type: ignore[arg-type]
        assert len(manifest["sha256"]) == len(archive.getnames()) - 1
