"""A study in one file and back: what is stored at one instant, with a checksum of every file, whoever writes meanwhile."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sources.errors import BadFile, Unavailable
from sources.store import Store
from sources.tables import TABLES

MANIFEST = "MANIFEST.sha256.json"
#: Beginnings made anew when a file of the snapshot was erased meanwhile (`undersaid forget`).
_TRIES = 3
_LOCKS = (".lock",)


@dataclass(frozen=True)
class Saved:
    """What a backup holds or a restore brought back: `files`, their `bytes`, the `version` of the store's tables."""

    path: Path
    files: int
    bytes: int
    version: str


def backup(folder: Path, file: Path) -> Saved:
    """Write the study in `folder` to `file`, a compressed tar archive that only its owner may read.

    Every table is saved as it was at one instant: collectors may go on writing. Files that the tables no longer use, locks and
    links are left out. The key of the pseudonyms lies outside the study and is not part of it (docs/privacy.md).

    Raises
    ------
    BadFile : there is no study in the folder. Unavailable : the file is there already or cannot be written.
    """
    folder, file = Path(folder), Path(file)
    if not (folder / "study.toml").is_file():
        raise BadFile("there is no study.toml", str(folder), "name the folder of a study")
    if file.exists():
        raise Unavailable("the file is there already", str(file), "choose another name, or move it away")
    for attempt in range(_TRIES):
        try:
            return _archive(folder, file)
        except FileNotFoundError as error:
            if attempt + 1 == _TRIES:
                what = f"files went away while they were saved ({error.filename})"
                raise Unavailable(what, str(folder), "try again when nothing is being erased") from error
        except OSError as error:
            remedy = "choose a place with room that may be written"
            raise Unavailable(f"the backup cannot be written ({error})", str(file), remedy) from error
    raise AssertionError  # the last try returns or raises


def restore(file: Path, folder: Path) -> Saved:
    """Bring the study in `file` back into `folder`, all of it or nothing.

    Raises
    ------
    BadFile : not a backup, a checksum that does not fit, or a name, link or device that does not belong into one.
    Unavailable : the folder holds something already, or cannot be written.
    """
    file, folder = Path(file), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Unavailable("there is something already", str(folder), "choose a folder that is empty or not there")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".undersaid-restore-", dir=folder.parent) as waiting:
            place = Path(waiting) / "study"
            place.mkdir()
            try:
                with tarfile.open(file, "r:*") as archive:
                    for member in archive:
                        _check(member, file)
                        archive.extract(member, place, filter="data")
            except (tarfile.TarError, EOFError, ValueError, zlib.error) as error:
                raise BadFile(f"not a whole backup ({error})", str(file), "take another copy of it") from error
            saved = _verified(place, file, folder)
            (place / MANIFEST).unlink()
            if folder.exists():
                folder.rmdir()
            place.rename(folder)
            return saved
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not file.exists():
            raise BadFile("there is no such file", str(file), "name a file made by 'undersaid backup'") from error
        remedy = "choose a place with room that may be written"
        raise Unavailable(f"the study cannot be restored ({error})", str(folder), remedy) from error


def _archive(folder: Path, file: Path) -> Saved:
    store = Store(folder / "store")
    sums: dict[str, str] = {}
    size = 0
    # Under another name until it is whole: what looks like a backup is one.
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:  # noqa: PTH123
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
                version, paths = store.version(), [*store.snapshot(), *_beside(folder)]
                for path in paths:
                    name = path.relative_to(folder).as_posix()
                    data = path.read_bytes()
                    sums[name] = hashlib.sha256(data).hexdigest()
                    size += len(data)
                    _add(archive, name, data, path.stat().st_mtime)
                manifest = json.dumps({"version": version, "sha256": sums}, indent=1).encode()
                _add(archive, MANIFEST, manifest, file.parent.stat().st_mtime)
            raw.flush()
            os.fsync(raw.fileno())
        try:
            os.link(part, file)  # unlike a rename, never over a file that came meanwhile
        except (PermissionError, NotImplementedError):  # a disk without hard links
            part.rename(file)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return Saved(file, len(sums), size, version)


def _add(archive: tarfile.TarFile, name: str, data: bytes, when: float) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), int(when), 0o600
    archive.addfile(info, io.BytesIO(data))


def _beside(folder: Path) -> Iterator[Path]:
    """Everything of the study that is no table of the store."""
    tables = {folder / "store" / table for table in TABLES}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix in _LOCKS or path.name.endswith(".part"):
            continue
        if not tables & set(path.parents):
            yield path


def _check(member: tarfile.TarInfo, file: Path) -> None:
    parts = Path(member.name).parts
    if not (member.isfile() or member.isdir()) or ".." in parts or Path(member.name).is_absolute():
        raise BadFile(f"{member.name!r} does not belong into a backup", str(file), "do not use this file")


def _verified(place: Path, file: Path, folder: Path) -> Saved:
    remedy = "take another copy of it"
    try:
        told = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        sums, version = dict(told["sha256"]), str(told["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadFile("it holds no list of checksums: not a backup, or not all of it", str(file), remedy) from error
    here = {p.relative_to(place).as_posix(): p for p in place.rglob("*") if p.is_file()}
    del here[MANIFEST]
    if set(here) != set(sums):
        odd = sorted(set(here) ^ set(sums))[0]
        raise BadFile(f"{odd!r} stands in the archive or in its list of checksums, not in both", str(file), remedy)
    size = 0
    for name, path in here.items():
        data = path.read_bytes()
        size += len(data)
        if hashlib.sha256(data).hexdigest() != sums[name]:
            raise BadFile(f"{name!r} is not what was saved: its checksum does not fit", str(file), remedy)
    return Saved(folder, len(here), size, version)
